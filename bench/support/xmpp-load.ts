import { client, type Client } from '@xmpp/client';
import { now, sentAt } from './clock';

/** XMPP users with one connection each, who write at a given rate and take the time of what reaches them. */
export class XmppLoad {
  readonly latencies: number[] = [];
  errors = 0;
  private readonly clients: Client[] = [];

  async signIn(users: readonly string[], domain: string, port: number): Promise<void> {
    for (const user of users) {
      const entity = client({ service: `xmpp://127.0.0.1:${port}`, domain, resource: 'bench', username: user, password: user });
      entity.on('error', () => undefined);
      entity.on('stanza', (stanza) => {
        if (!stanza.is('message')) return;
        const body = stanza.getChildText('body');
        if (stanza.attrs.type === 'error') this.errors += 1;
        else if (body?.startsWith('t=')) this.latencies.push(now() - sentAt(body));
      });
      await entity.start();
      (entity.socket as { write(text: string): void } | null)?.write('<presence/>');
      this.clients.push(entity);
    }
  }

  reset(): void {
    this.latencies.length = 0;
    this.errors = 0;
  }

  /** An even stream of texts over all pairs; resolves when all are written. */
  async pour(pairs: readonly { readonly user: number; readonly contact: string }[], rate: number, seconds: number): Promise<number> {
    const begun = now();
    const total = Math.floor(rate * seconds);
    for (let sent = 0; sent < total; ) {
      const due = Math.min(total, Math.ceil(((now() - begun) / 1_000) * rate));
      for (; sent < due; sent += 1) {
        const pair = pairs[sent % pairs.length];
        if (pair !== undefined) this.write(pair.user, pair.contact, sent);
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return total;
  }

  async signOut(): Promise<void> {
    await Promise.all(this.clients.map((entity) => entity.stop()));
  }

  private write(user: number, contact: string, number: number): void {
    const text = `t=${now()};${'x'.repeat(80)}`;
    const socket = this.clients[user]?.socket as { write(text: string): void } | null | undefined;
    socket?.write(`<message to='${contact}' type='chat' id='b${number}'><body>${text}</body></message>`);
  }
}
