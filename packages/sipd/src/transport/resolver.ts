import { Resolver } from 'node:dns/promises';

/** How long an answer is used again, milliseconds. */
const FRESH_MS = 5000;
/** Names remembered at a time. */
const MAX_NAMES = 256;

interface Entry {
  readonly addresses: readonly string[] | Promise<readonly string[]>;
  readonly until: number;
}

/** The system's name servers; the hosts file plays no part, as with drachtio-server. */
async function resolveA(host: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  return resolver.resolve4(host);
}

/**
 * Looks up A records. Answers are kept for a moment, and requests for the same name share one query, so that messages to it
 * leave in the order in which they came.
 */
export class NameCache {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly resolve: (host: string) => Promise<readonly string[]> = resolveA) {}

  /** The addresses at once when they are known; the promise rejects when there are none. */
  lookUp(host: string): readonly string[] | Promise<readonly string[]> {
    const known = this.entries.get(host);
    if (known !== undefined && known.until > Date.now()) return known.addresses;
    const query = this.resolve(host).then(
      (addresses) => {
        this.remember(host, addresses);
        return addresses;
      },
      (error: unknown) => {
        this.entries.delete(host);
        throw error;
      },
    );
    this.remember(host, query);
    return query;
  }

  private remember(host: string, addresses: Entry['addresses']): void {
    this.entries.delete(host);
    const oldest = this.entries.keys().next();
    if (this.entries.size >= MAX_NAMES && oldest.done !== true) this.entries.delete(oldest.value);
    // A query that is under way ends by its own deadline.
    const until = 'then' in addresses ? Infinity : Date.now() + FRESH_MS;
    this.entries.set(host, { addresses, until });
  }
}
