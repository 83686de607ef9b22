/**
 * Addresses as the partition plug-in has them: bare, lower case, escaped as in a JID (RFC 7247 section 6.4). Prepared in full
 * they are where a difference would do harm: here a name that two preparations write differently costs a pair one commit more.
 */
import { domainToUnicode } from 'node:url';

const PLAIN_USER = /^[a-z0-9._+~=*!$,;?()-]+$/i;
const PLAIN_HOST = /^[a-z0-9.-]+$/i;
const SCHEME = /^(?:sips?|im|pres):/i;
/** XEP-0106: what a localpart cannot hold, and the backslash where it would start an escape. */
const TO_ESCAPE = /[ "&'/:<>@]|\\(?=20|22|26|27|2f|3a|3c|3e|40|5c)/gi;
const STRAY_PERCENT = /%(?![0-9a-f]{2})/gi;

/** The URI in the value of a From or To header (RFC 3261 section 20.10); Latin-1 text, one character a byte. */
export function uriIn(value: string): string {
  const start = value.indexOf('<', endOfQuoted(value));
  if (start >= 0) {
    const end = value.indexOf('>', start);
    return value.slice(start + 1, end < 0 ? undefined : end).trim();
  }
  const at = value.indexOf('@');
  const end = value.indexOf(';', Math.max(at, 0));
  return (end < 0 ? value : value.slice(0, end)).trim();
}

/** A display name in quotes may hold any character, behind a backslash the quote itself. */
function endOfQuoted(value: string): number {
  const start = value.indexOf('"');
  if (start < 0) return 0;
  for (let index = start + 1; index < value.length; index += 1) {
    if (value[index] === '\\') index += 1;
    else if (value[index] === '"') return index;
  }
  return 0;
}

/** The bare address of a URI; what is no SIP URI with a user part is taken as it is. */
export function bareAddress(uri: string): string {
  const scheme = SCHEME.exec(uri)?.[0].length;
  if (scheme === undefined) return uri.toLowerCase();
  const at = uri.indexOf('@', scheme);
  const host = hostOf(uri.slice(at < 0 ? scheme : at + 1));
  return at < 0 ? host : `${localpartOf(uri.slice(scheme, at))}@${host}`;
}

function localpartOf(user: string): string {
  if (PLAIN_USER.test(user)) return user.toLowerCase();
  let decoded: string;
  try {
    const text = Buffer.from(user, 'latin1').toString('utf8');
    decoded = decodeURIComponent(text.replace(STRAY_PERCENT, '%25'));
  } catch {
    return user.toLowerCase();
  }
  return decoded
    .toLowerCase()
    .normalize('NFC')
    .replace(TO_ESCAPE, (character) => `\\${character.charCodeAt(0).toString(16)}`);
}

function hostOf(rest: string): string {
  const end = rest.startsWith('[') ? rest.indexOf(']') + 1 : rest.search(/[:;?>\s]/);
  const host = (end > 0 ? rest.slice(0, end) : rest).toLowerCase().replace(/\.$/, '');
  return PLAIN_HOST.test(host) && !host.includes('xn--') ? host : domainToUnicode(Buffer.from(host, 'latin1').toString('utf8')) || host;
}
