import type { BareJid, PolicyLists } from '@isthmus/model';
import { firstMatch } from './first-match';

/**
 * Who may see a user of the XMPP server (manual "Availability Subscriptions and Policy", page 1-6: auto-authorization or a
 * previous block or allow handles the request; otherwise the user is alerted).
 *
 * `block`: shown offline for ever, and the user is not asked. `allow`: the user's own list says yes. `auto`: yes, unless
 * the user has decided about this contact before. `ask`: the user decides.
 */
export type Verdict = 'allow' | 'block' | 'auto' | 'ask';

/** Does an entry of a list name this contact? */
export function covers(entry: string, contact: BareJid): boolean {
  return entry === '*' || entry === contact || entry === `*@${contact.slice(contact.indexOf('@') + 1)}`;
}

const NO_LISTS: PolicyLists = { allow: [], block: [] };

interface Case {
  readonly holds: boolean;
  readonly verdict: Verdict;
}

/**
 * What policy says about a contact that wants to see the user. The user's word counts more than the administrator's, but
 * for the administrator's block. `suspect`: the contact's address could be taken for another one (SEC-14); then only the
 * user's own list lets it in. An earlier decision of the user stands between `allow` and `auto`: the engine knows it.
 */
export function verdictOf(contact: BareJid, user: PolicyLists | undefined, everyone: PolicyLists, suspect = false): Verdict {
  const own = user ?? NO_LISTS;
  const isIn = (list: readonly string[]) => list.some((entry) => covers(entry, contact));
  const cases: readonly Case[] = [
    { holds: isIn(everyone.block), verdict: 'block' },
    { holds: isIn(own.block), verdict: 'block' },
    { holds: isIn(own.allow), verdict: 'allow' },
    { holds: suspect, verdict: 'block' },
    { holds: isIn(everyone.allow), verdict: 'auto' },
    { holds: own.autoAuthorize ?? everyone.autoAuthorize ?? false, verdict: 'auto' },
  ];
  return firstMatch<Case, Verdict>(cases, ({ holds }) => holds, ({ verdict }) => verdict, 'ask');
}
