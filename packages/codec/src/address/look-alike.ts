/** What could make a user take one contact for another (RFC 7247 section 8, UTS 39; requirement SEC-14). */

import type { BareJid } from '@isthmus/model';
import { unescapeLocalpart } from './escape';
import { isMixedScript } from './scripts';

/**
 * Does the name before the at-sign mix scripts? The domain is ours, and no sender can choose it; but the name may hold a
 * whole address of another domain, whose labels may each be of a script of their own (RFC 8264 section 12.5).
 */
export function isLookAlike(address: BareJid): boolean {
  const [name = '', ...domains] = unescapeLocalpart(address.slice(0, Math.max(0, address.indexOf('@')))).split('@');
  return [name, ...domains.join('.').split('.')].some(isMixedScript);
}

/** Marks that turn the direction of the text around them, or cannot be seen. */
const INVISIBLE = /[\u061C\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu;
const NO_LETTER = /[^\p{L}\p{M}]+/u;

/**
 * A display name that may stand in the place of an address. Undefined where the raw address is to be shown: the name looks
 * like an address, his own or another's, or a word of it mixes scripts.
 */
export function honestName(name: string): string | undefined {
  const visible = name.replace(INVISIBLE, '').trim();
  if (visible === '' || /[@\uFF20\uFE6B]/u.test(visible)) return undefined;
  return visible.split(NO_LETTER).some(isMixedScript) ? undefined : visible;
}
