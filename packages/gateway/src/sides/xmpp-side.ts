import { answerIq, isCommand, readAccountAnswer, readJid, readStanza, tellsLoss, writeAccountQuery, writeStanza } from '@isthmus/codec';
import type { ContentSettings, StanzaWriteContext } from '@isthmus/codec';
import type { Effect, EngineEvent, PairRecord, RequestEffect } from '@isthmus/engine';
import { fault, FaultError, pairKey, type BareJid, type Pair } from '@isthmus/model';
import { aggregate, type Tables } from '@isthmus/rules';
import type { Ticket, XmppLink } from '@isthmus/xmpp';
import type { Element } from '@xmpp/xml';
import type { Account, Accounts } from '../accounts';
import type { Commands } from '../commands/commands';
import { newId, newTrace } from '../ids';
import type { NewWork } from '../limits/new-work';
import type { Logger } from '../log';
import type { Metrics } from '../metrics';
import type { PairLoop } from '../pairs/loop';
import { domainOf } from '../routes';
import { Approval } from './approval';
import { Refusals, type Incoming } from './refusals';
import type { Sequence } from './sequence';
import { StanzaAdmissions, type StanzaAdmissionOptions } from './stanza-admission';

/** How long the XMPP server may take to answer a question about an account. */
const ACCOUNT_TIMEOUT_MS = 5_000;

export interface XmppSideOptions extends StanzaAdmissionOptions {
  readonly link: Pick<XmppLink, 'send' | 'deliver' | 'request'>;
  readonly loop: PairLoop;
  /** Shared by both sides: what came first is handled first, also while a question about an account is open. */
  readonly sequence: Sequence;
  readonly accounts: Accounts;
  readonly newWork: Pick<NewWork, 'stanza' | 'query'>;
  readonly commands: Pick<Commands, 'answer' | 'offeredTo'>;
  readonly domains: readonly string[];
  /** Does the server have the plug-in? */
  readonly partitioned: boolean;
  readonly component: string;
  readonly maxMessageBytes: number;
  readonly content: ContentSettings;
  readonly version: string;
  /** The deployment's own rows of the tables. */
  readonly tables: Tables;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** The server tells that it has shown all our contacts as offline, or has dropped presence that was for us. */
  readonly onWithdrawn: () => void;
}

type HandedOver = Exclude<Effect, RequestEffect>;
export type StanzaSideEffect = Extract<HandedOver, { readonly do: `xmpp.${string}` }>;

/** Stanzas in and out: the XMPP end of docs/route-of-a-message.md. */
export class XmppSide {
  private readonly approval: Approval;
  private readonly admissions: StanzaAdmissions;
  private readonly refusals: Refusals;

  constructor(private readonly options: XmppSideOptions) {
    this.refusals = new Refusals(options);
    this.approval = new Approval(options);
    this.admissions = new StanzaAdmissions(options);
  }

  /**
   * Takes one stanza. Never rejects: whatever goes wrong becomes an error to its sender and a line in the log. Stanzas
   * of one pair are put into its turn before this returns, so their order holds. Resolves when the stanza is handled: what it
   * led to is committed, or its sender has been told; what is kept in memory only holds the ticket.
   */
  async receive(stanza: Element, ticket?: Ticket): Promise<void> {
    const incoming: Incoming = { stanza, trace: newTrace(), ticket };
    this.options.metrics.stanzas.inc({ direction: 'in', kind: stanza.name });
    try {
      await this.take(incoming);
    } catch (error) {
      await this.fail(incoming, error);
    }
  }

  /**
   * Hands a stanza over to the XMPP server; rejects when the link is down. A state that is lost with the link is told again
   * when it is back; whatever would be lost for ever is handed over only when the server has handled it.
   */
  async handOver(pair: Pair, record: PairRecord, effect: StanzaSideEffect): Promise<void> {
    if (effect.do === 'xmpp.account') return this.askAccount(pair, effect.trace);
    if (effect.do === 'xmpp.approve') return this.approval.approve(pair, effect, this.writing(record));
    const stanza = writeStanza(effect, pair, this.writing(record));
    await (mustArrive(effect) ? this.options.link.deliver(stanza) : this.options.link.send(stanza));
    this.options.metrics.stanzas.inc({ direction: 'out', kind: stanza.name });
    if (effect.do === 'xmpp.bounce') {
      this.options.metrics.messages.inc({ direction: 'to-sip', outcome: 'returned' });
      this.options.metrics.returned.inc({ condition: effect.fault.condition });
      this.options.log.info({ trace: effect.trace, from: pair.user, to: pair.contact, status: effect.fault.sip, why: effect.fault.text }, 'message_returned');
    }
    if (effect.do === 'xmpp.message') this.options.metrics.messages.inc({ direction: 'to-xmpp', outcome: 'delivered' });
    const { trace, do: kind } = effect;
    this.options.log.debug({ trace, effect: kind, from: pair.contact, to: pair.user }, 'stanza_sent');
  }

