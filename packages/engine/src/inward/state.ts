import type { Presence, SubscriptionSubstate } from '@isthmus/model';
import type { Dialog } from '../dialog';
import { earliest } from '../machine';

/** What a NOTIFY says. */
export interface Told {
  readonly substate: SubscriptionSubstate;
  /** Absent: no document. */
  readonly presence?: Presence;
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
  /** Key of the NOTIFY that is on its way: one at a time, so that the last state is the last to arrive. */
  readonly inflight?: string | undefined;
  /** Another one is due after it: when something has changed, or in any case (after a 2xx to SUBSCRIBE, PRES-21). */
  readonly again?: 'changed' | 'owed' | undefined;
  /** The subscription is over for this reason; the NOTIFY that says so waits for the one on its way. */
  readonly ending?: string | undefined;
  /** The last NOTIFY failed for a while: tried again then, after a pause (seconds) that doubles. */
  readonly retryAt?: number | undefined;
  readonly pause?: number | undefined;
}

/** Nothing is known about the SIP user's wish, and nobody watches. */
export interface None {
  readonly is: 'none';
  readonly watches: readonly Watch[];
}
/** The XMPP user has been asked and has not decided. */
export interface Pending {
  readonly is: 'pending';
  readonly watches: readonly Watch[];
}
/** The XMPP user lets himself be seen. */
export interface Active {
  readonly is: 'active';
  /** His server has been asked for a state that is not known; if it stays silent he is offline (XD-4). */
  readonly probed?: true | undefined;
  readonly watches: readonly Watch[];
}
/** The XMPP user does not: for ever shown offline (polite block), until he decides otherwise. */
export interface Denied {
  readonly is: 'denied';
  readonly watches: readonly Watch[];
}

export type Inward = None | Pending | Active | Denied;

export const NO_INWARD: None = { is: 'none', watches: [] };

/** A refresh may be on its way when the time is over: some clients send it at that very moment (microsoft-observed B). */
export const EXPIRY_GRACE_MS = 32_000;

export function inwardDueAt(state: Inward): number | undefined {
  return earliest(...state.watches.flatMap((watch) => [watch.retryAt, overAt(watch)]));
}

/** When the subscription is over unless it is refreshed; one that is being ended waits for its last NOTIFY only. */
export function overAt(watch: Watch): number | undefined {
  return watch.ending === undefined ? watch.expiresAt + EXPIRY_GRACE_MS : undefined;
}
