/**
 * The addresses that the packages share. Making them from text is codec's work (`codec/address`): a value of a branded
 * type has been prepared (RFC 7622, RFC 7247) and may be compared, stored and put on the wire without a further look.
 */

declare const brand: unique symbol;

/** A prepared bare JID, `localpart@domainpart` (RFC 7622): lower case, U-labels, XEP-0106 escapes where needed. */
export type BareJid = string & { readonly [brand]: 'BareJid' };

/** A SIP address of record, `sip:user@domain` (RFC 3261 section 19.1), without parameters, port or headers. */
export type SipUri = string & { readonly [brand]: 'SipUri' };

/** A JID in its parts, prepared. */
export interface Jid {
  readonly bare: BareJid;
  readonly local: string;
  readonly domain: string;
  readonly resource?: string;
}

/**
 * One XMPP user and one SIP user, both as bare JIDs: the unit of state, order and ownership.
 * `contact` is the SIP user under the address that XMPP users see.
 */
export interface Pair {
  readonly user: BareJid;
  readonly contact: BareJid;
}

/**
 * The key of a pair in the store. `|` may occur in a localpart, `@` may not (RFC 7622 section 3.3.1), and a prepared
 * domainpart has neither: so the first `|` behind the first `@` parts the two, and two pairs never share a key.
 */
export function pairKey(pair: Pair): string {
  return `${pair.user}|${pair.contact}`;
}

/** How the keys of all pairs of an XMPP user begin, and no others. */
export function pairKeyPrefix(user: BareJid): string {
  return `${user}|`;
}

/** The pair of a key that `pairKey` made. */
export function pairOf(key: string): Pair {
  const cut = key.indexOf('|', key.indexOf('@'));
  return { user: key.slice(0, cut) as BareJid, contact: key.slice(cut + 1) as BareJid };
}
