import { sees } from './cast';
import { draftPidf } from './presence-documents';
import type { SipDialog } from './sip-dialog';
import type { SipMessage } from './sip-message';
import type { SipPerson } from './sip-person';
import type { XmppUser } from './xmpp-user';

/** Promise 3: availability and sessions are right again that soon after the part that failed is back. */
export const SOON_MS = 10_000;

/** For `beforeAll`: Prosody, Redis, SIP server and workers on a loaded machine. */
export const START_MS = 60_000;

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

/** What is right again soon: fails when it took longer than promised. */
export async function soon<T>(work: Promise<T>): Promise<T> {
  const begun = Date.now();
  const result = await work;
  const took = Date.now() - begun;
  if (took > SOON_MS) throw new Error(`promise 3: it took ${took} ms`);
  return result;
}
