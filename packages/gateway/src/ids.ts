import { randomBytes, randomUUID } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** 22 characters of `A-Za-z0-9`, about 130 unguessable bits: fit for Call-ID, tag and stanza id. */
export function newId(): string {
  let id = '';
  for (const byte of randomBytes(22)) id += ALPHABET[byte % ALPHABET.length];
  return id;
}

/** Names one request or stanza in the logs on its whole way (promise 8). */
export function newTrace(): string {
  return randomUUID().slice(0, 13).replace('-', '');
}
