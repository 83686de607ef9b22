import { createHmac } from 'node:crypto';

/** What stands for an address in the log. */
export type Pseudonym = (address: string) => string;

const LENGTH = 16;

/**
 * The first 16 hexadecimal digits of HMAC-SHA256 of the address under `key`, behind a `#`: the same on all workers that share the
 * key, so that one user's lines can be found by who knows it, and by nobody else (SEC-15).
 */
export function keyedPseudonym(key: string): Pseudonym {
  return (address) => `#${createHmac('sha256', key).update(address).digest('hex').slice(0, LENGTH)}`;
}
