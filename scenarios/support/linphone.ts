import { Mailbox } from './mailbox';
import { freePort } from './ports';
import { isInstalled, Program } from './process';
import type { Transport } from './sip-sockets';
import type { ChatMessage, ContactStatus } from './user-agent';

const STOP_DEADLINE_MS = 1_000;

export interface LinphoneOptions {
  /** Port of the SIP server that everything goes to (127.0.0.1). */
  readonly proxyPort: number;
  /** Port to listen on; without it a free one. */
  readonly port?: number;
  readonly transport?: Transport;
  readonly user?: string;
  /** Password of his account on that server: with it linphone registers and publishes its state there. */
  readonly password?: string;
  /** Expires of what it publishes. */
  readonly publishExpiresSeconds?: number;
  /** Expires of its subscriptions. */
  readonly subscribeExpiresSeconds?: number;
}

/**
 * A real linphone 5.1 as the SIP user (Debian package linphone-cli, the console program linphonec): watches contacts and
 * names their activities, tells its watchers that it is open as long as it runs, sends and shows messages. It notifies
 * only watchers whom it watches itself, and a SUBSCRIBE without Expires crashes it.
 */
export class Linphone {
  private readonly messages = new Mailbox<ChatMessage>('linphone', ({ from, text }) => `${from}: ${text}`);
  private readonly statuses = new Mailbox<ContactStatus>('linphone', ({ contact, status }) => `${contact} is ${status}`);
  private friends: string[] = [];

  private constructor(
    readonly port: number,
    private readonly program: Program,
  ) {
    program.onLine((line) => this.heard(line));
    void program.exited.then((exit) => this.ended(`linphone ended (code ${exit.code})`));
  }

  static async start(options: LinphoneOptions): Promise<Linphone> {
    if (!isInstalled('linphonec')) throw new Error('linphonec is not installed: run "node scripts/setup.mjs test"');
    const port = options.port ?? (await freePort());
    const program = await Program.start({
      name: 'linphone',
      command: 'stdbuf', // it does not flush what it says of presence
      args: (directory) => ['-oL', 'linphonec', '-c', `${directory}/linphonerc`],
      env: (directory) => ({ HOME: directory }),
      files: (directory) => ({ linphonerc: configuration(options, port), [DATA_FOLDER]: '' }),
      ready: /linphonec>|video is disabled/,
    });
    return new Linphone(port, program);
  }

  get log(): string {
    return this.program.log;
  }

  /** Adds a contact: the SUBSCRIBE goes out at once. */
  watch(contact: string): void {
    this.friends.push(contact);
    this.program.write(`friend add ${contact.replace(/\W+/g, '-')} ${contact}\n`);
  }

  /** Waits until linphone shows the contact so: Online, Offline, Away, Busy, On the phone, Out to lunch, Do not disturb ... What it showed before is forgotten. */
  async presence(contact: string, status: string, deadlineMs?: number): Promise<void> {
    const wanted = (shown: ContactStatus): boolean => shown.contact === contact;
    for (let shown = ''; shown !== status; ) {
      ({ status: shown } = await this.statuses.take({ what: `sight of ${contact} as ${status}`, wanted, deadlineMs }));
    }
  }

  /** The next message that linphone shows: its first line, since the console does not say where a message ends. */
  message(deadlineMs?: number): Promise<ChatMessage> {
    return this.messages.take({ what: 'message', wanted: () => true, deadlineMs });
  }

  /** Sends a message of one line. */
  say(to: string, text: string): void {
    this.program.write(`chat ${to} ${text}\n`);
  }

  /**
   * Signs out: NOTIFY terminated to its watchers, SUBSCRIBE with Expires 0 to those it watches, then PUBLISH with Expires 0. For
   * the answer to that SUBSCRIBE it waits a second at most: when it is late, linphone ends, and what it has published lapses.
   */
  quit(): void {
    this.program.write('quit\n');
  }

  async stop(): Promise<void> {
    await this.program.stop(STOP_DEADLINE_MS);
  }

  /** Ends it without a word on the wire. */
  async crash(): Promise<void> {
    this.program.kill('SIGKILL');
    await this.stop();
  }

  private heard(line: string): void {
    const [, contact, status] = /Friend .*?<?(sips?:[^\s>]+)>? is (.+)$/.exec(line) ?? [];
    if (contact !== undefined && status !== undefined) this.statuses.put({ contact, status });
    const [, from, text] = /Message received from .*?<?(sips?:[^\s>]+?)>?: (.*)$/.exec(line) ?? [];
    if (from !== undefined && text !== undefined) this.messages.put({ from, text });
  }

  private ended(why: string): void {
    for (const mailbox of [this.messages, this.statuses]) mailbox.close(new Error(why));
  }
}

/** Linphone puts its databases there and does not make the folder itself. */
const DATA_FOLDER = '.local/share/linphone/.keep';

function account(user: string, password: string): string {
  const [name, domain] = user.split('@');
  return `[auth_info_0]
username=${name}
passwd=${password}
realm=${domain}
domain=${domain}
`;
}

function configuration(options: LinphoneOptions, port: number): string {
  const { proxyPort, transport = 'udp', user = 'bob@example.com', password, publishExpiresSeconds = 600, subscribeExpiresSeconds = 600 } = options;
  const hasAccount = password === undefined ? 0 : 1;
  const proxy = `<sip:127.0.0.1:${proxyPort};transport=${transport};lr>`;
  return `[sip]
bind_address=127.0.0.1
sip_port=${transport === 'udp' ? port : 0}
sip_tcp_port=${transport === 'tcp' ? port : 0}
sip_tls_port=0
contact=<sip:${user}>
guess_hostname=0
default_proxy=0
register_only_when_network_is_up=0
auto_net_state_mon=0
subscribe_expires=${subscribeExpiresSeconds}
subscribe_presence_only_when_registered=0
[proxy_0]
reg_proxy=${proxy}
reg_route=${proxy}
reg_identity=sip:${user}
reg_sendregister=${hasAccount}
reg_expires=600
publish=${hasAccount}
publish_expires=${publishExpiresSeconds}
${password === undefined ? '' : account(user, password)}`;
}
