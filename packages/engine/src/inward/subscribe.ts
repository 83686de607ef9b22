import { OFFLINE } from '@isthmus/model';
import { aggregate } from '@isthmus/rules';
import { answer, crowded, refuse } from '../answer';
import { isIn, type Dialog, type DialogRef } from '../dialog';
import type { SubscribeEvent } from '../events';
import { andThen, to, type Facts, type Step } from '../machine';
import { overWatches, tell, terminate, told } from './tell';
import type { Inward, Watch } from './state';

/** RFC 3856 section 6.4: what a SUBSCRIBE without Expires means. */
const DEFAULT_EXPIRES_SECONDS = 3600;
/** The forms of documents that can be written, best first. */
const FORMATS = ['application/pidf+xml', 'text/xml+msrtc.pidf'] as const;
const NOT_ACCEPTABLE = { type: 'modify', condition: 'not-acceptable', sip: 406, blame: 'peer' } as const;

/** The form for this watcher; no Accept means PIDF (RFC 3856 section 6.7). */
function formatFor({ accept }: SubscribeEvent, { dialect }: Facts): string | undefined {
  const accepted = accept.length === 0 ? FORMATS[0] : FORMATS.find((format) => accept.some((range) => covers(range, format)));
  return accepted ?? (dialect === 'microsoft' ? FORMATS[0] : undefined);
}

function covers(range: string, format: string): boolean {
  return range === format || range === '*/*' || range === `${format.split('/', 1)[0]}/*`;
}

/** RFC 6665 section 4.2.1.1: only a wish under an hour may be too short. To Microsoft's clients a refusal is final (A6). */
function isTooShort(expires: number, { settings, dialect }: Facts): boolean {
  return dialect === 'simple' && expires > 0 && expires < DEFAULT_EXPIRES_SECONDS && expires < settings.minExpiresSeconds;
}

/** Any SUBSCRIBE: answered 200 at once (PRES-20; never 202, microsoft-observed A1), then the NOTIFY (PRES-21). */
export function subscribed(state: Inward, event: SubscribeEvent, facts: Facts): Step<Inward> {
  const format = formatFor(event, facts);
  if (format === undefined) return to(state, refuse(event, NOT_ACCEPTABLE));
  const asked = event.expires ?? DEFAULT_EXPIRES_SECONDS;
  if (isTooShort(asked, facts)) return to(state, answer(event, 423, { minExpiresSeconds: facts.settings.minExpiresSeconds }));
  const expires = Math.min(asked, facts.settings.maxExpiresSeconds);
  const ok = answer(event, 200, { localTag: event.dialog.localTag, expiresSeconds: expires });
  const known = event.ref.localTag !== undefined && state.watches.some((watch) => isIn(watch.dialog, event.ref));
  const refusal = known ? undefined : crowded(event, facts);
  if (refusal !== undefined) return to(state, refusal);
  const act = known ? refresh : expires === 0 ? fetch : open;
  return andThen(to(state, ok), (now) => act(now, event, { expires, format }, facts));
}

interface Granted {
  readonly expires: number;
  readonly format: string;
}

/** A refresh, or with Expires 0 the end (PRES-27). Its 2xx makes the server know the dialog again, if it had lost it. */
function refresh(state: Inward, event: SubscribeEvent, { expires }: Granted, facts: Facts): Step<Inward> {
  const said = told(state, facts);
  const unknown = state.is === 'active' && facts.resources === undefined && state.probed === undefined;
  const step = overWatches<Inward>(state, (watch) => {
    if (!isIn(watch.dialog, event.ref)) return to(watch);
    const fresh = { ...watch, dialog: renewed(watch.dialog, event), expiresAt: facts.at + expires * 1000 };
    const next = expires === 0 ? { ...fresh, ending: 'timeout' } : { ...fresh, ending: undefined };
    // PRES-26: what is not known is not invented; an empty NOTIFY leaves the watcher with what he was told.
    return tell(next, unknown ? { substate: 'active' } : said, 'owed', facts);
  });
  return andThen(step, (next) => (expires === 0 ? to(next) : inquire(next, event, facts)));
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
  const asked: Inward = room.state.is === 'none' ? { is: 'pending', watches: [] } : room.state;
  const first = tell(watch, told(asked, facts), 'owed', facts);
  const watches = [...asked.watches, first.state].filter((each) => each !== undefined);
  const opened: Step<Inward> = { state: { ...asked, watches }, effects: [...room.effects, ...first.effects] };
  return andThen(opened, (next) => inquire(next, event, facts, state.is === 'none'));
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

/** Asks the XMPP user once for the pair (PRES-22), or the server for a state that is not known. */
function inquire(state: Inward, event: SubscribeEvent, facts: Facts, first = false): Step<Inward> {
  if (first) return to(state, { do: 'xmpp.subscribe', ...(event.displayName !== undefined && { nick: event.displayName }) });
  return probe(state, facts);
}

/** Asks the XMPP user's server for his state, where it may be known and is not. */
export function probe(state: Inward, facts: Facts): Step<Inward> {
  if (state.is !== 'active' || facts.resources !== undefined) return to(state);
  return to({ ...state, probed: true }, { do: 'xmpp.probe' });
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
    watch === first ? tell({ ...watch, ending: 'noresource' }, told(state, facts), 'owed', facts) : to(watch),
  );
}

function isLeaving(watch: Watch): boolean {
  return watch.ending !== undefined;
}

/** One look, no subscription (PRES-29): the state if it may be seen and is known. It asks nobody for permission. */
function fetch(state: Inward, event: SubscribeEvent, { format }: Granted, facts: Facts): Step<Inward> {
  const seen = state.is === 'active' && facts.resources !== undefined ? aggregate(facts.resources) : OFFLINE;
  return andThen(to(state, terminate(placeFor(event, format), 'timeout', seen)), (next) => probe(next, facts));
}
