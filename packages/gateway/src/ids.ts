import { createHash, randomFillSync } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 22;
/** 128 bits. */
const TAG_LENGTH = 32;
/** Bytes at or above this would favour the first letters: they are skipped. */
const FAIR = 256 - (256 % ALPHABET.length);

/** Fetched in bulk: asking the system for each id costs more than the rest of a short step. */
const pool = Buffer.alloc(8_192);
let next = pool.length;

/** 22 characters of `A-Za-z0-9`, 130 unguessable bits: fit for Call-ID, tag and stanza id. */
export function newId(): string {
  let id = '';
  while (id.length < LENGTH) {
    if (next === pool.length) {
      randomFillSync(pool);
      next = 0;
    }
    const byte = pool[next] ?? 0;
    next += 1;
    if (byte < FAIR) id += ALPHABET[byte % ALPHABET.length];
  }
  return id;
}

/** Names one request or stanza in the logs on its whole way (promise 8). */
export function newTrace(): string {
  return newId().slice(0, 12);
}

/**
 * Our tag in the dialog that a request of the far side opens. Of one transaction it is the same in every worker: a request that an anchor has given to
 * a second one makes one dialog, whichever of the two answers and whichever commits last (RFC 3261 section 12.1.1). As unguessable as the
 * server's id of the transaction, which is random (drachtio.md section 2.4) and stays inside.
 */
export function tagOf({ server, id }: { readonly server: string; readonly id: string }): string {
  return createHash('sha256').update(`${server}\0${id}`).digest('hex').slice(0, TAG_LENGTH);
}
