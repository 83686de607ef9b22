import { OFFLINE, type Presence } from '@isthmus/model';
import { aggregate } from '@isthmus/rules';
import { to, type Draft, type Facts, type Step } from '../machine';
import { isSamePresence } from '../presence';
import type { Inward, Told, Watch } from './state';

/**
 * What a watcher is told in this state. Denied, offline and, toward Microsoft's clients, pending are one and the same
 * (polite block, PRES-25; microsoft-dialect section 1.2). What is not known is shown offline too (promise 4).
 */
export function told(state: Inward, facts: Facts): Told {
  if (state.is === 'active') return { substate: 'active', presence: aggregate(facts.resources ?? []) };
  const pending = state.is !== 'denied' && facts.dialect === 'simple';
  return pending ? { substate: 'pending' } : { substate: 'active', presence: OFFLINE };
}

function isSame(one: Told | undefined, other: Told): boolean {
  return one !== undefined && one.substate === other.substate && isSamePresence(one.presence, other.presence);
}

/** Where a NOTIFY goes, and in which form. */
type Place = Pick<Watch, 'dialog' | 'format' | 'eventId'>;

function placeOf({ dialog, format, eventId }: Place): Place {
  return { dialog, format, ...(eventId !== undefined && { eventId }) };
}

function notify(watch: Watch, said: Told, facts: Facts, key: string): Draft {
  const expiresSeconds = Math.max(0, Math.ceil((watch.expiresAt - facts.at) / 1000));
  return { do: 'sip.notify', key, ...placeOf(watch), expiresSeconds, ...said };
}

/** The last NOTIFY of a subscription, with a document: clients use it, and do not subscribe again (microsoft-observed A7). */
export function terminate(watch: Place, reason: string, presence: Presence = OFFLINE): Draft {
  return { do: 'sip.notify', ...placeOf(watch), substate: 'terminated', reason, presence };
}

/** `changed`: only if it is news. `owed`: in any case. */
export type Need = 'changed' | 'owed';

/** Tells one watcher `said` now, or after the NOTIFY that is on its way; undefined: the subscription is over. */
export function tell(watch: Watch, said: Told, need: Need, facts: Facts): Step<Watch | undefined> {
  if (watch.inflight !== undefined) {
    const again = need === 'owed' ? need : (watch.again ?? need);
    return to({ ...watch, again });
  }
  if (watch.ending !== undefined) return to(undefined, terminate(watch, watch.ending));
  if (need === 'changed' && isSame(watch.told, said)) return to(watch);
  const key = facts.newId();
  // Without a document the last one stays in force (PRES-26), so that is what the watcher still knows.
  const known = said.presence === undefined && said.substate === 'active' ? watch.told : said;
  return to({ ...watch, told: known, inflight: key, again: undefined, retryAt: undefined }, notify(watch, said, facts, key));
}

/** Runs a change over the watches; those that it ends are dropped. */
export function overWatches<S extends Inward>(
  state: S,
  change: (watch: Watch, state: S) => Step<Watch | undefined>,
): Step<S> {
  const steps = state.watches.map((watch) => change(watch, state));
  const watches = steps.map((step) => step.state).filter((watch) => watch !== undefined);
  const same = watches.length === state.watches.length && watches.every((watch, index) => watch === state.watches[index]);
  const effects = steps.flatMap((step) => step.effects);
  return { state: same ? state : { ...state, watches }, effects };
}

/** Tells every watcher, if it is news to him. */
export function tellAll<S extends Inward>(state: S, facts: Facts): Step<S> {
  const said = told(state, facts);
  return overWatches(state, (watch) => tell(watch, said, 'changed', facts));
}
