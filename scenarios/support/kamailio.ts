import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { KamailioDatabase } from './kamailio-database';
import type { SubHandling, Subscription } from './kamailio-database';
import { DEFAULT_DEADLINE_MS } from './mailbox';
import { freePort, LOOPBACK } from './ports';
import { Program, temporaryDirectory } from './process';
import type { Transport } from './sip-sockets';

/** What an administrator is told to run (docs/kamailio.md). */
const PUBLISHED = join(__dirname, '..', '..', 'deploy', 'kamailio', 'kamailio.cfg');

export interface KamailioOptions {
  readonly domain: string;
  /** Local parts of the SIP accounts; the password is the same word. */
  readonly users: readonly string[];
  /** Where isthmus listens, and how the two speak; default: TCP. */
  readonly isthmusPort: number;
  readonly transport?: Transport;
  /** The longest subscription that is granted; default: Kamailio's own 3600. */
  readonly maxExpiresSeconds?: number;
  /** It gives back what came from isthmus and what it does not know, as the static route of Lync does; default: it answers 404. */
  readonly routesBack?: boolean;
  /** Users decide who may see them (table xcap); default: everybody may. */
  readonly authorization?: boolean;
}

interface Place {
  readonly directory: string;
  readonly database: KamailioDatabase;
  /** Ports for users, for isthmus, for commands. */
  readonly users: number;
  readonly gateway: number;
  readonly commands: number;
}

/** A real Kamailio with the published configuration, its own database and ports; a child of the test, gone when the test is. */
export class Kamailio {
  private constructor(
    private readonly options: KamailioOptions,
    private readonly place: Place,
    private program: Program,
  ) {}

  static async start(options: KamailioOptions): Promise<Kamailio> {
    const directory = await temporaryDirectory('kamailio');
    const database = await KamailioDatabase.inMemory(options.domain);
    const place = { directory, database, users: await freePort(), gateway: await freePort(), commands: await freePort() };
    try {
      await database.make(options.users);
      return new Kamailio(options, place, await run(options, place));
    } catch (error) {
      await Promise.all([rm(directory, { recursive: true, force: true }), database.stop()]);
      throw error;
    }
  }

  /** Where SIP users reach it, UDP and TCP. */
  get usersPort(): number {
    return this.place.users;
  }

  /** Where isthmus reaches it, UDP and TCP. */
  get gatewayPort(): number {
    return this.place.gateway;
  }

  get log(): string {
    return this.program.log;
  }

  /** Ends it in good order: it stays away until `resume`. */
  async suspend(): Promise<void> {
    await this.program.stop();
  }

  /** Every process of it ends at once: nothing is written, nobody is told. */
  async crash(): Promise<void> {
    const { pid } = this.program;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    for (const each of [pid, ...children.split(' ').map(Number).filter(Boolean)]) process.kill(each, 'SIGKILL');
    await this.program.stop();
  }

  /** It is back on the same ports, with the database as it was left. */
  async resume(): Promise<void> {
    this.program = await run(this.options, this.place);
  }

  /** While it is away: it will remember its accounts, and no registration, subscription or state. */
  async forget(): Promise<void> {
    await this.place.database.remove();
    await this.place.database.make(this.options.users);
  }

  /** A user's rule for all his watchers; those who watch already are told at once. */
  async decides(user: string, handling: SubHandling): Promise<void> {
    await this.place.database.putRule(user, handling);
    await this.command('presence.refreshWatchers', [`sip:${user}@${this.options.domain}`, 'presence', 0]);
  }

  /** Who watches a user at this moment. */
  async watchersOf(address: string): Promise<string[]> {
    return (await this.place.database.subscriptions(address)).map(({ watcher }) => watcher);
  }

  /** The one subscription to a user. */
  async subscriptionTo(address: string): Promise<Subscription> {
    const [only, ...others] = await this.place.database.subscriptions(address);
    if (only === undefined || others.length > 0) throw new Error(`Kamailio: ${others.length === 0 ? 'no' : 'more than one'} subscription to ${address}`);
    return only;
  }

  untilWatched(address: string): Promise<void> {
    return this.place.database.until(address, 'watched', (all) => all.length > 0);
  }

