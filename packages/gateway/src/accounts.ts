import type { BareJid } from '@isthmus/model';
import { Answers } from './answers';

/** What the XMPP server says of an address of its domain (the plug-in's `account` query). */
export interface Account {
  readonly local: boolean;
  /** Absent: nobody can say. */
  readonly online?: boolean;
}

export interface AccountsOptions {
  /** Asks the XMPP server; rejects when it cannot be asked. */
  readonly ask: (jid: BareJid) => Promise<Account>;
  readonly ttlMs: number;
  readonly maxCached: number;
  readonly now: () => number;
}

/** Is this address an account of the XMPP server? Answers are believed for a while; being online is always asked afresh. */
export class Accounts {
  private known: Answers;
  private readonly asking = new Map<BareJid, Promise<Account>>();

  constructor(private readonly options: AccountsOptions) {
    this.known = new Answers(options);
  }

  async isLocal(jid: BareJid): Promise<boolean> {
    return this.known.get(jid) ?? (await this.lookUp(jid)).local;
  }

  /** Asks now; several callers at once share one query. */
  lookUp(jid: BareJid): Promise<Account> {
    const running = this.asking.get(jid);
    if (running !== undefined) return running;
    const { known } = this;
    const query = this.options
      .ask(jid)
      .then((account) => {
        known.set(jid, account.local);
        return account;
      })
      .finally(() => this.asking.delete(jid));
    this.asking.set(jid, query);
    return query;
  }

  /** After the XMPP server has been away its accounts may have changed: what was asked before is not believed any more. */
  forget(): void {
    this.known = new Answers(this.options);
  }
}
