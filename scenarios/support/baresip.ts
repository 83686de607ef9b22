import { BaresipControl } from './baresip-control';
import { Mailbox } from './mailbox';
import { freePort } from './ports';
import { Program } from './process';
import type { Transport } from './sip-sockets';
import type { ChatMessage, ContactStatus } from './user-agent';

const MODULE_PATH = '/usr/lib/baresip/modules'; // of Debian's baresip-core
const MODULES = ['account', 'contact', 'menu', 'presence', 'ctrl_tcp'];
const STOP_DEADLINE_MS = 1_000;

export interface BaresipOptions {
  /** Port of the SIP server that everything goes to (127.0.0.1). */
  readonly proxyPort: number;
  /** Port to listen on; without it a free one. */
  readonly port?: number;
  readonly transport?: Transport;
  readonly user?: string;
  /** SIP URIs to watch; baresip reads its contacts at the start only, and subscribes a second later. */
  readonly contacts: readonly string[];
}

/**
 * A real baresip 1.0 as the SIP user (Debian package baresip-core): watches its contacts, publishes open or closed, sends
 * and shows messages. It knows a contact as Online, Offline, Busy or Unknown only; `linphone.ts` reads more.
 */
export class Baresip {
  private readonly messages = new Mailbox<ChatMessage>('baresip', ({ from, text }) => `${from}: ${text}`);
  private readonly statuses = new Mailbox<ContactStatus>('baresip', ({ contact, status }) => `${contact} is ${status}`);
  private readonly refusals = new Mailbox<string>('baresip', (text) => text);
  private readonly seen = new Map<string, string>();
  private unfinished: ChatMessage | undefined;
  private current = 0;

  private constructor(
    readonly port: number,
    private readonly contacts: readonly string[],
    private readonly program: Program,
    private readonly control: BaresipControl,
  ) {
    program.onLine((line) => this.heard(line));
    void program.exited.then((exit) => this.ended(`baresip ended (code ${exit.code})`));
  }

  static async start(options: BaresipOptions): Promise<Baresip> {
    const [port, controlPort] = [options.port ?? (await freePort()), await freePort()];
    const program = await Program.start({
      name: 'baresip',
      command: 'baresip',
      args: (directory) => ['-4', '-s', '-f', directory],
      files: () => files(options, port, controlPort),
      ready: /baresip is ready/,
    });
    try {
      return new Baresip(port, options.contacts, program, await BaresipControl.open(controlPort));
    } catch (cause) {
      await program.stop();
      throw new Error(`baresip has no control port (${String(cause)})\n${program.log}`, { cause });
    }
  }

  /** Everything it printed: commands, and each SIP message as sent or received. */
  get log(): string {
    return this.program.log;
  }

  /** Waits until baresip shows the contact so: Online, Offline, Busy or Unknown. What it showed before is forgotten. */
  async presence(contact: string, status: string, deadlineMs?: number): Promise<void> {
    const wanted = (shown: ContactStatus): boolean => shown.contact === contact;
    for (let shown = ''; shown !== status; ) {
      ({ status: shown } = await this.statuses.take({ what: `sight of ${contact} as ${status}`, wanted, deadlineMs }));
    }
  }

  /** The next message that baresip shows; it takes longer ones than about 480 bytes (200 OK) and shows nothing. */
  message(deadlineMs?: number): Promise<ChatMessage> {
    return this.messages.take({ what: 'message', wanted: () => true, deadlineMs });
  }

  /** The next refusal of a message that was sent, as status and reason. */
  refusal(deadlineMs?: number): Promise<string> {
    return this.refusals.take({ what: 'refusal', wanted: () => true, deadlineMs });
  }

  /** Sends a message to one of the contacts; at most about 1,000 bytes, line breaks included. */
  async say(contact: string, text: string): Promise<void> {
    const index = this.contacts.indexOf(contact);
    if (index < 0) throw new Error(`baresip writes to its contacts only, and ${contact} is none`);
    while (this.current !== index) {
      await this.control.command(this.current < index ? 'contact_next' : 'contact_prev');
      this.current += Math.sign(index - this.current);
    }
    await this.control.command('message', text);
  }

  /** Tells its watchers `open` or `closed`; before the first call it tells them `?`. */
  async publish(status: 'open' | 'closed'): Promise<void> {
    await this.control.command(status === 'open' ? 'presence_online' : 'presence_offline');
  }

  /** Signs out cleanly: NOTIFY terminated to its watchers, SUBSCRIBE with Expires 0 to those it watches. */
  async quit(): Promise<void> {
    await this.control.command('quit');
    await this.program.exited; // until then it refuses what comes
  }

  async stop(): Promise<void> {
    this.control.close();
    await this.program.stop(STOP_DEADLINE_MS);
  }

  /** Ends it without a word on the wire. */
  async crash(): Promise<void> {
    this.program.kill('SIGKILL');
    await this.stop();
  }

  private heard(line: string): void {
    if (this.unfinished !== undefined) return this.more(this.unfinished, line);
    const start = /^\r?(sips?:\S+): "(.*)$/s.exec(line);
    const [, from = '', text = ''] = start ?? [];
    if (start !== null) return this.more({ from, text: '' }, text);
    const refusal = /^ \x1b\[31m(.*)\x1b\[;m$/.exec(line)?.[1];
    if (refusal !== undefined) this.refusals.put(refusal);
    if (/^(?:NOTIFY |CSeq: \d+ SUBSCRIBE)/.test(line)) void this.look();
  }

  /** A message is shown over several lines when it has several; the quotation mark at a line's end ends it. */
  private more({ from, text }: ChatMessage, line: string): void {
    const whole = text === '' ? line : `${text}\n${line}`;
    this.unfinished = whole.endsWith('"') ? undefined : { from, text: whole };
    if (this.unfinished === undefined) this.messages.put({ from, text: whole.slice(0, -1) });
  }

  /** Asks baresip how it shows its contacts: it tells a change by itself only when a status was known before. */
  private async look(): Promise<void> {
    const shown = await this.control.command('contacts').catch(() => '');
    for (const [, status = '', contact = ''] of shown.matchAll(/\x1b\[3\dm(\w+)\x1b\[;m .*<(\S+)>/g)) {
      if (this.seen.get(contact) === status) continue;
      this.seen.set(contact, status);
      this.statuses.put({ contact, status });
    }
  }

  private ended(why: string): void {
    for (const mailbox of [this.messages, this.statuses, this.refusals]) mailbox.close(new Error(why));
  }
}

function files({ proxyPort, transport = 'udp', user = 'bob@example.com', contacts }: BaresipOptions, port: number, controlPort: number) {
  const proxy = `sip:127.0.0.1:${proxyPort};transport=${transport}`;
  const lines = [`sip_listen 127.0.0.1:${port}`, 'net_interface 127.0.0.1', `module_path ${MODULE_PATH}`, 'module stdio.so', 'module g711.so'];
  return {
    config: [...lines, ...MODULES.map((name) => `module_app ${name}.so`), `ctrl_tcp_listen 127.0.0.1:${controlPort}`, ''].join('\n'),
    accounts: `<sip:${user};transport=${transport}>;regint=0;outbound="${proxy}";audio_codecs=pcmu\n`,
    contacts: contacts.map((uri) => `<${uri}>;presence=p2p\n`).join(''),
  };
}
