/** An application on the unchanged drachtio-srf, which is the only way in which the suite talks to the control port. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Inbox } from './inbox';
import type { Target } from './target';

export interface SrfMessage {
  get(name: string): string | undefined;
  has(name: string): boolean;
  readonly method: string;
  readonly uri: string;
  readonly body: string;
  readonly raw: string;
}

export interface SrfRequest extends SrfMessage {
  readonly source: string;
  readonly stackTxnId: string;
  readonly stackDialogId: string;
  readonly source_address: string;
  readonly source_port: number;
  readonly protocol: string;
  readonly receivedOn: string | undefined;
  on(event: 'response', listener: (response: SrfResponse, ack: (opts?: object) => void) => void): void;
  on(event: 'cancel', listener: () => void): void;
  cancel(callback?: (error: unknown, request: SrfRequest) => void): void;
}

export interface SrfResponse extends SrfMessage {
  readonly status: number;
  readonly reason: string;
  readonly source_address: string;
  readonly source_port: number;
  readonly stackDialogId: string;
  send(status: number, opts: object, callback?: (error: unknown, sent: SrfMessage) => void): void;
}

interface SrfLike {
  connect(options: object): void;
  request(uri: string, options: object, callback: (error: unknown, request: SrfRequest) => void): void;
  on(event: string, listener: (...args: never[]) => void): void;
  use(method: string, handler: (req: SrfRequest, res: SrfResponse) => void): void;
  readonly app: {
    readonly client: {
      readonly wp: { closing?: boolean; readonly reconnectVars?: { readonly retryTimer?: NodeJS.Timeout } };
      readonly mapServer: ReadonlyMap<Socket, unknown>;
    };
  };
}

// The package's own types lack most of what is used here (drachtio.md section 7).
// eslint-disable-next-line @typescript-eslint/no-require-imports
const Srf = require('drachtio-srf') as new () => SrfLike;

/** A request that the application was given. */
export interface Given {
  readonly req: SrfRequest;
  readonly res: SrfResponse;
}

/** A response that the application was given. */
export interface Reply {
  readonly res: SrfResponse;
  readonly ack: (opts?: object) => void;
}

/** A request that the application has sent. */
export class Sent {
  readonly replies = new Inbox<Reply>('responses');
  constructor(readonly req: SrfRequest) {
    req.on('response', (res, ack) => this.replies.add({ res, ack }));
  }

  async final(): Promise<Reply> {
    return this.replies.next(({ res }) => res.status >= 200);
  }

  async status(): Promise<number> {
    return (await this.final()).res.status;
  }
}

export const ALL_METHODS = [
  'invite', 'ack', 'bye', 'message', 'info', 'notify', 'subscribe', 'options', 'publish', 'register', 'update', 'refer', 'prack',
];

export class App {
  readonly given = new Inbox<Given>('requests');
  readonly cancelled = new Inbox<SrfRequest>('cancelled');

  private closed = false;

  private constructor(private readonly srf: SrfLike) {}

  /** Connects and registers verbs, in this order: DR-2. */
  static async connect(target: Pick<Target, 'host' | 'port' | 'secret'>, methods: readonly string[] = ALL_METHODS): Promise<App> {
    const srf = new Srf();
    const app = new App(srf);
    for (const method of methods) srf.use(method, (req, res) => app.take(req, res));
    srf.on('error', () => undefined);
    await new Promise<void>((resolve, reject) => {
      srf.on('connect', (error: unknown) => (error === null || error === undefined ? resolve() : reject(error as Error)));
      srf.connect({ host: target.host, port: target.port, secret: target.secret });
    });
    // Messages are handled in order: when this request has been refused, the routes sent before it are in force.
    await app.send('sip:probe@127.0.0.1;transport=sctp', { method: 'OPTIONS' }).catch(() => undefined);
    return app;
  }

  private take(req: SrfRequest, res: SrfResponse): void {
    req.on('cancel', () => this.cancelled.add(req));
    this.given.add({ req, res });
  }

  gets(method: string, fits: (req: SrfRequest) => boolean = () => true): Promise<Given> {
    return this.given.next(({ req }) => req.method === method && fits(req));
  }

  /** Sends by the callback form: DR-1. */
  send(uri: string, options: object): Promise<Sent> {
    return new Promise((resolve, reject) => {
      this.srf.request(uri, options, (error, req) => {
        if (error === null || error === undefined) resolve(new Sent(req));
        else reject(error as Error);
      });
    });
  }

  inDialog(stackDialogId: string, options: object): Promise<Sent> {
    return this.send('sip:placeholder', { stackDialogId, ...options });
  }

  /** Closes and waits until the server has closed its side too, so that it knows. */
  async leave(): Promise<void> {
    this.closed = true;
    const { client } = this.srf.app;
    client.wp.closing = true;
    await Promise.all([...client.mapServer.keys()].map((socket) => (socket.end(), once(socket, 'close'))));
  }

  /** Ends the connection for good; `disconnect` alone fails while drachtio-srf is reconnecting. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    const { client } = this.srf.app;
    client.wp.closing = true;
    clearTimeout(client.wp.reconnectVars?.retryTimer);
    for (const socket of client.mapServer.keys()) socket.destroy();
  }
}

/** Answers, and waits until the server has said that the answer was sent. */
export function answer({ res }: Given, status: number, options: object = {}): Promise<SrfMessage> {
  return new Promise((resolve, reject) => {
    res.send(status, options, (error, sent) => {
      if (error === null || error === undefined) resolve(sent);
      else reject(error instanceof Error ? error : new Error(String(error)));
    });
  });
}
