import type { ResourcePresence } from '@isthmus/model';
import type { EngineEvent, PolicyEvent } from './events';
import { isGranted } from './inward/state';
import type { PairRecord, Unconfirmed } from './record';

/** How long the XMPP server may take to name the resources that are still there, milliseconds. */
const CONFIRM_MS = 5_000;

/** What is known of the XMPP user's resources. */
export type Known = Pick<PairRecord, 'resources' | 'unconfirmed'>;

type Resources = PairRecord['resources'];

/** The XMPP user's resources after an event, at most `max`; undefined: not known. */
export function resourcesAfter(record: PairRecord, event: EngineEvent, max: number): Known {
  const { resources, unconfirmed } = record;
  switch (event.on) {
    case 'xmpp.available':
      return { resources: added(resources ?? [], event.presence, max), unconfirmed: named(unconfirmed, event.presence.resource) };
    case 'xmpp.unavailable':
      return removed(record, event.resource);
    case 'xmpp.down':
      return UNKNOWN;
    // Between a grant and the next nothing is heard of resources that leave: what was known before is an old memory.
    case 'xmpp.subscribed':
      return isGranted(record.inward) ? record : UNKNOWN;
    case 'xmpp.unsubscribed':
      return isGranted(record.inward) ? UNKNOWN : record;
    case 'policy':
      return isGranted(record.inward) && withdraws(event) ? UNKNOWN : record;
    case 'xmpp.up':
      return inDoubt(record);
    case 'timer':
      return (unconfirmed?.until ?? Infinity) <= event.at ? confirmed(record) : record;
    default:
      return record;
  }
}

const UNKNOWN: Known = { resources: undefined, unconfirmed: undefined };

function withdraws({ decision }: PolicyEvent): boolean {
  return decision === 'revoked' || decision === 'forgotten';
}

function added(resources: readonly ResourcePresence[], presence: ResourcePresence, max: number): readonly ResourcePresence[] {
  const others = resources.filter(({ resource }) => resource !== presence.resource);
  return others.length < max ? [...others, presence] : resources;
}

/**
 * Without a resource all are gone. But a server answers a request for subscription with such an `unavailable` too, and
 * then it says nothing (XD-3): only where the contact may see the user is it taken at its word.
 */
function removed(record: PairRecord, resource: string | undefined): Known {
  if (resource === undefined) return isGranted(record.inward) ? { resources: [], unconfirmed: undefined } : record;
  const unconfirmed = named(record.unconfirmed, resource);
  const others = record.resources?.filter((one) => one.resource !== resource);
  return { resources: others?.length === record.resources?.length ? record.resources : others, unconfirmed };
}

/** Stanzas may have got lost. Where nobody watches, the server is asked when somebody does. */
function inDoubt({ resources, inward }: PairRecord): Known {
  return { resources, ...(isGranted(inward) && { unconfirmed: { names: namesOf(resources) } }) };
}

/** Is the server to be asked before all that is known is believed? */
export function isDoubtful({ resources, unconfirmed }: Known): boolean {
  return resources === undefined || (unconfirmed !== undefined && unconfirmed.until === undefined);
}

/** The server is being asked (RFC 6121 section 4.3). */
export function asked({ resources }: Known, at: number): Unconfirmed {
  return { names: namesOf(resources), until: at + CONFIRM_MS };
}

function namesOf(resources: readonly ResourcePresence[] = []): readonly string[] {
  return resources.map(({ resource }) => resource);
}

function confirmed({ resources = [], unconfirmed }: PairRecord): Known {
  return { resources: resources.filter(({ resource }) => unconfirmed?.names.includes(resource) !== true), unconfirmed: undefined };
}

/** The server has spoken of this one; once it has of all there is nothing left to wait for. */
function named(unconfirmed: Unconfirmed | undefined, name: string): Unconfirmed | undefined {
  if (unconfirmed === undefined) return undefined;
  const names = unconfirmed.names.filter((other) => other !== name);
  return unconfirmed.until !== undefined && names.length === 0 ? undefined : { ...unconfirmed, names };
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
