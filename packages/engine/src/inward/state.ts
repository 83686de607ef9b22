import type { Presence, SubscriptionSubstate, TuplePresence } from '@isthmus/model';
import type { Verdict } from '@isthmus/rules';
import type { Dialog } from '../dialog';
import { earliest } from '../machine';

/** What a NOTIFY says. */
export interface Told {
  readonly substate: SubscriptionSubstate;
  /** Absent: no document. */
  readonly presence?: Presence;
  /** The devices one by one; only to watchers that are told more than one state (PRES-43). */
  readonly tuples?: readonly TuplePresence[];
}

/** One subscription of the SIP user: one of his devices. */
export interface Watch {
  readonly dialog: Dialog;
  readonly expiresAt: number;
  /** The form of the documents: a media type that this watcher accepts. */
  readonly format: string;
  /** The `id` of the SUBSCRIBE's Event. */
  readonly eventId?: string;
  /** What the last NOTIFY said; undefined when it is not known to have arrived. */
  readonly told?: Told | undefined;
  /** It has been told `active`: there is no way back to `pending` (RFC 3857 section 4.7.1). */
  readonly admitted?: true | undefined;
  /** Key of the NOTIFY that is on its way: one at a time, so that the last state is the last to arrive. */
  readonly inflight?: string | undefined;
  /** Another one is due after it: when something has changed, or in any case (after a 2xx to SUBSCRIBE, PRES-21). */
  readonly again?: 'changed' | 'owed' | undefined;
  /** No change is told before then: one has been told a moment ago (PRES-32). */
  readonly nextAt?: number | undefined;
  /** The subscription is over for this reason; the NOTIFY that says so waits for the one on its way. */
  readonly ending?: string | undefined;
  /** One look at a state that is not known (PRES-29): the last NOTIFY waits for it, at the latest until then. */
  readonly answerBy?: number | undefined;
  /** The last NOTIFY failed for a while: tried again then, after a pause (seconds) that doubles. */
  readonly retryAt?: number | undefined;
  readonly pause?: number | undefined;
}

interface Common {
  readonly watches: readonly Watch[];
  /** What policy said last; absent: `ask`. */
  readonly verdict?: Verdict | undefined;
  /** How the SIP user calls himself, for the question to the XMPP user (XEP-0172). */
  readonly nick?: string | undefined;
  /** The XMPP server went away and has not been asked since: what was told may have become untrue (PRES-26). */
  readonly unknown?: true | undefined;
  /** The time in the last document, milliseconds since the epoch: the next one has a later one (PRES-42). */
  readonly documentAt?: number | undefined;
}

/** Nothing is known about the SIP user's wish, and nobody watches. */
export interface None extends Common {
  readonly is: 'none';
}
/** The XMPP user has been asked and has not decided; or his server has been asked to approve, and has not. */
export interface Pending extends Common {
  readonly is: 'pending';
}
/** The XMPP user lets himself be seen. */
export interface Active extends Common {
  readonly is: 'active';
}
/** The XMPP user does not: for ever shown offline (polite block), until he decides otherwise. */
export interface Denied extends Common {
  readonly is: 'denied';
  /** He has taken his decision back: the next SUBSCRIBE asks him. */
  readonly forgotten?: true | undefined;
  /** He may be about to change it: this has been asked, and not answered. */
  readonly asked?: 'xmpp.subscribe' | 'xmpp.approve' | undefined;
}
/** Policy does not, whatever the XMPP user has decided: the same to the watcher. */
export interface Blocked extends Common {
  readonly is: 'blocked';
  /** What it is without the block. */
  readonly hides: 'none' | 'pending' | 'active' | 'denied';
}

export type Inward = None | Pending | Active | Denied | Blocked;

export const NO_INWARD: None = { is: 'none', watches: [] };

/** What goes with the watches from one state to the next. */
export function commonOf({ watches, verdict, nick, unknown, documentAt }: Common): Common {
  return { watches, verdict, nick, unknown, documentAt };
}

/** Does the XMPP user's server let the contact see him, blocked or not? */
export function isGranted(state: Inward): boolean {
  return state.is === 'active' || (state.is === 'blocked' && state.hides === 'active');
}

/** Is there neither a watch nor a decision to be remembered? The lists that block are kept elsewhere. */
export function isForgettable(state: Inward): boolean {
  if (state.watches.length > 0) return false;
  return state.is === 'none' || (state.is === 'blocked' && state.hides === 'none');
}

/** A refresh may be on its way when the time is over: some clients send it at that very moment (microsoft-observed B). */
export const EXPIRY_GRACE_MS = 32_000;

export function inwardDueAt(state: Inward): number | undefined {
  return earliest(...state.watches.flatMap((watch) => [watch.retryAt, overAt(watch), changeDueAt(watch)]));
}

/** When the subscription is over unless it is refreshed; one that is being ended waits for its last NOTIFY only. */
export function overAt(watch: Watch): number | undefined {
  return watch.ending === undefined ? watch.expiresAt + EXPIRY_GRACE_MS : undefined;
}

/** When a watcher is told what has been held back; what waits for a NOTIFY on its way follows that. */
export function changeDueAt(watch: Watch): number | undefined {
  if (watch.answerBy !== undefined) return watch.answerBy;
  return watch.again === 'changed' && watch.inflight === undefined ? watch.nextAt : undefined;
}
