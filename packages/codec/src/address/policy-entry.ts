import { succeed, type Result } from '@isthmus/model';
import { makeJid, malformedJid, readJid } from './jid';

/**
 * An entry of a policy list (`PolicyLists`), prepared so that it can be compared: `*` (everybody), `*@domain` (everybody of
 * a domain) or a bare JID. A resource is refused: policy is about people. Fault: `address.malformed`.
 */
export function readPolicyEntry(text: string): Result<string> {
  if (text === '*') return succeed(text);
  if (text.startsWith('*@')) {
    const domain = makeJid({ domain: text.slice(2) });
    return domain.ok ? succeed(`*@${domain.value.domain}`) : domain;
  }
  const jid = readJid(text);
  if (!jid.ok) return jid;
  return jid.value.local === '' || jid.value.resource !== undefined ? malformedJid() : succeed(jid.value.bare);
}
