import type { ResourcePresence } from '@isthmus/model';
import type { EngineEvent } from './events';
import { isGranted } from './inward/state';
import type { PairRecord } from './record';

type Resources = readonly ResourcePresence[] | undefined;

/** The XMPP user's resources after an event, at most `max`; undefined: not known. */
export function resourcesAfter(record: PairRecord, event: EngineEvent, max: number): Resources {
  switch (event.on) {
    case 'xmpp.available':
      return added(record.resources ?? [], event.presence, max);
    case 'xmpp.unavailable':
      return removed(record, event.resource);
    case 'xmpp.down':
      return undefined;
    default:
      return record.resources;
  }
}

function added(resources: readonly ResourcePresence[], presence: ResourcePresence, max: number): Resources {
  const others = resources.filter(({ resource }) => resource !== presence.resource);
  return others.length < max ? [...others, presence] : resources;
}

/**
 * Without a resource all are gone. But a server answers a request for subscription with such an `unavailable` too, and
 * then it says nothing (XD-3): only where the contact may see the user is it taken at its word.
 */
function removed(record: PairRecord, resource: string | undefined): Resources {
  if (resource === undefined) return isGranted(record.inward) ? [] : record.resources;
  const others = record.resources?.filter((one) => one.resource !== resource);
  return others?.length === record.resources?.length ? record.resources : others;
}

/**
 * What the user does, after an event. His server tells it to a contact that is online; to one that was shown offline
 * since it tells it anew when he is back (XEP-0163 section 4.3.2), so nothing is kept over that.
 */
export function activityAfter(record: PairRecord, event: EngineEvent): string | undefined {
  if (event.on === 'xmpp.activity') return event.activity;
  return event.on === 'xmpp.down' ? undefined : record.activity;
}

/** The resources with the user's activity, which is that of each one that does not tell its own. */
export function withActivity(resources: Resources, activity: string | undefined): Resources {
  return activity === undefined ? resources : resources?.map((resource) => ({ activity, ...resource }));
}
