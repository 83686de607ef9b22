import type { XmppPresenceEffect, XmppProbeEffect, XmppSubscriptionEffect } from '@isthmus/engine';
import type { Pair } from '@isthmus/model';
import { showOf } from '@isthmus/rules';
import { element, type Element } from '../xml/element';
import { CONTACT_CAPS } from './features';
import { CONTACT_RESOURCE, NS } from './namespaces';

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
export function writePresence(effect: XmppPresenceEffect, pair: Pair): Element {
  const { setting, note, noteLanguage, idleSince } = effect.presence;
  const { available, show } = showOf(setting);
  const to = effect.resource === undefined ? pair.user : `${pair.user}/${effect.resource}`;
  const status = note === undefined || note === '' ? undefined : element('status', { 'xml:lang': noteLanguage }, note);
  const address = { id: effect.key, from: `${pair.contact}/${CONTACT_RESOURCE}`, to };
  if (!available) return element('presence', { ...address, type: 'unavailable' }, status);
  return element(
    'presence',
    address,
    show === undefined ? undefined : element('show', {}, show),
    status,
    idleSince === undefined ? undefined : element('idle', { xmlns: NS.idle, since: idleSince }),
    element('c', { xmlns: NS.caps, hash: 'sha-1', ...CONTACT_CAPS }),
  );
}
