import { createServer, type Server, type Socket } from 'node:net';
import { AnchorClient } from './anchor/in-process';
import type { AnchorCounts } from './anchor/relay';
import { type Client, ClientConnection } from './control/client';
import { Control, VERSION } from './core/control';
import { Ending } from './core/ending';
import { Inbound } from './core/inbound';
import { Outbound } from './core/outbound';
import { OUT_OF_DIALOG, Requests } from './core/requests';
import { Responses } from './core/responses';
import { Sender } from './core/sender';
import { State } from './core/state';
import { type Settings, settingsOf, type SipdOptions } from './options';
import { TimerQueue } from './transaction/timer-queue';
import { listening } from './transport/bind';
import type { Endpoint, Flow, FlowEvents, Rejection, Target } from './transport/flow';
import { Transports } from './transport/transports';

/** Sizes of the server's tables, for tests and metrics. */
export interface SipdCounts {
  readonly clients: number;
  readonly dialogs: number;
  readonly transactions: number;
  readonly timers: number;
  /** Where the switch `anchor` is set. */
  readonly anchor?: AnchorCounts;
}

/** A running server. */
export interface Sipd {
  /** The control port as bound. */
  readonly admin: Endpoint;
  /** The SIP listeners as bound, in the order of the options. */
  readonly sip: readonly Target[];
  counts(): SipdCounts;
  /** Closes the sockets of all clients, as when they had died. */
  dropClients(): void;
  /** Forgets all dialogs and transactions and closes all connections, as a restart does; the listeners stay. */
  restart(): void;
  /** Reads certificates, keys and authorities again, for connections from now on; changed files are noticed without it. */
  reloadCertificates(): void;
  /** Stops; resolves when every socket is closed. To call it again does no harm. */
  close(): Promise<void>;
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

class RunningSipd implements Sipd {
  private readonly clients = new Set<Client>();
  private readonly control: Control;
  private readonly inbound: Inbound;
  private readonly anchor: AnchorClient | undefined;
  private handed = 0;
  private closed: Promise<void> | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly state: State,
    private readonly transports: Transports,
    private readonly server: Server,
    readonly admin: Endpoint,
  ) {
    const core = { state, transports };
    const sender = new Sender(core);
    const ending = new Ending(core, sender);
    this.control = new Control(core, new Outbound(core, sender), new Responses(core, ending));
    this.inbound = new Inbound(core, new Requests(core, ending, (client) => this.playSwitches(client)), sender);
    this.anchor = this.anchored();
    server.on('connection', (socket) => this.accept(socket));
    server.on('error', (error) => settings.log('error', 'accept_failed', { error: error.message }));
  }

  get sip(): readonly Target[] {
    return this.transports.bound;
  }

  /** A message from the network; whatever goes wrong costs that message only. */
  message(head: string, body: Buffer, flow: Flow): void {
    this.guard('message_failed', () => this.inbound.message(head, body, flow));
  }

  rejected(head: string, status: Rejection, reason: string, flow: Flow): void {
    this.settings.log('debug', 'message_rejected', { peer: flow.remote.address, status, reason });
    this.guard('message_failed', () => this.inbound.rejected(head, status, reason, flow));
  }

  counts(): SipdCounts {
    const { dialogs, transactions, timers } = this.state;
    const sizes = { clients: this.clients.size, dialogs: dialogs.size, transactions, timers: timers.size };
    if (this.anchor === undefined) return sizes;
    const anchor = this.anchor.counts;
    return { ...sizes, clients: anchor.workers, anchor };
  }

  dropClients(): void {
    for (const client of [...this.clients]) client.close('dropped');
    this.anchor?.dropWorkers('dropped');
  }

  restart(): void {
    this.dropClients();
    this.anchor?.renew('restart');
    this.state.forget();
    this.transports.closeConnections();
  }

  reloadCertificates(): void {
    this.transports.reloadCertificates();
  }

  close(): Promise<void> {
    this.closed ??= this.shutDown();
    return this.closed;
  }

  private async shutDown(): Promise<void> {
    this.restart();
    this.anchor?.stop('closed');
    await Promise.all([this.transports.close(), new Promise<void>((resolve) => this.server.close(() => resolve()))]);
    this.state.timers.stop();
  }

  /** The anchor is this server's only client, and owns all dialogs. */
  private anchored(): AnchorClient | undefined {
    const { settings, state, transports } = this;
    if (settings.anchor === undefined) return undefined;
    const { hostports } = transports;
    const anchor = new AnchorClient(settings, settings.anchor, [hostports, VERSION, hostports], (client, message) =>
      this.guard('frame_failed', () => this.control.frame(client, message)),
    );
    for (const method of OUT_OF_DIALOG) state.distribution.register(anchor, method);
    return anchor;
  }

  private accept(socket: Socket): void {
    if (this.anchor !== undefined) return this.anchor.accept(socket);
    if (this.clients.size >= this.settings.limits.clients) {
      this.settings.log('warn', 'client_refused', { client: socket.remoteAddress ?? '', reason: 'too many clients' });
      socket.destroy();
      return;
    }
    const client = new ClientConnection(socket, this.settings, {
      frame: (from, payload) => this.guard('frame_failed', () => this.control.frame(from, payload)),
      gone: (which, reason) => {
        this.clients.delete(which);
        this.state.distribution.unregister(which);
        this.settings.log('info', 'client_gone', { client: which.address, reason });
      },
    });
    this.clients.add(client);
    this.settings.log('info', 'client_connected', { client: client.address });
  }

  /** The switches `restart` and `dropClient`, after each new request handed over. */
  private playSwitches(client: Client): void {
    const { restart, dropClient } = this.settings.switches;
    this.handed += 1;
    if (restart > 0 && this.handed % restart === 0) this.restart();
    else if (dropClient > 0 && this.handed % dropClient === 0) client.close('switch dropClient');
  }

  private guard(event: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.settings.log('error', event, { error: describe(error) });
    }
  }
}

/**
 * Starts a SIP server that speaks drachtio's control protocol.
 * @throws {SipdOptionError} when an option cannot work or a port cannot be had
 */
export async function createSipd(options: SipdOptions): Promise<Sipd> {
  const settings = settingsOf(options);
  const timers = new TimerQueue((error) => settings.log('error', 'timer_failed', { error: describe(error) }));
  const state = new State(settings, timers);
  let running: RunningSipd | undefined;
  const events: FlowEvents = {
    message: (...message) => running?.message(...message),
    rejected: (...message) => running?.rejected(...message),
  };
  const transports = await Transports.listen(settings, timers, events);
  const server = createServer({ noDelay: true });
  try {
    const { host, port } = settings.admin;
    const admin = await listening(server, `admin ${host}:${port}`, () => server.listen({ host, port }));
    running = new RunningSipd(settings, state, transports, server, admin);
    return running;
  } catch (error) {
    await transports.close();
    throw error;
  }
}
