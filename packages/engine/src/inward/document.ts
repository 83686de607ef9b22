import { OFFLINE, type ResourcePresence, type TuplePresence } from '@isthmus/model';
import { aggregate, rankOf } from '@isthmus/rules';
import type { Draft, Facts, Step } from '../machine';
import { isSamePresence } from '../presence';
import type { Inward, Told, Watch } from './state';

const PIDF = 'application/pidf+xml';
const CLOSED: Told = { substate: 'active', presence: OFFLINE };

/**
 * What a watcher is told in this state. Denied, blocked, offline and, toward Microsoft's clients, pending are one and the
 * same (polite block, PRES-25; microsoft-dialect section 1.2). What is not known is shown offline too (promise 4).
 */
export function toldTo(watch: Pick<Watch, 'format' | 'admitted'>, state: Inward, facts: Facts): Told {
  if (state.is === 'active') return seenBy(watch, facts);
  const waits = state.is === 'pending' && facts.dialect === 'simple' && watch.admitted === undefined;
  return waits ? { substate: 'pending' } : CLOSED;
}

/** Microsoft's clients and their documents know one state of a user; PIDF tells each device (PRES-43). */
function seenBy({ format }: Pick<Watch, 'format'>, { resources = [], dialect }: Facts): Told {
  const presence = aggregate(resources);
  if (dialect === 'microsoft' || format !== PIDF) return { substate: 'active', presence };
  const tuples = tuplesOf(resources);
  return { substate: 'active', presence, ...(tuples.length > 0 && { tuples }) };
}

/** One for each resource that may be told (RFC 8048 Table 1 note 6: not those of negative priority), the one that `aggregate` would choose first. */
function tuplesOf(resources: readonly ResourcePresence[]): readonly TuplePresence[] {
  return resources
    .filter(({ priority }) => priority >= 0)
    .map((one) => ({ resource: one.resource, presence: aggregate([one]), priority: one.priority }))
    .sort((one, other) => other.priority - one.priority || rankOf(one.presence.setting) - rankOf(other.presence.setting) || (one.resource < other.resource ? -1 : 1));
}

/** Would the watcher see any difference? */
export function isSame(one: Told | undefined, other: Told): boolean {
  if (one === undefined || one.substate !== other.substate || !isSamePresence(one.presence, other.presence)) return false;
  const [ours, theirs] = [one.tuples ?? [], other.tuples ?? []];
  return ours.length === theirs.length && ours.every((tuple, index) => isSameTuple(tuple, theirs[index]));
}

function isSameTuple(one: TuplePresence, other: TuplePresence | undefined): boolean {
  return one.resource === other?.resource && one.priority === other.priority && isSamePresence(one.presence, other.presence);
}

/**
 * Puts the time into the documents of a step: that of the event, or the next millisecond where a document of this pair has
 * had that (PRES-42, RFC 3863 section 4.1.7: no two the same).
 */
export function dated<S extends Inward>({ state, effects, ...rest }: Step<S>, facts: Facts): Step<S> {
  let documentAt = state.documentAt;
  const stamp = (draft: Draft): Draft => {
    if (draft.do !== 'sip.notify' || draft.presence === undefined) return draft;
    documentAt = Math.max(facts.at, (documentAt ?? 0) + 1);
    return { ...draft, timestamp: new Date(documentAt).toISOString() };
  };
  const stamped = effects.map(stamp);
  return documentAt === state.documentAt ? { state, effects, ...rest } : { ...rest, state: { ...state, documentAt }, effects: stamped };
}
