import { readJid, type Addressing } from '@isthmus/codec';
import type { EngineEvent } from '@isthmus/engine';
import { fault, FaultError, type Fault, type Pair } from '@isthmus/model';
import { sipUserOf } from '../addresses';
import type { Federation } from '../federation';
import type { UserWatches } from '../limits/user-watches';
import { domainOf, type RouteTable } from '../routes';
import type { SipUsers } from '../users/sip-users';

export interface StanzaAdmissionOptions {
  readonly federation: Federation;
  readonly addressing: Addressing;
  readonly routes: RouteTable;
  readonly userWatches: Pick<UserWatches, 'outward' | 'ended' | 'decided'>;
  /** Absent: whoever has no account is taken for a SIP user (basic routing). */
  readonly sipUsers?: SipUsers | undefined;
  /** Has anything been begun between the two? */
  readonly isKnownPair: (pair: Pair) => Promise<boolean>;
}

/** What makes something leave for the SIP side where nothing was begun before. What ends something is never kept from it. */
const BEGINS: ReadonlySet<EngineEvent['on']> = new Set(['xmpp.message', 'xmpp.chat-state', 'xmpp.subscribe', 'xmpp.probe', 'xmpp.available', 'xmpp.activity']);

/** Which XMPP users may have to do with which addresses of the SIP side. */
export class StanzaAdmissions {
  constructor(private readonly options: StanzaAdmissionOptions) {}

  /** Why not, or undefined; a promise only where somebody has to be asked. */
  refusal(pair: Pair, event: EngineEvent): Fault | undefined | Promise<Fault | undefined> {
    const { userWatches } = this.options;
    const refusal = this.stranger(pair, event);
    if (event.on === 'xmpp.unsubscribe') userWatches.ended(pair);
    if (event.on === 'xmpp.subscribed' || event.on === 'xmpp.unsubscribed') userWatches.decided(pair);
    if (event.on !== 'xmpp.subscribe' && event.on !== 'xmpp.probe') return refusal;
    if (refusal === undefined) return userWatches.outward(pair);
    return 'then' in refusal ? refusal.then((why) => why ?? userWatches.outward(pair)) : refusal;
  }

  private stranger(pair: Pair, event: EngineEvent): Fault | undefined | Promise<Fault | undefined> {
    const { federation, addressing, routes, sipUsers } = this.options;
    const permission = federation.toSip(domainOf(pair.user));
    if (permission === 'none') return fault('sender.foreign');
    const sipUser = sipUserOf(addressing, pair.contact);
    if (sipUser === undefined) return fault('recipient.unknown');
    if (routes.find(pair.contact) === undefined) return fault('route.none');
    if (permission === 'answer') return this.unlessKnown(pair);
    if (sipUsers === undefined || !BEGINS.has(event.on)) return undefined;
    const listed = sipUsers.has(sipUser);
    return typeof listed === 'boolean' ? unknownUnless(listed) : listed.then(unknownUnless, unreadable);
  }

  /** May this sender ask anything of the gateway or of a contact? A server may: it is its users' home. */
  mayAsk(from: string): boolean {
    const jid = readJid(from);
    return jid.ok && this.options.federation.toSip(jid.value.domain) !== 'none';
  }

  private async unlessKnown(pair: Pair): Promise<Fault | undefined> {
    return (await this.options.isKnownPair(pair)) ? undefined : fault('sender.foreign');
  }
}

function unknownUnless(listed: boolean): Fault | undefined {
  return listed ? undefined : fault('recipient.unknown');
}

function unreadable(cause: unknown): never {
  throw new FaultError(fault('server.unavailable', 'The list of SIP users cannot be read; try again'), { cause });
}
