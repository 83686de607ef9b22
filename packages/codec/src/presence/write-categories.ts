/** application/msrtc-event-categories+xml ([MS-PRES]): the categories state, note and contactCard. */

import type { Presence } from '@isthmus/model';
import { stateOf } from '@isthmus/rules';
import { type Element, element } from '../xml/element';
import { displayNameOf, noteText, utcTime } from './fields';
import { NS } from './namespaces';
import type { PresenceDocumentOptions } from './write-pidf';

/** One document with the full state. A note that is gone is told by an empty category: clients keep the last one otherwise. */
export function categories(presence: Presence, options: PresenceDocumentOptions): Element {
  const { displayName } = displayNameOf(presence.displayName);
  const category = (name: string, instance: number, content: Element): Element => {
    const publishTime = utcTime(options.timestamp);
    return element('category', { name, instance: String(instance), publishTime, version: options.version?.toString() }, content);
  };
  return element(
    'categories',
    { xmlns: NS.categories, uri: options.entity },
    category('state', 1, state(presence)),
    category('note', 0, note(presence)),
    displayName === undefined ? undefined : category('contactCard', 0, contactCard(displayName)),
  );
}

function state({ setting, idleSince }: Presence): Element {
  const { number, token } = stateOf(setting);
  const lastActive = setting === 'offline' ? undefined : utcTime(idleSince);
  return element(
    'state',
    { xmlns: NS.state, 'xmlns:xsi': NS.xsi, 'xsi:type': 'aggregateState', lastActive },
    element('availability', {}, String(number)),
    token === undefined ? undefined : element('activity', { token }),
  );
}

function note(presence: Presence): Element {
  const text = noteText(presence.note ?? '');
  return element('note', { xmlns: NS.note }, text === '' ? undefined : element('body', { type: 'personal' }, text));
}

function contactCard(displayName: string): Element {
  const name = element('name', {}, element('displayName', {}, displayName));
  return element('contactCard', { xmlns: NS.contactCard }, element('identity', {}, name));
}
