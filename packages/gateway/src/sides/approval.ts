import { writeApproval, writeStanza, type StanzaWriteContext } from '@isthmus/codec';
import type { Effect } from '@isthmus/engine';
import type { Pair } from '@isthmus/model';
import { XmppLinkError, type XmppLink } from '@isthmus/xmpp';
import type { Federation } from '../federation';
import { newId } from '../ids';
import type { Logger } from '../log';
import type { Metrics } from '../metrics';
import { domainOf } from '../routes';

export interface ApprovalOptions {
  readonly link: Pick<XmppLink, 'deliver' | 'request'>;
  readonly component: string;
  /** Does the server have the plug-in? */
  readonly partitioned: boolean;
  readonly federation: Federation;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** How long the XMPP server may take. */
const TIMEOUT_MS = 5_000;

/**
 * Policy grants a contact's wish: the XMPP server is asked to approve it in the user's name. Where it says no, does not know
 * how or is silent, the user is asked as if there were no policy: what follows for him must not wait for it.
 */
export class Approval {
  private told = false;

  constructor(private readonly options: ApprovalOptions) {}

  /** Rejects when the server cannot be asked now. */
  async approve(pair: Pair, effect: Extract<Effect, { readonly do: 'xmpp.approve' }>, writing: StanzaWriteContext): Promise<void> {
    const { link, component, partitioned, federation, log, metrics } = this.options;
    const { trace } = effect;
    const ask = (): Promise<void> => link.deliver(writeStanza({ ...effect, do: 'xmpp.subscribe' }, pair, writing));
    if (!partitioned || !federation.isServed(domainOf(pair.user))) return ask();
    const iq = writeApproval({ id: newId(), from: component, to: domainOf(pair.user) }, pair);
    const answer = await link.request(iq, TIMEOUT_MS).catch(silence);
    const approved = answer?.attrs['type'] === 'result';
    metrics.approvals.inc({ outcome: approved ? 'approved' : 'asked' });
    log.debug({ trace, from: pair.contact, to: pair.user, result: approved ? 'approved' : 'asked' }, 'approval_answered');
    if (approved) return;
    this.tellOnce(answer?.getChild('error')?.getChildElements()[0]?.name ?? 'no condition', trace);
    await ask();
  }

  /** That the plug-in is too old, or another server's, is the same for all. */
  private tellOnce(condition: string, trace: string): void {
    if (this.told || condition !== 'service-unavailable') return;
    this.told = true;
    this.options.log.warn({ trace, condition }, 'approval_unsupported');
  }
}

/** No answer in time is no approval; a link that was lost is another matter. */
function silence(error: unknown): undefined {
  if (error instanceof XmppLinkError && error.code === 'timeout') return undefined;
  throw error;
}
