/**
 * What the links use of drachtio-srf 5, in types of our own: the library's are incomplete and partly wrong
 * (drachtio.md section 7). What is below `client` is the library's inside; only `connection.ts` touches it.
 */
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';

import drachtioSrf = require('drachtio-srf');

/** A SIP message in its parts; header names are lower case but for some that start with `X-` or `P-`. */
export interface DrachtioMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface DrachtioRequest {
  readonly method: string;
  uri: string;
  readonly msg: DrachtioMessage;
  readonly source_address: string;
  readonly source_port: number;
  /** `udp`, `tcp`, `tls`. */
  readonly protocol: string;
  /** Not the library's but ours: what `peerNamesIn` reads. */
  peerNames?: readonly string[];
  readonly stackTxnId: string;
  /** Empty or absent when the server knows no dialog for it. */
  readonly stackDialogId?: string;
  on(event: 'response', listener: (response: DrachtioResponse, ack: SendAck) => void): void;
  on(event: 'cancel', listener: (cancel: DrachtioMessage & { readonly uri: string }) => void): void;
  on(event: 'update', listener: (request: DrachtioRequest, response: DrachtioReply) => void): void;
  cancel(done: Done): void;
}

/** A response of the far side. */
export interface DrachtioResponse {
  /** Whence it came; empty when the server has made it. */
  readonly source_address?: string;
  readonly status: number;
  readonly reason?: string;
  readonly msg: DrachtioMessage;
  readonly stackDialogId?: string;
}

/** Our response to a request of the far side. */
export interface DrachtioReply {
  req: DrachtioRequest;
  agent: DrachtioAgent;
  socket: Socket;
  send(status: number, reason: string, parts: ReplyParts, done: Done): void;
  send(status: number, parts: ReplyParts, done: Done): void;
}

export interface ReplyParts {
  readonly headers: Record<string, string>;
  readonly body?: string;
}

/** The error is a string when it is the server's reason (DR-12). */
export type Done = (error: Error | string | null | undefined) => void;
export type SendAck = (options: { readonly headers?: Record<string, string> }, done: Done) => void;
export type Sent = (error: (Error & { readonly code?: string }) | null, request: DrachtioRequest) => void;

export interface RequestOptions {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly proxy?: string;
  readonly stackDialogId?: string;
}

type Middleware = (request: DrachtioRequest, reply: DrachtioReply) => void;
type MessageListener = (socket: Socket, text: string) => void;

/** The library's framing of the control protocol (drachtio.md section 2). */
export interface DrachtioWire {
  /** Writes one client message and returns its id. */
  send: (socket: Socket, text: string) => string;
  _onData(socket: Socket, chunk: Buffer): void;
  on(event: 'connect' | 'close', listener: (socket: Socket) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'msg', listener: MessageListener): void;
  listeners(event: 'msg'): MessageListener[];
  removeAllListeners(event: 'msg'): void;
}

export interface DrachtioAgent {
  readonly wp: DrachtioWire;
}

export interface DrachtioSrf {
  /** `client` exists once `connect` has been called. */
  readonly app: { readonly client?: DrachtioAgent };
  use(handler: Middleware): void;
  use(verb: string, handler: Middleware): void;
  on(event: 'connect', listener: (error: Error | null | undefined, hostPorts?: string) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  connect(options: {
    readonly host: string;
    readonly port: number;
    readonly secret: string;
    readonly tls?: ConnectionOptions;
    readonly reconnect: { readonly maxAttempts: number };
  }): void;
  request(uri: string, options: RequestOptions, sent: Sent): void;
}

interface SrfConstructor {
  new (tags: string[]): DrachtioSrf;
  readonly SipMessage: new (parts: { readonly method?: string; readonly headers: Record<string, string> }) => DrachtioMessage;
  readonly SipRequest: new (message: DrachtioMessage, meta: { readonly transactionId: string }) => DrachtioRequest;
  readonly SipResponse: new () => DrachtioReply;
}

export const Srf = drachtioSrf as unknown as SrfConstructor;
