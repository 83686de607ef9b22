import { sees } from './cast';
import { draftPidf } from './presence-documents';
import type { SipDialog } from './sip-dialog';
import type { SipMessage } from './sip-message';
import type { SipPerson } from './sip-person';
import { Stopwatch } from './stopwatch';
import type { XmppUser } from './xmpp-user';

/** Promise 3: availability and sessions are right again that soon after the part that failed is back. */
export const SOON_MS = 10_000;

/** For `beforeAll`: Prosody, Redis, SIP server and workers on a slow machine under load, or a build of the SIPE bench. */
export const START_MS = 300_000;

/** Between two looks whether the contact is asked. */
const LOOK_AGAIN_MS = 20;

/** A contact's state as recoveries are told by it. */
export type State = 'available' | 'away' | 'dnd' | 'offline';

/** Waits until the user is shown the contact so; a state may be told again on the way. */
export async function seesAtLast(user: XmppUser, contact: SipPerson, state: State): Promise<void> {
  for (;;) {
    const { available, show = 'available' } = await sees(user, contact);
    if ((available ? show : 'offline') === state) return;
  }
}

/** The SIP user is busy now: XMPP shows him dnd. */
export const tellsBusy = (who: SipPerson, watch: SipDialog): Promise<SipMessage> =>
  who.tells(watch, draftPidf(who.uri, { basic: 'open', activity: 'busy' }));

/** `what 1`, `what 2` ... */
export const numbered = (what: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${what} ${index + 1}`);

/** What is right again soon: fails when the program took longer than promised. */
export async function soon<T>(work: Promise<T>): Promise<T> {
  const stopwatch = new Stopwatch();
  const result = await work;
  const { tookMs, unhinderedMs } = stopwatch;
  if (unhinderedMs > SOON_MS) throw new Error(`promise 3: it took ${Math.round(tookMs)} ms, and ${Math.round(tookMs - unhinderedMs)} ms of that the machine was busy`);
  return result;
}

/**
 * The user watches the contact again after an outage, and is shown that he is busy. What comes back step by step (a SIP server
 * of ours, then the next hop) may bring more than one SUBSCRIBE: as a presence server does, the contact accepts each, and
 * tells in each; a NOTIFY in a dialog that has been replaced gets 481.
 */
export async function watchesAgain(user: XmppUser, contact: SipPerson): Promise<void> {
  const sight = seesAtLast(user, contact, 'dnd').then(() => true);
  const moment = (): Promise<boolean> => new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS, false));
  for (let isSeen = false; !isSeen; isSeen = await Promise.race([sight, moment()])) {
    if (contact.unclaimed('SUBSCRIBE').length > 0) await tellsBusy(contact, await contact.letsWatch());
  }
}
