import type { Addressing, SipUser } from '@isthmus/codec';
import type { EngineEvent } from '@isthmus/engine';
import { fault, FaultError, type Fault, type Jid, type Pair } from '@isthmus/model';
import type { Verdict } from '@isthmus/rules';
import type { Accounts } from '../accounts';
import type { Federation } from '../federation';
import type { UserWatches } from '../limits/user-watches';
import type { Policies } from '../policy/policies';
import type { SipUsers } from '../users/sip-users';
import type { Denial } from './gate';

export interface AdmissionOptions {
  readonly accounts: Accounts;
  readonly policies: Pick<Policies, 'verdict'>;
  readonly userWatches: Pick<UserWatches, 'inward'>;
  readonly federation: Federation;
  readonly addressing: Addressing;
  /** Does the XMPP server have the plug-in, and thus one name for a user on both sides? */
  readonly partitioned: boolean;
  /** Absent: whoever has no XMPP account is taken for a SIP user. */
  readonly sipUsers?: SipUsers | undefined;
  readonly unlistedSenders: 'refuse' | 'accept';
  /** Has anything been begun between the two? */
  readonly isKnownPair: (pair: Pair) => Promise<boolean>;
}

export interface Admission {
  /** Why not, if he may not. */
  readonly denied?: Denial;
  /** Why not, if it is not his fault. */
  readonly refusal?: Fault;
  readonly policy?: Verdict;
}

/** What is known of a request before anybody is asked. */
export interface Found {
  /** Whose mark it bears. */
  readonly mark?: 'own' | 'other' | undefined;
  readonly denial?: Denial | undefined;
}

/** Who of the SIP side may speak to whom. */
export class Admissions {
  constructor(private readonly options: AdmissionOptions) {}

  /**
   * Who may speak to whom (SEC-3, promise 5), and for a SUBSCRIBE what policy says about the watcher. A request of ours that
   * has come back is told as that first (SEC-8).
   * @param denial what has been found wrong with it already
   */
  async admit(sipUser: SipUser, recipient: Jid, event: EngineEvent, { mark, denial }: Found = {}): Promise<Admission> {
    const { accounts, policies } = this.options;
    if (mark === 'own' && (await this.isOurSender(sipUser.jid))) return { refusal: await this.loopFault(recipient) };
    if (denial !== undefined) return { denied: denial };
    const contact = this.options.addressing.contactOf(sipUser.jid);
    if (contact === undefined) return { denied: 'foreign' };
    const user = this.options.addressing.userOf(recipient);
    if (user === undefined) return { refusal: fault('recipient.unknown') };
    const pair = { user: user.bare, contact: contact.bare };
    const foreign = await this.foreign(user, pair);
    if (foreign !== undefined) return { refusal: foreign };
    if (!(await this.known(() => accounts.isLocal(user.bare)))) return { refusal: fault(mark === undefined ? 'recipient.unknown' : 'request.looped') };
    if (await this.known(() => accounts.isLocal(contact.bare))) return { denied: 'local' };
    if (!(await this.isListed(sipUser.jid))) return { denied: 'unlisted' };
    if (event.on !== 'sip.subscribe') return {};
    const policy = await policies.verdict(pair);
    // One look (Expires 0) is no subscription.
    const full = event.expires === 0 ? undefined : await this.options.userWatches.inward(pair, policy);
    return full === undefined ? { policy } : { refusal: full };
  }

  /** Of another XMPP domain: reached as far as that is allowed (SEC-4). */
  private async foreign(user: Jid, pair: Pair): Promise<Fault | undefined> {
    const { federation, isKnownPair } = this.options;
    const permission = federation.toXmpp(user.domain);
    if (permission === 'begin' || (permission === 'answer' && (await isKnownPair(pair)))) return undefined;
    return fault('recipient.unknown');
  }

  /** The user must be known as a SIP user (SEC-3), where there is a list of them. */
  private async isListed(sipUser: Jid): Promise<boolean> {
    const { sipUsers, unlistedSenders } = this.options;
    if (sipUsers === undefined || unlistedSenders === 'accept') return true;
    try {
      return await sipUsers.has(sipUser.bare);
    } catch (cause) {
      throw new FaultError(fault('server.unavailable', 'The list of SIP users cannot be read; try again'), { cause });
    }
  }

  /** The sender of a request with our mark: an XMPP user. Without the plug-in nobody else sends one. */
  private async isOurSender({ bare }: Jid): Promise<boolean> {
    return !this.options.partitioned || this.known(() => this.options.accounts.isLocal(bare));
  }

  /** A request of ours that came back: its recipient is nowhere, or was moved to the XMPP side since it was sent (SEC-8). */
  private async loopFault(recipient: Jid): Promise<Fault> {
    const moved = this.options.partitioned && (await this.known(() => this.options.accounts.isLocal(recipient.bare)));
    return fault(moved ? 'recipient.moving' : 'request.looped');
  }

  private async known(ask: () => Promise<boolean>): Promise<boolean> {
    try {
      return await ask();
    } catch (cause) {
      throw new FaultError(fault('server.unavailable', 'The XMPP server cannot be asked; try again'), { cause });
    }
  }
}

/** They belong to something, or are answered 481, whoever there is (SEC-7, SEC-12). */
const OPEN_NOTHING: ReadonlySet<string> = new Set(['sip.bye', 'sip.ack', 'sip.cancel', 'sip.notify']);

/**
 * Requests that open something are admitted first; those within a dialog belong to what was admitted. A SUBSCRIBE always
 * is: a refresh of a watch that nobody remembers opens it anew.
 */
export function opensSomething(event: EngineEvent): boolean {
  if (event.on === 'sip.subscribe') return true;
  if (OPEN_NOTHING.has(event.on)) return false;
  return 'ref' in event && event.ref.localTag === undefined;
}
