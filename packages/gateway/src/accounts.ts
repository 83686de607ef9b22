import type { BareJid } from '@isthmus/model';

/** What the XMPP server says of an address of its domain (the plug-in's `account` query). */
export interface Account {
  readonly local: boolean;
  readonly online: boolean;
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
  private readonly known = new Map<BareJid, { readonly local: boolean; readonly until: number }>();
  private readonly asking = new Map<BareJid, Promise<Account>>();

  constructor(private readonly options: AccountsOptions) {}

  async isLocal(jid: BareJid): Promise<boolean> {
    const known = this.known.get(jid);
    if (known !== undefined && known.until > this.options.now()) return known.local;
    return (await this.lookUp(jid)).local;
  }

  /** Asks now; several callers at once share one query. */
  lookUp(jid: BareJid): Promise<Account> {
    const running = this.asking.get(jid);
    if (running !== undefined) return running;
    const query = this.options
      .ask(jid)
      .then((account) => this.remember(jid, account))
      .finally(() => this.asking.delete(jid));
    this.asking.set(jid, query);
    return query;
  }

  /** After the XMPP server has been away its accounts may have changed. */
  forget(): void {
    this.known.clear();
  }

  private remember(jid: BareJid, account: Account): Account {
    this.known.delete(jid);
    this.known.set(jid, { local: account.local, until: this.options.now() + this.options.ttlMs });
    if (this.known.size > this.options.maxCached) {
      const oldest = this.known.keys().next();
      if (!oldest.done) this.known.delete(oldest.value);
    }
    return account;
  }
}
