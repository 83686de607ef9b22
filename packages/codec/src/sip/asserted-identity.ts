import { fail, fault, succeed, type Result } from '@isthmus/model';
import { readNameAddr, splitNameAddrs, type NameAddr } from '../address';
import type { SipHeaders } from './wire';

/** P-Asserted-Identity (RFC 3325 section 9.1): whom a peer of our trust domain vouches for. */

const SIP = /^sips?:/i;
const TEL = /^tel:/i;
const MALFORMED = fault('body.malformed', 'P-Asserted-Identity is not valid');

/**
 * One value, or a SIP URI and a telephone number in either order, of which the former counts. Undefined: nobody, or he wants
 * his identity kept from whom it is not for (RFC 3323, `Privacy: id`), and From says as much as he wants to be known.
 * Faults: `body.malformed`.
 */
export function readAssertedIdentity(headers: SipHeaders): Result<NameAddr | undefined> {
  const text = headers['p-asserted-identity']?.trim() ?? '';
  if (text === '' || isPrivate(headers['privacy'])) return succeed(undefined);
  const [first, second, ...more] = splitNameAddrs(text).map((value) => readNameAddr(value));
  if (first === undefined || !first.ok || more.length > 0) return fail(MALFORMED);
  if (second === undefined) return SIP.test(first.value.uri) || TEL.test(first.value.uri) ? first : fail(MALFORMED);
  if (!second.ok) return fail(MALFORMED);
  const values = [first.value, second.value];
  const sip = values.find(({ uri }) => SIP.test(uri));
  return sip !== undefined && values.some(({ uri }) => TEL.test(uri)) ? succeed(sip) : fail(MALFORMED);
}

function isPrivate(privacy = ''): boolean {
  return privacy.split(';').some((value) => value.trim().toLowerCase() === 'id');
}