  untilUnwatched(address: string): Promise<void> {
    return this.place.database.until(address, 'watched by nobody', (all) => all.length === 0);
  }

  /** Waits until a watcher's requests in its dialog have reached this number. */
  untilRefreshed(address: string, cseq: number): Promise<void> {
    return this.place.database.until(address, `watched by request ${cseq}`, (all) => all.some((each) => each.cseq >= cseq));
  }

  /** Runs a command of Kamailio's (JSON-RPC over UDP) and gives its result. */
  async command(method: string, params: readonly unknown[] = []): Promise<unknown> {
    const socket = createSocket('udp4');
    try {
      const answered = new Promise<Buffer>((resolve, reject) => {
        socket.once('message', resolve).once('error', reject);
        setTimeout(() => reject(new Error(`Kamailio: no answer to ${method}`)), DEFAULT_DEADLINE_MS).unref();
      });
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }), this.place.commands, LOOPBACK);
      const { result, error } = JSON.parse((await answered).toString()) as { result?: unknown; error?: unknown };
      if (error !== undefined) throw new Error(`Kamailio: ${method}: ${JSON.stringify(error)}`);
      return result;
    } finally {
      socket.close();
    }
  }

  async stop(): Promise<void> {
    await this.program.stop();
    await Promise.all([rm(this.place.directory, { recursive: true, force: true }), this.place.database.stop()]);
  }
}

/** The rule of the published configuration that nothing goes back to where it came from. */
const NEVER_BACK = /\tif \(isflagset\(FROM_ISTHMUS\)\) \{\n\t\tsl_send_reply\("404", "Not Found"\);\n\t\texit;\n\t\}\n/;

function withoutRule(rule: RegExp): string {
  const published = readFileSync(PUBLISHED, 'utf8');
  if (!rule.test(published)) throw new Error(`${PUBLISHED} has no rule ${String(rule)}`);
  return published.replace(rule, '').replace('#!KAMAILIO\n', '');
}

/** What differs from the published configuration: addresses, fewer processes, and a door for commands. */
function configuration({ domain, isthmusPort, transport = 'tcp', maxExpiresSeconds, routesBack = false, authorization = false }: KamailioOptions, place: Place): string {
  const both = (name: string, port: number): string[] =>
    ['udp', 'tcp'].map((transport) => `#!define ${name}_${transport.toUpperCase()} ${transport}:${LOOPBACK}:${port}`);
  return [
    `#!define DOMAIN "${domain}"`,
    ...both('USERS', place.users),
    ...both('GATEWAY', place.gateway),
    `#!define ISTHMUS_ADDRESS "${LOOPBACK}"`,
    `#!define ISTHMUS_URI "sip:${LOOPBACK}:${isthmusPort};transport=${transport}"`,
    `#!define ISTHMUS_SOCKET "gateway-${transport}"`,
    `#!define DATABASE "${place.database.url}"`,
    routesBack ? withoutRule(NEVER_BACK) : `include_file "${PUBLISHED}"`,
    'children=1',
    'tcp_children=1',
    'loadmodule "jsonrpcs.so"',
    'loadmodule "xlog.so"',
    'modparam("jsonrpcs", "transport", 4)', // UDP only
    `modparam("jsonrpcs", "dgram_socket", "udp:${LOOPBACK}:${place.commands}")`,
    'modparam("presence", "clean_period", 1)',
    ...(maxExpiresSeconds === undefined ? [] : [`modparam("presence", "max_expires", ${maxExpiresSeconds})`]),
    ...(authorization ? ['modparam("presence_xml", "force_active", 0)'] : []),
    'event_route[core:worker-one-init] { xlog("L_ALERT", "Kamailio is up\\n"); }',
    '',
  ].join('\n');
}

function run(options: KamailioOptions, place: Place): Promise<Program> {
  const { directory } = place;
  return Program.start({
    name: 'kamailio',
    command: 'kamailio',
    directory,
    // In the foreground, log to standard error, little memory, and its runtime files in our folder.
    args: () => ['-f', join(directory, 'main.cfg'), '-DD', '-E', '-m', '32', '-M', '4', '-Y', directory, '-w', directory],
    files: () => ({ 'main.cfg': configuration(options, place) }),
    ready: /Kamailio is up/,
    onOurDeath: 'TERM',
  });
}
