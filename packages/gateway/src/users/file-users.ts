import type { BareJid } from '@isthmus/model';
import type { Logger } from '../log';
import { readListFile, signatureOf } from './list-file';
import type { SipUsers } from './sip-users';

export interface FileUsersOptions {
  readonly file: string;
  /** Pause between two looks whether the file has changed, milliseconds. */
  readonly lookMs: number;
  readonly log: Logger;
}

/**
 * The list of SIP users in a file, which is read again when it has changed: by looking, since what tells of changes does not
 * reach every kind of file system, and misses a file that is replaced. What cannot be used is told once, and the list stays.
 */
export class FileUsers implements SipUsers {
  private readonly timer: NodeJS.Timeout;
  /** Of the file at the last look, and when it was read last. */
  private seen: string | undefined;
  private read: string | undefined;
  private work: Promise<void> = Promise.resolve();
  private stopped = false;

  private constructor(
    private users: ReadonlySet<BareJid>,
    signature: string | undefined,
    private readonly options: FileUsersOptions,
  ) {
    this.seen = this.read = signature;
    this.timer = setInterval(() => this.after(() => this.look()), options.lookMs);
    this.timer.unref();
  }

  /** Rejects with `UserListError`: at the start there is no list that could stay. */
  static async open(options: FileUsersOptions): Promise<FileUsers> {
    const signature = await signatureOf(options.file);
    const users = await readListFile(options.file);
    options.log.info({ file: options.file, count: users.size }, 'sip_users_read');
    return new FileUsers(users, signature, options);
  }

  get count(): number {
    return this.users.size;
  }

  has(user: BareJid): boolean {
    return this.users.has(user);
  }

  refresh(): void {
    this.after(async () => this.take(await signatureOf(this.options.file)));
  }

  /** From now on nothing is taken or told, also of a look that is under way. */
  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
  }

  /** One after the other, so that what was read last counts. */
  private after(step: () => Promise<void>): void {
    this.work = this.work.then(step);
  }

  /** A file that changes between two looks is being written: it is read when it rests. */
  private async look(): Promise<void> {
    const before = this.seen;
    this.seen = await signatureOf(this.options.file);
    if (this.seen === before && this.seen !== this.read) await this.take(this.seen);
  }

  private async take(signature: string | undefined): Promise<void> {
    const { file, log } = this.options;
    this.read = signature;
    try {
      const users = await readListFile(file);
      if (this.stopped) return;
      this.users = users;
      log.info({ file, count: this.users.size }, 'sip_users_read');
    } catch (error) {
      if (this.stopped) return;
      log.error({ file, count: this.users.size, why: error instanceof Error ? error.message : String(error) }, 'sip_users_refused');
    }
  }
}
