import type { Pair, ResourcePresence, SipUri } from '@isthmus/model';
import { conversationDueAt, dialogsIn, isForgotten, NO_CONVERSATION, type Conversation } from './conversation/state';
import type { Dialog } from './dialog';
import type { Effect } from './effects';
import { inwardDueAt, isForgettable, NO_INWARD, type Inward } from './inward/state';
import { earliest } from './machine';
import { isUnwatched, NO_OUTWARD, outwardDueAt, type Outward } from './outward/state';

/**
 * News of these resources may have got lost. Once the server has been asked, those that it does not name are gone; and
 * silence means that there are none (XD-4).
 */
export interface Unconfirmed {
  readonly names: readonly string[];
  /** So long is its answer awaited, milliseconds since the epoch; absent: it has not been asked yet. */
  readonly until?: number;
}

/** All that is known of a pair: plain JSON, committed as one (DESIGN section 4). */
export interface PairRecord extends Pair {
  readonly schema: 1;
  /** The SIP user's URI as last seen: its user part is case-sensitive, the JID's is not (ADDR-10). */
  readonly sipUri?: SipUri;
  readonly conversation: Conversation;
  readonly outward: Outward;
  readonly inward: Inward;
  /** The XMPP user's resources, as far as the contact was told of them; absent: not known. */
  readonly resources?: readonly ResourcePresence[] | undefined;
  /** Those of them that the server has been asked about. */
  readonly unconfirmed?: Unconfirmed | undefined;
  /** What the XMPP user does (XEP-0108), as his server has told the contact. */
  readonly activity?: string | undefined;
  /** What is to be done and not yet done, in order. */
  readonly effects: readonly Effect[];
}

export function newRecord(pair: Pair, sipUri?: SipUri): PairRecord {
  return {
    schema: 1,
    user: pair.user,
    contact: pair.contact,
    ...(sipUri !== undefined && { sipUri }),
    conversation: NO_CONVERSATION,
    outward: NO_OUTWARD,
    inward: NO_INWARD,
    effects: [],
  };
}

/** Takes note of how the SIP user writes his URI (ADDR-10). */
export function withSipUri(record: PairRecord, sipUri: SipUri): PairRecord {
  return record.sipUri === sipUri ? record : { ...record, sipUri };
}

/**
 * When the machines must get the event `timer`, milliseconds since the epoch. Effects that are not done have deadlines of
 * their own, which are not the engine's.
 */
export function dueAt(record: PairRecord): number | undefined {
  const { conversation, outward, inward, unconfirmed } = record;
  return earliest(conversationDueAt(conversation), outwardDueAt(outward), inwardDueAt(inward), unconfirmed?.until);
}

/** May the record be deleted? Nothing is under way, nothing to be done, no decision to be remembered. */
export function isEmpty(record: PairRecord): boolean {
  const { conversation, outward, inward, effects } = record;
  return effects.length === 0 && isForgotten(conversation) && isUnwatched(outward) && isForgettable(inward);
}

/** The established dialogs, for the check whether their owners still exist. */
export function dialogsOf(record: PairRecord): readonly Dialog[] {
  const { conversation, outward, inward } = record;
  const outwards = 'dialog' in outward ? [outward.dialog] : [];
  const dialogs = [...dialogsIn(conversation), ...outwards, ...inward.watches.map((watch) => watch.dialog)];
  return dialogs.filter(({ owner }) => owner !== '');
}

/** The record without the effects that have been handed over. Requests stay: they are done when their outcome is taken. */
export function settle(record: PairRecord, keys: readonly string[]): PairRecord {
  const done = new Set(keys);
  const effects = record.effects.filter((effect) => !done.has(effect.key));
  return effects.length === record.effects.length ? record : { ...record, effects };
}
