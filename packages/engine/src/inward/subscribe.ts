import { OFFLINE } from '@isthmus/model';
import { documentFor } from '@isthmus/rules';
import { answer, crowded, refuse } from '../answer';
import { isIn, type Dialog, type DialogRef } from '../dialog';
import type { SubscribeEvent } from '../events';
import { andThen, to, type Draft, type Facts, type Step } from '../machine';
import { probe } from './ask';
import { toldTo } from './document';
import { judged, wished } from './policy';
import { overWatches, tell, tellAll, terminate } from './tell';
import type { Inward, Watch } from './state';

/** RFC 3856 section 6.4: what a SUBSCRIBE without Expires means. */
const DEFAULT_EXPIRES_SECONDS = 3600;
/** How long a look at a state that is not known waits for the XMPP server's word (PRES-29). */
const FETCH_WAIT_MS = 2_000;
const NOT_ACCEPTABLE = { type: 'modify', condition: 'not-acceptable', sip: 406, blame: 'peer' } as const;

/** RFC 6665 section 4.2.1.1: only a wish under an hour may be too short. To Microsoft's clients a refusal is final (A6). */
function isTooShort(expires: number, { settings, dialect }: Facts): boolean {
  return dialect === 'simple' && expires > 0 && expires < DEFAULT_EXPIRES_SECONDS && expires < settings.minExpiresSeconds;
}

/** Any SUBSCRIBE: answered 200 at once (PRES-20; never 202, microsoft-observed A1), then the NOTIFY (PRES-21). */
export function subscribed(state: Inward, event: SubscribeEvent, facts: Facts): Step<Inward> {
  const format = documentFor({ ...facts, accept: event.accept });
  if (format === undefined) return to(state, refuse(event, NOT_ACCEPTABLE));
  const asked = event.expires ?? DEFAULT_EXPIRES_SECONDS;
  if (isTooShort(asked, facts)) return to(state, answer(event, 423, { minExpiresSeconds: facts.settings.minExpiresSeconds }));
  const known = event.ref.localTag !== undefined && state.watches.some((watch) => watch.answerBy === undefined && isIn(watch.dialog, event.ref));
  const refusal = known ? undefined : crowded(event, facts);
  if (refusal !== undefined) return to(state, refusal);
  return taken(state, event, { expires: Math.min(asked, facts.settings.maxExpiresSeconds), format, known }, facts);
}

interface Granted {
  readonly expires: number;
  readonly format: string;
  /** In the dialog of a watch: a refresh, or its end. */
  readonly known: boolean;
}

/** The subscriber gets his answer and his NOTIFY; then the others are told and asked what policy has changed. */
function taken(state: Inward, event: SubscribeEvent, granted: Granted, facts: Facts): Step<Inward> {
  const { expires, known } = granted;
  const ok = answer(event, 200, { localTag: event.dialog.localTag, expiresSeconds: expires });
  const governed = (expires > 0 ? wished : judged)(state, event);
  const act = known ? refresh : expires === 0 ? fetch : open;
  const acted = andThen(to(governed.state, ok), (now) => act(now, event, granted, facts));
  const told = governed.state.is === state.is ? acted : andThen(acted, (now) => tellAll(now, facts));
  return { state: told.state, effects: [...told.effects, ...governed.effects] };
}

/** A refresh, or with Expires 0 the end (PRES-27). Its 2xx makes the server know the dialog again, if it had lost it. */
function refresh(state: Inward, event: SubscribeEvent, { expires }: Granted, facts: Facts): Step<Inward> {
  const step = overWatches<Inward>(state, (watch) => {
    if (!isIn(watch.dialog, event.ref)) return to(watch);
    const ending = expires === 0 ? 'timeout' : undefined;
    const fresh = { ...watch, dialog: renewed(watch.dialog, event), expiresAt: facts.at + expires * 1000, ending };
    const said = toldTo(fresh, state, facts);
    // PRES-26: what is not known is not invented; an empty NOTIFY leaves the watcher with what he was told.
    return tell(fresh, state.unknown === true ? { substate: said.substate } : said, 'owed', facts);
  });
  return expires === 0 ? to(step.state, ...step.effects, ...farewell(step.state, facts)) : andThen(step, (next) => probe(next, facts));
}

