import { fault } from '@isthmus/model';
import type { FaultName } from '@isthmus/model';
import type { Element } from '@xmpp/xml';

import { Acknowledgements } from './acknowledgements';
import type { Ticket } from './acknowledgements';
import type { Connector } from './connector';
import { toError } from './errors';
import { Inbox } from './inbox';
import type { StanzaHandler } from './inbox';
import type { Settings } from './options';
import { errorCondition, handledReport, isNumbered } from './partition';

/** From one report of what is handled to the next, milliseconds. */
const REPORT_PAUSE_MS = 50;

type Line = Pick<Connector, 'write' | 'ask' | 'setReading' | 'announcer'>;

/** What comes in: its way to the handler, the answer to what no handler could take, and the report of what is handled. */
export class Intake {
  private readonly inbox: Inbox;
  private handler: StanzaHandler | undefined;
  private acknowledgements: Acknowledgements | undefined;

  /** @param line asked for when it is needed, since it is made after this */
  constructor(
    private readonly settings: Settings,
    private readonly line: () => Line,
  ) {
    this.inbox = new Inbox({
      handler: (stanza, ticket) => this.handle(stanza, ticket),
      ticketOf: (stanza) => this.acknowledgements?.take(stanza),
      onFailure: (stanza, error, ticket) => void this.handlerFailed(stanza, error, ticket),
      maxInFlight: settings.maxInFlight,
      setReading: (reading) => this.line().setReading(reading),
    });
  }

  onStanza(handler: StanzaHandler): void {
    this.handler = handler;
  }

  take(element: Element): void {
    if (!['iq', 'message', 'presence'].includes(element.name)) return;
    if (!this.inbox.put(element)) this.refuse(element, 'server.unavailable');
  }

  /** The connection is up: hands over what came meanwhile, and all that comes. */
  begin(): void {
    const { announcer } = this.line();
    if (announcer.announced.acknowledges) this.acknowledgements = this.newAcknowledgements();
    this.inbox.release();
  }

  /** The connection is gone. What the server keeps until it is reported goes to another worker. */
  end(): void {
    this.acknowledgements?.end();
    this.acknowledgements = undefined;
    const { acknowledges } = this.line().announcer.announced;
    const held = this.inbox.takeHeld().filter((stanza) => !acknowledges || !isNumbered(stanza));
    if (held.length > 0) this.settings.log.warn({ count: held.length }, 'stanzas_held_refused');
    for (const stanza of held) this.refuse(stanza, 'server.unavailable');
  }

  /** The server has told up to which number it has given stanzas to others. */
  moved(n: number): void {
    this.acknowledgements?.moved(n);
  }

  /** Lets the handler finish what it has, and reports that, for the last time. */
  async finish(timeoutMs: number): Promise<void> {
    if (!(await this.inbox.idle(timeoutMs))) this.settings.log.warn({ waitedMs: timeoutMs }, 'xmpp_stop_unfinished');
    await this.acknowledgements?.reported();
    this.acknowledgements?.end();
  }

  private newAcknowledgements(): Acknowledgements {
    const { settings } = this;
    return new Acknowledgements({
      report: async (n) => {
        const condition = errorCondition(await this.line().ask(handledReport(settings, n), settings.timeoutMs));
        if (condition !== undefined) throw new Error(`the server answered ${condition}`);
      },
      askMoved: () => this.line().announcer.askMoved(),
      onLate: (n) => settings.log.warn({ number: n, waitedMs: settings.handleTimeoutMs }, 'stanza_handle_late'),
      deadlineMs: settings.handleTimeoutMs,
      pauseMs: REPORT_PAUSE_MS,
      onFailing: (why) => settings.log.warn({ why }, 'xmpp_report_failed'),
      onWorking: (failures) => settings.log.info({ failures }, 'xmpp_report_resumed'),
    });
  }

  private handle(stanza: Element, ticket: Ticket | undefined): void | Promise<void> {
    if (this.handler !== undefined) return this.handler(stanza, ticket);
    this.refuse(stanza, 'server.unavailable');
  }

  private async handlerFailed(stanza: Element, error: unknown, ticket: Ticket | undefined): Promise<void> {
    const { name, attrs } = stanza;
    this.settings.log.error({ stanza: name, from: attrs['from'], to: attrs['to'], error }, 'stanza_handle_failed');
    if (!(await ticket?.isElsewhere())) this.refuse(stanza, 'server.error');
  }

  /** Answers a stanza that nobody took; a stanza that cannot be answered is left. */
  private refuse(stanza: Element, name: FaultName): void {
    const answer = this.settings.writeError(stanza, fault(name));
    if (answer === undefined) return;
    this.line().write(answer).catch((error: unknown) => {
      this.settings.log.debug({ to: answer.attrs['to'], why: toError(error).message }, 'stanza_refuse_failed');
    });
  }
}
