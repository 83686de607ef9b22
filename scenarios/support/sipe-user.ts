import { DEFAULT_DEADLINE_MS, Mailbox } from './mailbox';
import type { Program } from './process';

/** Between two looks at the contact list. */
const LOOK_AGAIN_MS = 50;
/** libpurple tells coming, going and any other change by different signals. */
const CONTACT_EVENTS = ['buddy-online', 'buddy-offline', 'buddy-status'];

/** An event of a client: `ev` names it, the other fields are those of the bench's README. */
export interface SipeEvent {
  readonly ev: string;
  readonly [field: string]: unknown;
}

/** A signed-in SIPE client, headless. */
export class SipeUser {
  private readonly events: Mailbox<SipeEvent>;
  /** Contacts that were added; each is added again once. */
  private readonly added = new Set<string>();

  constructor(
    readonly address: string,
    private readonly program: Program,
  ) {
    this.events = new Mailbox(`SIPE ${address}`, (event) => JSON.stringify(event));
    program.onLine((line) => this.heard(line));
    void program.exited.then(() => this.events.close(new Error('the client ended')));
  }

  /** Gives the client one command of its README: `add sip:ann@example.com`, `im WHO text`, `status busy` ... */
  command(line: string): void {
    if (/[\r\n]/.test(line)) throw new Error('a command of the SIPE client is one line');
    const [verb, who] = line.split(' ');
    if (verb === 'add' && who !== undefined) this.added.add(who);
    this.program.write(`${line}\n`);
  }

  /** Claims the oldest event of that name whose fields match, waiting for it if need be. */
  event(name: string, fields: Readonly<Record<string, unknown>> = {}, deadlineMs?: number): Promise<SipeEvent> {
    const wanted = (event: SipeEvent): boolean =>
      event.ev === name && Object.entries(fields).every(([field, value]) => event[field] === value);
    return this.events.take({ what: `event ${name} ${JSON.stringify(fields)}`, wanted, deadlineMs });
  }

  /** The next status in which the client shows a contact: a status id of libpurple (available, away, busy, offline ...). */
  async sees(contact: string, deadlineMs?: number): Promise<string> {
    const wanted = (event: SipeEvent): boolean => CONTACT_EVENTS.includes(event.ev) && event['who'] === contact;
    const { status } = await this.events.take({ what: `status of ${contact}`, wanted, deadlineMs });
    return String(status);
  }

  /** Waits until the text beside a contact's name matches: a note, or what he does. Resolves to his status. */
  async reads(contact: string, text: RegExp): Promise<string> {
    const deadline = Date.now() + DEFAULT_DEADLINE_MS;
    for (;;) {
      this.command('buddies');
      const shown = await this.event('buddy', { who: contact });
      if (text.test(String(shown['text'] ?? ''))) return String(shown['status']);
      if (Date.now() > deadline) throw new Error(`${contact} is shown as ${JSON.stringify(shown)}, not with ${text}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  /** Events nobody has claimed. */
  get unclaimed(): readonly SipeEvent[] {
    return this.events.unclaimed;
  }

  /** Signs out cleanly and ends the client. */
  async stop(): Promise<void> {
    await this.program.stop();
  }

  /** Ends the client without a word on the wire. */
  async crash(): Promise<void> {
    this.program.kill('SIGKILL');
    await this.program.stop();
  }

  private heard(line: string): void {
    if (!line.startsWith('{')) return;
    const event = JSON.parse(line) as SipeEvent;
    this.events.put(event);
    if (event.ev === 'buddy-removed') this.addAgain(String(event['who']));
  }

  /** The server's contact list may come after the client has signed on: whom we have added before that it takes away again. */
  private addAgain(who: string): void {
    if (this.added.delete(who)) this.program.write(`add ${who}\n`);
  }
}
