import { allows, asksFor, sees } from './cast';
import type { Couple } from './cast';
import { rpidPidf } from './presence-documents';
import type { PresenceDocument } from './presence-documents';
import type { SipDialog } from './sip-dialog';
import type { SipPerson } from './sip-person';

/** How two people come onto each other's contact lists. */

type Both = Pick<Couple, 'ann' | 'bob'>;

export const OPEN = { basic: 'open' } as const;
export const CLOSED = { basic: 'closed' } as const;
export const AVAILABLE = { available: true };

/** The document of a SIP user who is there. */
export const open = (bob: SipPerson, note?: string): PresenceDocument => rpidPidf(bob.uri, { ...OPEN, ...(note !== undefined && { note }) });

/** Ann adds Bob: he lets her watch, and she sees him available. */
export async function annAdds({ ann, bob }: Both): Promise<SipDialog> {
  await asksFor(ann, bob);
  const watch = await bob.letsWatch();
  await bob.tells(watch, open(bob));
  await ann.takePresence(bob.address, 'subscribed');
  await sees(ann, bob);
  return watch;
}

/** Bob adds Ann: she allows it, and he is told that she is available. */
export async function bobAdds({ ann, bob }: Both): Promise<SipDialog> {
  const watch = await bob.watches(ann.bareJid);
  await bob.isTold(watch);
  await ann.takePresence(bob.address, 'subscribe');
  await allows(ann, bob);
  await bob.isToldAtLast(OPEN);
  return watch;
}
