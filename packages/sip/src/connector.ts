import { Connection } from './connection';
import type { DrachtioReply, DrachtioRequest } from './drachtio';
import type { Settings, SipServer } from './options';

export interface ConnectorEvents {
  readonly onUp: (owner: string) => void;
  /** Only for a connection that was up. */
  readonly onDown: (owner: string, why: string) => void;
  readonly onRequest: (request: DrachtioRequest, reply: DrachtioReply, owner: string) => void;
}

/** A connection that is up, and its name. */
export interface Live {
  readonly connection: Connection;
  /**
   * `worker/server/number`: names the connection for all time; a new connection is another owner (drachtio.md 3.2). Behind an anchor
   * `@server/identity`: the anchor owns all dialogs, whichever worker is connected.
   */
  readonly owner: string;
}

/** The server of an owner that is an anchor; undefined for a connection of a worker. */
export function anchoredAt(owner: string): string | undefined {
  return /^@([^/]+)\//.exec(owner)?.[1];
}

/** Keeps one connection to one drachtio server: makes it, notices its death, makes the next one. */
export class Connector {
  private attempt: Connection | undefined;
  private up: Live | undefined;
  private number = 0;
  private pauseMs = 0;
  private retry: NodeJS.Timeout | undefined;
  private leaving = false;
  private ready = true;
  private lastComplaint: string | undefined;

  /** @param incarnation new with every start of the program, so that no owner name is used twice */
  constructor(
    private readonly server: SipServer,
    private readonly settings: Settings,
    private readonly incarnation: string,
    private readonly events: ConnectorEvents,
  ) {}

  get live(): Live | undefined {
    return this.up;
  }

  /** Why it is not up, as far as an attempt has shown. */
  get trouble(): string | undefined {
    return this.up === undefined ? this.lastComplaint : undefined;
  }

  start(): void {
    this.number += 1;
    const number = `${this.incarnation}-${this.number}`;
    const owner = (): string => ownerOf(connection, this.server.name) ?? `${this.settings.workerName}/${this.server.name}/${number}`;
    const { settings, server } = this;
    const connection: Connection = new Connection(
      { ...settings, ...server, worker: settings.workerName },
      {
        onUp: () => this.cameUp({ connection, owner: owner() }),
        onClosed: (why) => this.closed(why),
        onRequest: (request, reply) => this.events.onRequest(request, reply, owner()),
      },
    );
    this.attempt = connection;
    connection.open();
  }

  /** No new requests; a connection that is lost from now on is not made again. */
  leave(): void {
    if (this.leaving) return;
    this.leaving = true;
    clearTimeout(this.retry);
    if (this.ready) this.up?.connection.removeRoutes();
  }

  /** No new requests while it is false; the connection stays, and is made again when it is lost. */
  setReady(ready: boolean): void {
    if (ready === this.ready) return;
    this.ready = ready;
    if (this.leaving) return;
    if (ready) this.up?.connection.restoreRoutes();
    else this.up?.connection.removeRoutes();
  }

  /** Drops a connection to an anchor and makes the next one; false for any other. */
  renew(why: string): boolean {
    if (this.up === undefined || anchoredAt(this.up.owner) === undefined) return false;
    this.up.connection.destroy(why);
    return true;
  }

  /** Ends the connection. Resolves when it is closed. */
  async stop(): Promise<void> {
    this.leave();
    const { attempt } = this;
    if (attempt === undefined) return;
    attempt.close();
    await attempt.closed;
  }

  private cameUp(live: Live): void {
    this.up = live;
    this.pauseMs = 0;
    this.lastComplaint = undefined;
    if (this.leaving || !this.ready) live.connection.removeRoutes(); // it was on its way
    this.settings.log.info({ server: this.server.name, owner: live.owner }, 'sip_link_up');
    this.events.onUp(live.owner);
  }

  private closed(reason: string): void {
    const { up } = this;
    const { name, host, port } = this.server;
    const why = `SIP server ${name} at ${host}:${port}: ${reason}`;
    this.attempt = undefined;
    this.up = undefined;
    if (up !== undefined) this.events.onDown(up.owner, why);
    if (this.leaving) return;
    this.complain(why);
    const { minMs, maxMs } = this.settings.reconnect;
    this.pauseMs = Math.min(maxMs, Math.max(minMs, this.pauseMs * 2));
    this.retry = setTimeout(() => this.start(), this.pauseMs);
  }

  /** One line per cause, not one per attempt. */
  private complain(why: string): void {
    if (why !== this.lastComplaint) this.settings.log.warn({ why }, 'sip_link_down');
    else this.settings.log.debug({ why }, 'sip_link_down');
    this.lastComplaint = why;
  }
}

function ownerOf({ identity }: Connection, server: string): string | undefined {
  return identity === undefined ? undefined : `@${server}/${identity}`;
}
