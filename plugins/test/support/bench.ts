import xml from '@xmpp/xml';

import { startPartitionedServer } from '../../../scenarios/support/partitioned-server';
import type { PartitionedServer, PartitionedServerOptions } from '../../../scenarios/support/xmpp-server';
import { XmppUser } from '../../../scenarios/support/xmpp-user';
import { Worker } from './worker';
import type { ConnectOptions } from './worker';

export const DOMAIN = 'example.com';
export const GATEWAY = 'gw.example.com';
export const PASSWORD = 'pencil';

/** The domain, the component and the accounts of a bench. */
export function benchOptions(accounts: readonly string[]): { readonly domain: string; readonly component: string; readonly users: Record<string, string> } {
  return { domain: DOMAIN, component: GATEWAY, users: Object.fromEntries(accounts.map((name) => [name, PASSWORD])) };
}

/** A real server with the plug-in, and the users and workers that a test has connected to it. */
export class Bench<Server extends PartitionedServer = PartitionedServer> {
  private users: XmppUser[] = [];
  private workers: Worker[] = [];

  constructor(readonly server: Server) {}

  static async start(accounts: readonly string[], options: Partial<PartitionedServerOptions> = {}): Promise<Bench> {
    return new Bench(await startPartitionedServer({ ...benchOptions(accounts), ...options }));
  }

  /** Logs a user in as clients do: roster, then initial presence, unless told otherwise. */
  async login(user: string, { resource = 'test', available = true, domain = DOMAIN } = {}): Promise<XmppUser> {
    const { c2sPort: port } = this.server;
    const xmppUser = await XmppUser.connect({ user, password: PASSWORD, domain, port, resource });
    this.users.push(xmppUser);
    if (available) {
      await xmppUser.roster();
      await xmppUser.sendPresence();
      await xmppUser.takePresence(xmppUser.bareJid);
    }
    return xmppUser;
  }

  async connect(options: ConnectOptions = {}): Promise<Worker> {
    const worker = await Worker.connect(this.server, options);
    this.workers.push(worker);
    return worker;
  }

  /** Between two tests: everybody leaves, the server stays. */
  async disconnectAll(): Promise<void> {
    await Promise.all(this.users.map((user) => user.stop()));
    await Promise.all(this.workers.map(({ stream }) => stream.cut()));
    this.users = [];
    this.workers = [];
  }

  async stop(): Promise<void> {
    await this.disconnectAll();
    await this.server.stop();
  }
}

/** The contact (a full JID) becomes available, and the user sees it. */
export async function showAvailable(worker: Worker, contact: string, user: XmppUser): Promise<void> {
  worker.send(xml('presence', { from: contact, to: user.bareJid }));
  await user.takePresence(contact.split('/')[0] ?? contact);
}
