import type { XmppPresenceEffect, XmppProbeEffect, XmppSubscriptionEffect } from '@isthmus/engine';
import type { Dialect, Family, Pair, Presence } from '@isthmus/model';
import { fromMicrosoft, showOf, statusTextOf, type Tables } from '@isthmus/rules';
import { element, type Element } from '../xml/element';
import { capsOf } from './features';
import { CONTACT_RESOURCE, NS } from './namespaces';

/** What presence needs besides effect and pair. */
export interface StanzaWriteContext {
  /** How the contact's side speaks: Table 1-5 of the manual is about Microsoft's. */
  readonly dialect: Dialect;
  /** Of the client that speaks for the user, where known: the column of Table 1-5. Default: third-party. */
  readonly family?: Family;
  readonly tables?: Tables;
  /** Does the contact's side say of a text that it has arrived (XEP-0184)? */
  readonly receipts?: boolean;
}

/** Subscription stanzas go from bare to bare JID (RFC 6121 section 3.1); the name rides in `subscribe` only (XEP-0172). */
export function writeSubscription(effect: XmppSubscriptionEffect, pair: Pair): Element {
  const type = effect.do.slice('xmpp.'.length);
  const nick = effect.do === 'xmpp.subscribe' ? effect.nick : undefined;
  return element(
    'presence',
    { type, id: effect.key, from: pair.contact, to: pair.user },
    nick === undefined ? undefined : element('nick', { xmlns: NS.nick }, nick),
  );
}

export function writeProbe(effect: XmppProbeEffect, pair: Pair): Element {
  return element('presence', { type: 'probe', id: effect.key, from: pair.contact, to: pair.user });
}

/** The contact's state, of its one resource (PRES-46). The display name is never broadcast (XEP-0172 section 4.1). */
export function writePresence(effect: XmppPresenceEffect, pair: Pair, context: StanzaWriteContext): Element {
  const { setting, idleSince } = effect.presence;
  const { dialect, family = 'third-party', tables, receipts = false } = context;
  const { available, show } = showOf(dialect === 'microsoft' ? fromMicrosoft(family, setting, tables) : setting);
  const to = effect.resource === undefined ? pair.user : `${pair.user}/${effect.resource}`;
  const status = statusOf(effect.presence, tables);
  const address = { id: effect.key, from: `${pair.contact}/${CONTACT_RESOURCE}`, to };
  if (!available) return element('presence', { ...address, type: 'unavailable' }, status);
  return element(
    'presence',
    address,
    show === undefined ? undefined : element('show', {}, show),
    status,
    idleSince === undefined ? undefined : element('idle', { xmlns: NS.idle, since: idleSince }),
    element('c', { xmlns: NS.caps, hash: 'sha-1', ...capsOf(receipts) }),
  );
}

/** The user's own words, else a short text of a setting that `show` cannot tell. */
function statusOf({ setting, note, noteLanguage }: Presence, tables: Tables | undefined): Element | undefined {
  if (note !== undefined && note !== '') return element('status', { 'xml:lang': noteLanguage }, note);
  const text = statusTextOf(setting, tables);
  return text === undefined ? undefined : element('status', {}, text);
}
