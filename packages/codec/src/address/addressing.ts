/**
 * How the users of each side appear to the other side. In partitioned mode everybody has one address. In subdomain mode SIP
 * users live behind the component's domain, as XEP-0100 section 6.1 has it for the users of a legacy service.
 */

import type { BareJid, Jid } from '@isthmus/model';
import { escapeLocalpart, unescapeLocalpart } from './escape';
import { makeJid } from './jid';

/** SIP addresses are given and returned as the JIDs that `sipToJid` makes of them. */
export interface Addressing {
  /** The SIP user as XMPP users see him; undefined: he is of no domain that is ours, or cannot be shown without a doubt who he is. */
  contactOf(sipUser: Jid): Jid | undefined;
  /** The SIP user who appears as this contact; undefined: nobody does. */
  sipUserOf(contact: Jid): Jid | undefined;
  /** The XMPP user whom SIP users write to at this address; undefined: this is not how one appears to them. */
  userOf(address: Jid): Jid | undefined;
  /** The address at which SIP users see this XMPP user. */
  addressOf(user: Jid): Jid;
}

/** Both servers serve the same domains: nothing is rewritten. */
export function partitioned(domains: readonly string[]): Addressing {
  const ours = ({ local, domain }: Jid): boolean => local !== '' && domains.includes(domain);
  const same = (jid: Jid): Jid => jid;
  const oursOnly = (jid: Jid): Jid | undefined => (ours(jid) ? jid : undefined);
  return { contactOf: oursOnly, sipUserOf: oursOnly, userOf: same, addressOf: same };
}

export interface SubdomainOptions {
  /** The component's own domain: that of all contacts. */
  readonly component: string;
  /** Users of the first one keep their localpart; those of the others have theirs and the domain, escaped (XEP-0106), as localpart. */
  readonly sipDomains: readonly [string, ...string[]];
  /** The domain in which the users of an XMPP domain appear to SIP users, where that is another one. One to one. */
  readonly appearAs: ReadonlyMap<string, string>;
}

/** SIP users appear below the component: `bob@sip.example.com`, and `bob\40example.net@sip.example.com` for a further domain. */
export function subdomain({ component, sipDomains, appearAs }: SubdomainOptions): Addressing {
  const [first] = sipDomains;
  const appearsOf = new Map([...appearAs].map(([xmpp, sip]) => [sip, xmpp]));

  function sipUserOf({ local, domain, resource }: Jid): Jid | undefined {
    if (local === '' || domain !== component) return undefined;
    const text = unescapeLocalpart(local);
    const at = text.lastIndexOf('@');
    const further = sipDomains.indexOf(text.slice(at + 1)) > 0;
    if (at <= 0 || !further) return moved({ local, resource }, first);
    return moved({ local: escapeLocalpart(text.slice(0, at)), resource }, text.slice(at + 1));
  }

  function contactOf(sipUser: Jid): Jid | undefined {
    const { local, domain, resource } = sipUser;
    if (local === '' || !sipDomains.includes(domain)) return undefined;
    const own = domain === first ? local : escapeLocalpart(`${unescapeLocalpart(local)}@${domain}`);
    const contact = makeJid({ local: own, domain: component, ...(resource !== undefined && { resource }) });
    // An at-sign in the user part of one domain must not make a user of the other one.
    return contact.ok && sipUserOf(contact.value)?.bare === sipUser.bare ? contact.value : undefined;
  }

  return {
    contactOf,
    sipUserOf,
    userOf: (address) => (appearAs.has(address.domain) ? undefined : moved(address, appearsOf.get(address.domain) ?? address.domain)),
    addressOf: (user) => moved(user, appearAs.get(user.domain) ?? user.domain),
  };
}

function moved({ local, resource }: Pick<Jid, 'local'> & { readonly resource?: string | undefined }, domain: string): Jid {
  const bare = (local === '' ? domain : `${local}@${domain}`) as BareJid;
  return { bare, local, domain, ...(resource !== undefined && { resource }) };
}
