import { writeError, writeStanza } from '@isthmus/codec';
import type { EngineEvent } from '@isthmus/engine';
import type { Fault, Pair } from '@isthmus/model';
import type { Ticket, XmppLink } from '@isthmus/xmpp';
import type { Element } from '@xmpp/xml';
import { newId } from '../ids';
import type { Logger } from '../log';
import type { Metrics } from '../metrics';

/** A stanza on its way in. */
export interface Incoming {
  readonly stanza: Element;
  readonly trace: string;
  /** Where the XMPP server wants to be told that it is handled. */
  readonly ticket: Ticket | undefined;
}

export interface RefusalsOptions {
  readonly link: Pick<XmppLink, 'send'>;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** What senders of stanzas are told that nothing follows from. What has been given to another worker is left to that one. */
export class Refusals {
  constructor(private readonly options: RefusalsOptions) {}

  async refuse({ stanza, trace, ticket }: Incoming, why: Fault): Promise<void> {
    const { log, metrics, link } = this.options;
    if (await this.isElsewhere({ stanza, trace, ticket })) return;
    const { from, to } = stanza.attrs;
    metrics.refused.inc({ side: 'xmpp', reason: why.condition });
    log.debug({ trace, from, to, condition: why.condition }, 'stanza_refused');
    const answer = writeError(stanza, why);
    if (answer === undefined || from === undefined) return;
    await link.send(answer).catch((error: unknown) => log.warn({ trace, to: from, error }, 'stanza_refuse_failed'));
  }

  /**
   * A wish to watch nobody is denied as RFC 6121 section 3.1.5 has it: after an error only, both servers would leave it open for
   * ever (XD-1). What is merely told to nobody is dropped (section 8.5.1).
   */
  async turnAway(incoming: Incoming, pair: Pair, event: EngineEvent, why: Fault): Promise<void> {
    const { stanza, trace } = incoming;
    if (stanza.name !== 'presence' || why.condition !== 'item-not-found') return this.refuse(incoming, why);
    const { metrics, log, link } = this.options;
    metrics.refused.inc({ side: 'xmpp', reason: why.condition });
    log.debug({ trace, from: pair.user, to: pair.contact, condition: why.condition }, 'stanza_refused');
    if (event.on === 'xmpp.subscribe' || event.on === 'xmpp.probe') await link.send(writeStanza({ do: 'xmpp.unsubscribed', key: newId(), trace }, pair));
  }

  /** Typing is news, of which the next one tells more: nobody is told that one was left out. */
  async shed(incoming: Incoming, on: EngineEvent['on'], why: Fault): Promise<void> {
    if (on !== 'xmpp.chat-state') return this.refuse(incoming, why);
    this.options.log.debug({ trace: incoming.trace, why: why.text }, 'stanza_ignored');
  }

  /** Is it another worker's to answer by now (promise 1: one outcome)? */
  async isElsewhere({ stanza, trace, ticket }: Incoming): Promise<boolean> {
    if (ticket === undefined || !(await ticket.isElsewhere())) return false;
    this.options.log.debug({ trace, from: stanza.attrs['from'], to: stanza.attrs['to'] }, 'stanza_left_to_another');
    return true;
  }
}
