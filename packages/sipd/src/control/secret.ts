import { createHash, timingSafeEqual } from 'node:crypto';

const digest = (text: string, encoding: 'latin1' | 'utf8'): Buffer => createHash('sha256').update(text, encoding).digest();

/** Whether a client has given the secret; takes as long whatever it has given. Frames are Latin-1, one character a byte. */
export function isSecret(given: string, secret: string): boolean {
  return timingSafeEqual(digest(given, 'latin1'), digest(secret, 'utf8'));
}
