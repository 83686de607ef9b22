import type { SipUser } from '@isthmus/codec';
import type { EngineEvent } from '@isthmus/engine';
import { fault, FaultError, type Fault, type Jid } from '@isthmus/model';
import type { Verdict } from '@isthmus/rules';
import type { Accounts } from '../accounts';
import type { Policies } from '../policy/policies';
import type { Denial } from './gate';

export interface AdmissionOptions {
  readonly accounts: Accounts;
  readonly policies: Pick<Policies, 'verdict'>;
  readonly domains: readonly string[];
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
  async admit(sipUser: SipUser, xmppUser: Jid, event: EngineEvent, { mark, denial }: Found = {}): Promise<Admission> {
    const { accounts, domains, policies } = this.options;
    if (mark === 'own' && (await this.known(() => accounts.isLocal(sipUser.jid.bare)))) return { refusal: await this.loopFault(xmppUser) };
    if (denial !== undefined) return { denied: denial };
    if (!domains.includes(xmppUser.domain)) return { refusal: fault('recipient.unknown') };
    if (!(await this.known(() => accounts.isLocal(xmppUser.bare)))) return { refusal: fault(mark === undefined ? 'recipient.unknown' : 'request.looped') };
    if (domains.includes(sipUser.jid.domain) && (await this.known(() => accounts.isLocal(sipUser.jid.bare)))) return { denied: 'local' };
    if (event.on !== 'sip.subscribe') return {};
    return { policy: await policies.verdict({ user: xmppUser.bare, contact: sipUser.jid.bare }) };
  }

  /** A request of ours that came back: its recipient is nowhere, or was moved to the XMPP side since it was sent (SEC-8). */
  private async loopFault(recipient: Jid): Promise<Fault> {
    const moved = await this.known(() => this.options.accounts.isLocal(recipient.bare));
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
