import type { EngineEvent } from '@isthmus/engine';
import { fault, type Pair, type ResourcePresence, type Show } from '@isthmus/model';
import { familyOf } from '@isthmus/rules';
import { utcTime } from '../presence/fields';
import { attributeOf, childAttribute, type Element } from '../xml/element';
import { cleanXmlText } from '../xml/text';
import { activityIn } from './activity';
import { hasChildOf, ownText } from './children';
import { NS } from './namespaces';
import { readErrorFault } from './read-error';
import { ignore, refuse, type StanzaContext, type StanzaReading } from './reading';

/** Bounds of what is kept of a presence stanza, characters. */
const MAX_STATUS = 1000;
const MAX_NODE = 256;

const SHOWS: ReadonlySet<string> = new Set<Show>(['away', 'chat', 'dnd', 'xa']);

/** Presence of all types (RFC 6121 sections 3 and 4.7). `resource`: that of the sender. */
export function readPresence(stanza: Element, pair: Pair, resource: string | undefined, context: StanzaContext): StanzaReading {
  const base = { at: context.at, trace: context.trace };
  const from = resource === undefined ? {} : { resource };
  const type = attributeOf(stanza, 'type');
  switch (type) {
    case undefined:
      if (hasChildOf(stanza, NS.muc)) return refuse(fault('groupchat.unsupported'));
      return event(pair, { on: 'xmpp.available', presence: readAvailability(stanza, resource ?? '', context), ...base });
    case 'unavailable':
      return event(pair, { on: 'xmpp.unavailable', ...from, ...base });
    case 'subscribe':
    case 'subscribed':
    case 'unsubscribe':
    case 'unsubscribed':
      return event(pair, { on: `xmpp.${type}`, ...base });
    case 'probe':
      return event(pair, { on: 'xmpp.probe', ...from, ...base });
    case 'error':
      return event(pair, { on: 'xmpp.error', stanza: 'presence', ...readErrorFault(stanza), ...base });
    default:
      return ignore('presence of an unknown type');
  }
}

function event(pair: Pair, content: EngineEvent): StanzaReading {
  return { is: 'event', pair, event: content };
}

function readAvailability(stanza: Element, resource: string, { tables }: StanzaContext): ResourcePresence {
  const show = ownText(stanza, 'show')?.text.trim() ?? '';
  const status = cleanXmlText((ownText(stanza, 'status')?.text ?? '').slice(0, MAX_STATUS));
  const idleSince = utcTime(childAttribute(stanza, 'idle', NS.idle, 'since')); // XEP-0319
  const activity = activityIn(stanza);
  const family = familyOf(childAttribute(stanza, 'c', NS.caps, 'node')?.slice(0, MAX_NODE), tables);
  return {
    resource,
    priority: readPriority(ownText(stanza, 'priority')?.text ?? ''),
    ...(SHOWS.has(show) && { show: show as Show }),
    ...(status !== '' && { status }),
    ...(idleSince !== undefined && { idleSince }),
    ...(activity !== undefined && { activity }),
    ...(family !== 'third-party' && { family }),
  };
}

/** RFC 6121 section 4.7.2.3: -128 to 127; anything else counts as none, which is 0. */
function readPriority(text: string): number {
  const value = /^\s*[+-]?\d{1,3}\s*$/.test(text) ? Number(text) : 0;
  return value >= -128 && value <= 127 ? value : 0;
}
