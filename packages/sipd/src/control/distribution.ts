import type { Client } from './client';

/** Most registrations that one client can make; drachtio-srf needs one for each verb. */
const MAX_VERBS = 64;

/** Which client gets a new request: round robin over the registrations for its method, duplicates counted. */
export class Distribution {
  private readonly byVerb = new Map<string, { readonly clients: Client[]; next: number }>();

  /** Registers a verb; false when the client has registered too many. */
  register(client: Client, verb: string): boolean {
    if (client.verbs.length >= MAX_VERBS) return false;
    const name = verb.toLowerCase();
    client.verbs.push(name);
    const entry = this.byVerb.get(name) ?? { clients: [], next: 0 };
    entry.clients.push(client);
    this.byVerb.set(name, entry);
    return true;
  }

  /** Removes every registration of a client. */
  unregister(client: Client): void {
    for (const verb of new Set(client.verbs)) {
      const entry = this.byVerb.get(verb);
      if (entry === undefined) continue;
      const left = entry.clients.filter((each) => each !== client);
      if (left.length === 0) this.byVerb.delete(verb);
      else this.byVerb.set(verb, { clients: left, next: entry.next % left.length });
    }
    client.verbs.length = 0;
  }

  /** The next client for a method that is connected and reads what it is sent. */
  choose(method: string): Client | undefined {
    const entry = this.byVerb.get(method.toLowerCase());
    if (entry === undefined) return undefined;
    for (let tries = entry.clients.length; tries > 0; tries -= 1) {
      const client = entry.clients[entry.next];
      entry.next = (entry.next + 1) % entry.clients.length;
      if (client?.connected === true && client.keepsUp) return client;
    }
    return undefined;
  }
}