/** PRES-27: the XMPP user is told, unless he knows better from his own watch on the contact (decision 014). */
function farewell(state: Inward, facts: Facts): Draft[] {
  const last = state.is === 'active' && state.watches.every(isLeaving);
  return last && !facts.shown ? [{ do: 'xmpp.presence', presence: OFFLINE }] : [];
}

function renewed(dialog: Dialog, event: SubscribeEvent): Dialog {
  const { localCSeq, remoteCSeq } = dialog;
  const remote = Math.max(remoteCSeq, event.ref.cseq, event.dialog.remoteCSeq);
  return { ...event.dialog, localCSeq: Math.max(localCSeq, event.dialog.localCSeq), remoteCSeq: remote };
}

/**
 * A new subscription. One with a To tag that is not known is taken as well: the store was lost, or the notifier gave it
 * up, and a real client never subscribes anew by itself (microsoft-observed A6).
 */
function open(state: Inward, event: SubscribeEvent, { expires, format }: Granted, facts: Facts): Step<Inward> {
  const room = makeRoom(withoutTwin(state, event.ref), facts);
  const watch: Watch = { ...placeFor(event, format), expiresAt: facts.at + expires * 1000 };
  const first = tell(watch, toldTo(watch, state, facts), 'owed', facts);
  const watches = [...room.state.watches, first.state].filter((each) => each !== undefined);
  const opened: Step<Inward> = { state: { ...room.state, watches }, effects: [...room.effects, ...first.effects] };
  return andThen(opened, (next) => probe(next, facts));
}

function placeFor({ dialog, eventId }: SubscribeEvent, format: string): Pick<Watch, 'dialog' | 'format' | 'eventId'> {
  return { dialog, format, ...(eventId !== undefined && { eventId }) };
}

/**
 * A SUBSCRIBE that comes again because its answer was lost, or on a second way, is the same subscription: the SIP server
 * keeps both under one id, and the watcher would be told everything twice.
 */
function withoutTwin(state: Inward, { callId, remoteTag }: DialogRef): Inward {
  const others = state.watches.filter(({ dialog }) => dialog.callId !== callId || dialog.remoteTag !== remoteTag);
  return { ...state, watches: others };
}

/**
 * At the bound the subscription that would expire first gives way: most likely it belongs to a device that is gone. Its
 * reason tells it not to come back at once (RFC 6665 section 4.1.3).
 */
function makeRoom(state: Inward, facts: Facts): Step<Inward> {
  const max = facts.settings.maxWatchDialogs;
  const leaving = state.watches.filter(isLeaving);
  const live = state.watches.filter((watch) => !isLeaving(watch));
  // Those that wait for their last NOTIFY are bounded as well.
  const bounded = { ...state, watches: [...leaving.slice(-max), ...live] };
  if (live.length < max) return to(bounded);
  const first = live.reduce((one, other) => (other.expiresAt < one.expiresAt ? other : one));
  return overWatches<Inward>(bounded, (watch) =>
    watch === first ? tell({ ...watch, ending: 'noresource' }, toldTo(watch, state, facts), 'owed', facts) : to(watch),
  );
}

function isLeaving(watch: Watch): boolean {
  return watch.ending !== undefined;
}

/**
 * One look, no subscription (PRES-29): the state if it may be seen. It asks nobody for permission. A state that is not known
 * is asked for (RFC 8048 section 7.2), and the NOTIFY waits a moment for the answer; where the state is hidden it waits as
 * long, or it would tell that.
 */
function fetch(state: Inward, event: SubscribeEvent, { format }: Granted, facts: Facts): Step<Inward> {
  const place = placeFor(event, format);
  const waits = state.unknown === true || (state.is === 'active' && facts.doubtful);
  if (!waits) return to(state, terminate(place, 'timeout', toldTo(place, state, facts).presence));
  const others = withoutTwin(state, event.ref).watches;
  // A crowd of looks is not waited with.
  if (others.filter(isLeaving).length >= facts.settings.maxWatchDialogs) return to(state, terminate(place, 'timeout', OFFLINE));
  const look: Watch = { ...place, expiresAt: facts.at, ending: 'timeout', answerBy: facts.at + FETCH_WAIT_MS };
  return probe({ ...state, watches: [...others, look] }, facts);
}
