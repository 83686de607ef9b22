import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { DEFAULT_DEADLINE_MS } from './mailbox';

const SCHEMAS = '/usr/share/kamailio/db_sqlite';
const TABLES = ['standard', 'auth_db', 'usrloc', 'presence'];
/** presence_xml: a pres-rules document (RFC 5025) in the table xcap. */
const PRES_RULES = 2;
/** Our own key for that document: nobody fetches it by XCAP. */
const rulesOf = (user: string): string => `rules of ${user}`;
const RETRY_MS = 50;
const MEMORY = '/dev/shm';

/** What a user's rules say of his watchers (RFC 5025 section 3.2.1). */
export type SubHandling = 'block' | 'confirm' | 'polite-block' | 'allow';

export interface Subscription {
  /** Address of the watcher. */
  readonly watcher: string;
  readonly callId: string;
  /** Number of the watcher's last SUBSCRIBE in the dialog. */
  readonly cseq: number;
}

/** The SQLite database of a Kamailio, made as docs/kamailio.md says. Text goes into SQL as it is: names are the tests' own. */
export class KamailioDatabase {
  private readonly file: string;

  private constructor(
    private readonly directory: string,
    private readonly domain: string,
  ) {
    this.file = join(directory, 'kamailio.sqlite');
  }

  /** Where no write takes long, since Kamailio does not wait for one that goes on: in a file system in memory, where there is one. */
  static async inMemory(domain: string): Promise<KamailioDatabase> {
    const parent = existsSync(MEMORY) ? MEMORY : tmpdir();
    return new KamailioDatabase(await mkdtemp(join(parent, 'isthmus-kamailio-')), domain);
  }

  /** For `db_url`. */
  get url(): string {
    return `sqlite:///${this.file}`;
  }

  /** A new one with accounts whose password is the name. With a log that is written ahead readers and writers do not meet. */
  async make(users: readonly string[]): Promise<void> {
    const schemas = TABLES.map((name) => `.read ${SCHEMAS}/${name}-create.sql`);
    const accounts = users.map((user) => `INSERT INTO subscriber (username, domain, password) VALUES ('${user}', '${this.domain}', '${user}');`);
    await this.run('PRAGMA journal_mode = WAL;', 'BEGIN;', ...schemas, ...accounts, 'COMMIT;');
  }

  async remove(): Promise<void> {
    for (const suffix of ['', '-wal', '-shm']) await rm(this.file + suffix, { force: true });
  }

  async stop(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Puts a user's rule for all watchers of the domain in the place of what he had said. */
  async putRule(user: string, handling: SubHandling): Promise<void> {
    const everybody = `<cr:conditions><cr:identity><cr:many domain="${this.domain}"/></cr:identity></cr:conditions>`;
    const rule = `<cr:rule id="r">${everybody}<cr:actions><sub-handling>${handling}</sub-handling></cr:actions><cr:transformations/></cr:rule>`;
    const document = `<cr:ruleset xmlns="urn:ietf:params:xml:ns:pres-rules" xmlns:cr="urn:ietf:params:xml:ns:common-policy">${rule}</cr:ruleset>`;
    const values = [`'${user}'`, `'${this.domain}'`, `'${document}'`, PRES_RULES, `'1'`, 0, `'${rulesOf(user)}'`, 0];
    await this.run(
      `DELETE FROM xcap WHERE doc_uri = '${rulesOf(user)}';`,
      `INSERT INTO xcap (username, domain, doc, doc_type, etag, source, doc_uri, port) VALUES (${values.join(', ')});`,
    );
  }

  /** Who watches a user at this moment. */
  async subscriptions(address: string): Promise<Subscription[]> {
    const columns = `watcher_username || '@' || watcher_domain || ' ' || callid || ' ' || remote_cseq`;
    const rows = await this.run(`SELECT ${columns} FROM active_watchers WHERE presentity_uri = 'sip:${address}';`);
    return rows.split('\n').filter(Boolean).map((row) => {
      const [watcher = '', callId = '', cseq] = row.split(' ');
      return { watcher, callId, cseq: Number(cseq) };
    });
  }

  /** Kamailio tells nobody of its table: it is looked at again and again. */
  async until(address: string, what: string, wanted: (all: readonly Subscription[]) => boolean): Promise<void> {
    const deadline = Date.now() + DEFAULT_DEADLINE_MS;
    for (;;) {
      const all = await this.subscriptions(address);
      if (wanted(all)) return;
      if (Date.now() > deadline) throw new Error(`Kamailio: ${address} is not ${what}: ${JSON.stringify(all)}`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** Runs SQL, and gives the rows that it selects, a line for each. */
  private async run(...lines: readonly string[]): Promise<string> {
    const running = promisify(execFile)('sqlite3', ['-bail', this.file]);
    running.child.stdin?.end(['.timeout 5000', ...lines, ''].join('\n'));
    return (await running).stdout;
  }
}
