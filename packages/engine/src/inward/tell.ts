import { OFFLINE, type Presence } from '@isthmus/model';
import { to, type Draft, type Facts, type Step } from '../machine';
import { isSame, toldTo } from './document';
import type { Inward, Told, Watch } from './state';

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

/** `changed`: only if it is news, and not too soon after the last change. `owed`: in any case. */
export type Need = 'changed' | 'owed';

/** Tells one watcher `said` now, or after the NOTIFY that is on its way; undefined: the subscription is over. */
export function tell(watch: Watch, said: Told, need: Need, facts: Facts): Step<Watch | undefined> {
  if (watch.inflight !== undefined) {
    const again = need === 'owed' ? need : (watch.again ?? need);
    return to({ ...watch, again });
  }
  if (watch.ending !== undefined) return to(undefined, terminate(watch, watch.ending, watch.answerBy === undefined ? OFFLINE : said.presence));
  if (need === 'owed') return send(watch, said, facts);
  if (isSame(watch.told, said)) return to(watch.again === undefined ? watch : { ...watch, again: undefined });
  // Who is admitted or turned away has not been shown any state before: that is no change of it.
  if (watch.told !== undefined && watch.told.substate !== said.substate) return send(watch, said, facts);
  if (watch.nextAt !== undefined && facts.at < watch.nextAt) return to({ ...watch, again: 'changed' });
  const { notifyIntervalSeconds } = facts.settings;
  const nextAt = notifyIntervalSeconds === 0 ? undefined : facts.at + notifyIntervalSeconds * 1000;
  return send({ ...watch, nextAt }, said, facts);
}

function send(watch: Watch, said: Told, facts: Facts): Step<Watch> {
  const key = facts.newId();
  // Without a document the last one stays in force (PRES-26), so that is what the watcher still knows.
  const told = said.presence === undefined && said.substate === 'active' ? watch.told : said;
  const admitted = said.substate === 'active' ? true : watch.admitted;
  return to({ ...watch, told, admitted, inflight: key, again: undefined, retryAt: undefined }, notify(watch, said, facts, key));
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
  return overWatches(state, (watch) => tell(watch, toldTo(watch, state, facts), 'changed', facts));
}
