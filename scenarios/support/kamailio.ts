import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { DEFAULT_DEADLINE_MS } from './mailbox';
import { freePort, LOOPBACK } from './ports';
import { Program, temporaryDirectory } from './process';

/** What an administrator is told to run (docs/kamailio.md). */
const PUBLISHED = join(__dirname, '..', '..', 'deploy', 'kamailio', 'kamailio.cfg');
const SCHEMAS = '/usr/share/kamailio/db_sqlite';
const TABLES = ['standard', 'auth_db', 'usrloc', 'presence'];
/** presence_xml: a pres-rules document (RFC 5025) in the table xcap. */
const PRES_RULES = 2;
/** Our own key for that document: nobody fetches it by XCAP. */
const rulesOf = (user: string): string => `rules of ${user}`;

const RETRY_MS = 50;

/** What a user's rules say of his watchers (RFC 5025 section 3.2.1). */
export type SubHandling = 'block' | 'confirm' | 'polite-block' | 'allow';

export interface KamailioOptions {
  readonly domain: string;
  /** Local parts of the SIP accounts; the password is the same word. */
  readonly users: readonly string[];
  /** Where isthmus listens. */
  readonly isthmusPort: number;
  /** The longest subscription that is granted; default: Kamailio's own 3600. */
  readonly maxExpiresSeconds?: number;
  /** Users decide who may see them (table xcap); default: everybody may. */
  readonly authorization?: boolean;
}

interface Place {
  readonly directory: string;
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
    const place = { directory, users: await freePort(), gateway: await freePort(), commands: await freePort() };
    try {
      await makeDatabase(options, place);
      return new Kamailio(options, place, await run(options, place));
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
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
    for (const each of [pid, ...children.trim().split(' ').map(Number)]) process.kill(each, 'SIGKILL');
    await this.program.stop();
  }

  /** It is back on the same ports, with the database as it was left. */
  async resume(): Promise<void> {
    this.program = await run(this.options, this.place);
  }

  /** While it is away: it will remember its accounts, and no registration, subscription or state. */
  async forget(): Promise<void> {
    await rm(join(this.place.directory, 'kamailio.sqlite'));
    await makeDatabase(this.options, this.place);
  }

  /** A user's rule for all his watchers; those who watch already are told at once. */
  async decides(user: string, handling: SubHandling): Promise<void> {
    await sql(this.place, `DELETE FROM xcap WHERE doc_uri = '${rulesOf(user)}';\n${insertRules(user, this.options.domain, handling)}`);
    await this.command('presence.refreshWatchers', [`sip:${user}@${this.options.domain}`, 'presence', 0]);
  }

  /** Who watches a user at this moment, by Kamailio's own table. */
  async watchersOf(address: string): Promise<string[]> {
    const rows = await sql(this.place, `SELECT watcher_username || '@' || watcher_domain FROM active_watchers WHERE presentity_uri = 'sip:${address}';`);
    return rows.split('\n').filter((row) => row !== '');
  }

  /** Waits until nobody watches a user any more. */
  async untilUnwatched(address: string): Promise<void> {
    const deadline = Date.now() + DEFAULT_DEADLINE_MS;
    while ((await this.watchersOf(address)).length > 0) {
      if (Date.now() > deadline) throw new Error(`Kamailio: ${address} is still watched`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
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
    await rm(this.place.directory, { recursive: true, force: true });
  }
}

const database = ({ directory }: Place): string => join(directory, 'kamailio.sqlite');

/** Runs SQL, and gives the rows that it selects, a line for each. */
async function sql(place: Place, text: string): Promise<string> {
  const run = promisify(execFile)('sqlite3', ['-bail', database(place)]);
  run.child.stdin?.end(`.timeout 5000\n${text}\n`);
  return (await run).stdout;
}

const insertRules = (user: string, domain: string, handling: SubHandling): string => {
  const rule = `<cr:rule id="r"><cr:actions><sub-handling>${handling}</sub-handling></cr:actions><cr:transformations/></cr:rule>`;
  const document = `<cr:ruleset xmlns="urn:ietf:params:xml:ns:pres-rules" xmlns:cr="urn:ietf:params:xml:ns:common-policy">${rule}</cr:ruleset>`;
  const values = [`'${user}'`, `'${domain}'`, `'${document}'`, PRES_RULES, `'1'`, 0, `'${rulesOf(user)}'`, 0];
  return `INSERT INTO xcap (username, domain, doc, doc_type, etag, source, doc_uri, port) VALUES (${values.join(', ')});`;
};

/** As docs/kamailio.md says: with a log that is written ahead, so that no reader is in a writer's way (Kamailio does not wait). */
async function makeDatabase({ users, domain }: KamailioOptions, place: Place): Promise<void> {
  const schemas = TABLES.map((name) => `.read ${SCHEMAS}/${name}-create.sql`);
  const accounts = users.map((user) => `INSERT INTO subscriber (username, domain, password) VALUES ('${user}', '${domain}', '${user}');`);
  await sql(place, ['PRAGMA journal_mode = WAL;', 'BEGIN;', ...schemas, ...accounts, 'COMMIT;'].join('\n'));
}

/** What differs from the published configuration: addresses, fewer processes, and a door for commands. */
function configuration({ domain, isthmusPort, maxExpiresSeconds, authorization = false }: KamailioOptions, place: Place): string {
  const both = (name: string, port: number): string[] =>
    ['udp', 'tcp'].map((transport) => `#!define ${name}_${transport.toUpperCase()} ${transport}:${LOOPBACK}:${port}`);
  return [
    `#!define DOMAIN "${domain}"`,
    ...both('USERS', place.users),
    ...both('GATEWAY', place.gateway),
    `#!define ISTHMUS_ADDRESS "${LOOPBACK}"`,
    `#!define ISTHMUS_URI "sip:${LOOPBACK}:${isthmusPort};transport=tcp"`,
    `#!define DATABASE "sqlite:///${database(place)}"`,
    `include_file "${PUBLISHED}"`,
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
