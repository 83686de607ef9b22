/** A JID as the SIP address that SIP users see (RFC 7247 section 6.5; requirements ADDR-1, 3, 4, 7, 11, 15). */

import { type Jid, type Result, type SipUri, succeed } from '@isthmus/model';
import { readDomain } from './domain';
import { hasSpaceAtEdge, isEscapedOnce, unescapeLocalpart } from './escape';
import { malformedJid } from './jid';
import { IM_USER, PARAMETER, percentEncode, SIP_USER } from './percent';

export interface JidToSipOptions {
  /** `sip` where absent. `im` and `pres` have a smaller set of bare characters. */
  readonly scheme?: 'sip' | 'sips' | 'im' | 'pres';
}

/**
 * The URI of a JID; its resource becomes the `gr` parameter, inside the URI. Fault: `address.malformed` for a JID
 * without a localpart, with an escaped space at an edge, or with an escape that none was needed for (XEP-0106 section 4.2).
 */
export function jidToSip(jid: Jid, options: JidToSipOptions = {}): Result<string> {
  const domain = readDomain(jid.domain)?.ascii;
  if (jid.local === '' || domain === undefined || hasSpaceAtEdge(jid.local) || !isEscapedOnce(jid.local)) {
    return malformedJid();
  }
  const scheme = options.scheme ?? 'sip';
  const bare = scheme === 'im' || scheme === 'pres' ? IM_USER : SIP_USER;
  const user = percentEncode(unescapeLocalpart(jid.local), bare);
  const gr = jid.resource === undefined ? '' : `;gr=${percentEncode(jid.resource, PARAMETER)}`;
  return succeed(`${scheme}:${user}@${domain}${gr}`);
}

/** The address of record of a JID, whatever its resource. Fault: as `jidToSip`. */
export function jidToSipUri(jid: Jid): Result<SipUri> {
  const { bare, local, domain } = jid;
  return jidToSip({ bare, local, domain }) as Result<SipUri>;
}
