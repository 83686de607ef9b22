import { OFFLINE, type Presence, type ResourcePresence } from '@isthmus/model';
import { rankOf } from './tables/most-available';
import { settingOf } from './tables/xmpp-show';

/**
 * The one presence of a user with several available resources (PRES-47): the highest priority wins, among equals the
 * most available, among those the first by name, so that every worker decides the same. A resource of negative
 * priority does not count (RFC 6121 section 4.7.2.3). Without a resource that counts the user is offline.
 */
export function aggregate(resources: readonly ResourcePresence[]): Presence {
  const [winner] = resources
    .filter((resource) => resource.priority >= 0)
    .map((resource) => ({ resource, setting: settingOf(resource.show, resource.activity) }))
    .sort(compare);
  if (winner === undefined) {
    return OFFLINE;
  }
  const { status, idleSince, family } = winner.resource;
  return {
    setting: winner.setting,
    ...(status === undefined || status === '' ? {} : { note: status }),
    ...(idleSince === undefined ? {} : { idleSince }),
    ...(family === undefined ? {} : { family }),
  };
}

interface Candidate {
  readonly resource: ResourcePresence;
  readonly setting: Presence['setting'];
}

function compare(a: Candidate, b: Candidate): number {
  return (
    b.resource.priority - a.resource.priority ||
    rankOf(a.setting) - rankOf(b.setting) ||
    (a.resource.resource < b.resource.resource ? -1 : 1)
  );
}
