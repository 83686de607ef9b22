import { randomFillSync } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 22;
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