  /**
   * Asks the plug-in about an account; rejects when it cannot be asked. Where there is no plug-in, and in other domains, every
   * address is taken for an account, but for those of contacts.
   */
  async queryAccount(jid: BareJid): Promise<Account> {
    const { link, component, partitioned, federation } = this.options;
    if (!partitioned || !federation.isServed(domainOf(jid))) return { local: domainOf(jid) !== component };
    const query = writeAccountQuery({ id: newId(), from: component, to: domainOf(jid) }, jid);
    const answer = readAccountAnswer(await link.request(query, ACCOUNT_TIMEOUT_MS));
    if (!answer.ok) throw new FaultError(answer.fault);
    return answer.value;
  }

  private async take(incoming: Incoming): Promise<void> {
    const { stanza, trace, ticket } = incoming;
    const { loop, sequence, log, now, tables, maxMessageBytes, content } = this.options;
    const { refusals } = this;
    const reading = readStanza(stanza, { at: now(), ...content, trace, newId, maxTextBytes: maxMessageBytes, tables });
    if (reading.is === 'ignore') return log.debug({ trace, why: reading.why }, 'stanza_ignored');
    if (reading.is === 'refuse') return refusals.refuse(incoming, reading.fault);
    if (reading.is === 'iq') return this.answer(incoming);
    const { pair, event } = reading;
    log.debug({ trace, on: event.on, from: pair.user, to: pair.contact }, 'stanza_received');
    const refusal = this.admissions.refusal(pair, event);
    if (refusal !== undefined && !('then' in refusal)) return refusals.turnAway(incoming, pair, event, refusal);
    const limited = this.options.newWork.stanza(pair.user, event.on, () => loop.hasSession(pair));
    if (limited !== undefined) return refusals.shed(incoming, event.on, limited);
    if (event.on === 'xmpp.error' && event.stanza === 'message') {
      log.info({ trace, from: pair.user, to: pair.contact, condition: event.fault.condition }, 'message_came_back');
    }
    if (event.on === 'xmpp.message') this.options.metrics.messages.inc({ direction: 'to-sip', outcome: 'taken' });
    const asked = refusal && (() => refusal);
    await sequence.run(pairKey(pair), asked, (why) =>
      why === undefined ? loop.handle(pair, event, undefined, ticket) : refusals.turnAway(incoming, pair, event, why),
    );
  }

  /** The user's client is known where the contact may see him. */
  private writing({ contact, resources }: PairRecord): StanzaWriteContext {
    const { routes, tables } = this.options;
    const { family } = aggregate(resources ?? []);
    return { dialect: routes.find(contact)?.dialect ?? 'simple', tables, receipts: this.confirms(contact), ...(family !== undefined && { family }) };
  }

  /** Does the contact's side say of a text that it has arrived (decision 025)? */
  private confirms(contact: BareJid): boolean {
    const { receipts = 'off' } = this.options.routes.find(contact) ?? {};
    return receipts !== 'off';
  }

  private async answer(incoming: Incoming): Promise<void> {
    const { stanza, trace } = incoming;
    const { component, version, commands, newWork } = this.options;
    const { from = '', to } = stanza.attrs as { readonly from?: string; readonly to?: string };
    if (!this.admissions.mayAsk(from)) return this.refusals.refuse(incoming, fault('sender.foreign'));
    const limited = isUser(from) ? newWork.query(from.split('/', 1)[0] ?? from) : undefined;
    if (limited !== undefined) return this.refusals.refuse(incoming, limited);
    const contact = readJid(to ?? '');
    const receipts = contact.ok && this.confirms(contact.value.bare);
    const identity = { gateway: component, name: 'isthmus', version, receipts, commands: commands.offeredTo(from) };
    const answer = to === component && isCommand(stanza) ? await commands.answer(stanza, trace) : answerIq(stanza, identity);
    if (answer === undefined || (await this.refusals.isElsewhere(incoming))) return;
    await this.options.link.send(answer);
    this.options.log.debug({ trace, to: from }, 'iq_answered');
    const [domain = ''] = this.options.domains;
    if (tellsLoss(stanza, domain)) this.options.onWithdrawn();
  }

  private async fail(incoming: Incoming, error: unknown): Promise<void> {
    const known = error instanceof FaultError;
    const { from, to } = incoming.stanza.attrs;
    if (!known) this.options.log.error({ trace: incoming.trace, from, to, error }, 'stanza_failed');
    await this.refusals.refuse(incoming, known ? error.fault : fault('server.error'));
  }

  /** The answer comes as an event of its own; not being able to ask is an answer too. */
  private async askAccount(pair: Pair, trace: string): Promise<void> {
    const { accounts, loop, log, now } = this.options;
    const account = await accounts.lookUp(pair.user).catch((error: unknown) => {
      log.warn({ trace, jid: pair.user, error }, 'account_query_failed');
      return undefined;
    });
    const event: EngineEvent = { on: 'xmpp.account', at: now(), trace, ...account };
    void loop.handle(pair, event).catch((error: unknown) => log.error({ trace, error }, 'account_event_failed'));
  }
}

/** The server's own queries are always answered: it asks them to know whether we live. */
function isUser(from: string): boolean {
  return from.includes('@');
}

/** Presence, typing and probes are told anew after a lost link (XD-14). */
function mustArrive(effect: StanzaSideEffect): boolean {
  return effect.do !== 'xmpp.presence' && effect.do !== 'xmpp.chat-state' && effect.do !== 'xmpp.probe';
}
