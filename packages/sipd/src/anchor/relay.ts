import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { ClientSettings } from '../control/client';
import { framed } from '../control/frame';
import { isSecret } from '../control/secret';
import type { FrameKind } from '../control/writer';
import type { Log } from '../options';
import { Desk, type MoveCause, type RefusalCause } from './desk';
import type { AnchorLimits } from './options';
import { type Head, pairOf, readHead, readStart } from './scan';
import { Worker } from './worker';

/** The SIP server behind an anchor. */
export interface ServerPort {
  /** What it says of itself when a client authenticates: where it takes SIP, its version, its own addresses. */
  readonly introduction: readonly string[];
  /** Sends it a client message; a reason when that is not possible. The API reply comes back as a frame. */
  send(messageId: string, message: Buffer): string | undefined;
}

export interface RelayOptions {
  readonly server: ServerPort;
  readonly secret: string;
  readonly limits: AnchorLimits;
  /** Of the workers' connections. */
  readonly clients: ClientSettings;
  readonly log: Log;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

/** Sizes and sums, for tests and metrics. */
export interface AnchorCounts {
  readonly workers: number;
  /** Workers that take requests. */
  readonly ready: number;
  readonly silent: number;
  readonly inHand: number;
  readonly waiting: number;
  /** Of those in hand, requests that have been with their worker for longer than the deadline. */
  readonly late: number;
  readonly pairs: number;
  /** Requests of workers that wait for an answer of the far side. */
  readonly outgoing: number;
  readonly toWorkers: number;
  readonly toServer: number;
  readonly moved: Readonly<Record<MoveCause, number>>;
  readonly refused: Readonly<Record<RefusalCause, number>>;
  /** Answers of workers that had lost their turn. */
  readonly lateAnswers: number;
}

/** A message of a worker on its way to the server. */
interface Pending {
  /** Undefined: the anchor's own. */
  readonly worker: Worker | undefined;
  /** As the worker calls it. */
  readonly id: string;
  readonly is: 'request' | 'answer' | 'other';
  /** Of an answer. */
  readonly transactionId: string;
  readonly final: boolean;
  readonly at: number;
}

/** What drachtio says of an answer to a transaction that is over, or that is not this client's to answer. */
const UNKNOWN = 'Response not sent due to unknown transaction';
const RETRY_AFTER_SECONDS = 2;
/** A message without its API reply, and a request without its answer, are forgotten after so long. */
const FORGET_MS = 600_000;
const SWEEP_MS = 60_000;

/**
 * Between one SIP server and the workers: to the server one client that owns all dialogs, to the workers a server that
 * hands each request to the worker of its pair.
 */
export class Relay {
  private readonly workers = new Set<Worker>();
  private readonly desk: Desk;
  /** By our own message ids. */
  private readonly pending = new Map<string, Pending>();
  /** Who waits for answers in a transaction that a worker has begun. */
  private readonly outgoing = new Map<string, { readonly worker: Worker; readonly at: number }>();
  private readonly sums = { toWorkers: 0, toServer: 0, lateAnswers: 0 };
  private readonly moved: Record<MoveCause, number> = { gone: 0, silent: 0, late: 0 };
  private readonly refused: Record<RefusalCause, number> = { 'no worker': 0, 'too many': 0, 'lost twice': 0 };
  private readonly now: () => number;
  private readonly sweeper: NodeJS.Timeout;
  private serial = 0;
  private lastId = 0;
  private life = newLife();

  constructor(private readonly options: RelayOptions) {
    const { limits, now = () => performance.now() } = options;
    this.now = now;
    this.desk = new Desk({
      limits,
      now,
      workers: () => this.workers,
      refuse: (id, cause) => this.refuse(id, cause),
      moved: (from, count, cause) => this.noteMoved(from, count, cause),
    });
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  /** Names this life of anchor and server together: while it lasts no dialog has lost its owner. */
  get identity(): string {
    return this.life;
  }

  get counts(): AnchorCounts {
    const list = [...this.workers].filter(({ authenticated }) => authenticated);
    return {
      ...this.desk.counts,
      ...this.sums,
      workers: list.length,
      ready: list.filter(({ ready }) => ready).length,
      silent: list.filter(({ silent }) => silent).length,
      outgoing: this.outgoing.size,
      moved: { ...this.moved },
      refused: { ...this.refused },
    };
  }

  /** A worker has connected. */
  accept(socket: Socket): void {
    const { log, limits, clients } = this.options;
    if (this.workers.size >= limits.workers) {
      log('warn', 'client_refused', { client: socket.remoteAddress ?? '', reason: 'too many workers' });
      socket.destroy();
      return;
    }
    this.serial += 1;
    const worker = new Worker(socket, clients, this.serial, this.now, {
      frame: (from, payload) => this.fromWorker(from, payload),
      gone: (which, reason) => this.gone(which, reason),
    });
    this.workers.add(worker);
    log('info', 'client_connected', { client: worker.address });
  }

  /** A frame of the server. */
  fromServer(payload: Buffer, kind: FrameKind = 'other'): void {
    const head = readHead(payload);
    if (head.fields[1] === 'response') this.reply(payload, head);
    else if (head.fields[1] === 'sip' && head.sip >= 0) this.sipFromServer(payload, head, kind);
  }

  /** A new life: nothing of the old one is left, and the workers connect again. */
  renew(reason: string): void {
    this.life = newLife();
    this.dropWorkers(reason);
    this.desk.clear();
    this.pending.clear();
    this.outgoing.clear();
  }

  /** Closes the connections of all workers, as when they had died. */
  dropWorkers(reason: string): void {
    for (const worker of [...this.workers]) worker.close(reason);
  }

  /** Closes the connection of the worker that was given a request last; for tests. */
  dropLatest(reason: string): void {
    this.desk.latest?.close(reason);
  }

  stop(reason: string): void {
    this.renew(reason);
    clearInterval(this.sweeper);
  }

  private gone(worker: Worker, reason: string): void {
    this.workers.delete(worker);
    this.options.log('info', 'client_gone', { client: worker.address, workerName: worker.name, reason });
    this.desk.gone(worker);
  }

  private noteMoved(from: Worker, count: number, cause: MoveCause): void {
    this.moved[cause] += count;
    this.options.log('warn', 'requests_moved', { workerName: from.name, count, cause });
  }

  /** Whatever goes wrong costs that worker only. */
  private fromWorker(worker: Worker, payload: Buffer): void {
    const head = readHead(payload);
    const [id = '', type = ''] = head.fields;
    if (head.fields.length < 2 || id === '') worker.refuse(id, 'Invalid message format');
    else if (type === 'authenticate') this.authenticate(worker, id, head.fields);
    else if (!worker.authenticated) worker.refuse(id, 'not authenticated');
    else this.act(worker, id, type, payload, head);
    if (worker.silent && worker.connected) {
      worker.silent = false;
      this.desk.joined();
    }
  }

  private authenticate(worker: Worker, id: string, [, , secret = '', tags = '']: readonly string[]): void {
    const { server, log } = this.options;
    if (!isSecret(secret, this.options.secret)) {
      log('warn', 'client_refused', { client: worker.address, reason: 'incorrect secret' });
      worker.refuse(id, 'incorrect secret');
      return;
    }
    worker.authenticate(tags);
    const [hostports = '', version = '', local = ''] = server.introduction;
    worker.reply(id, 'OK', hostports, version, local, `anchor=${this.life}`);
    log('info', 'worker_connected', { client: worker.address, workerName: worker.name });
  }

  private act(worker: Worker, id: string, type: string, payload: Buffer, head: Head): void {
    switch (type) {
      case 'route':
        if (!worker.register(head.fields[2] ?? '')) return worker.reply(id, 'NOK', 'too many routes');
        worker.reply(id, 'OK');
        return this.desk.joined();
      case 'remove_route':
        worker.unregister();
        return worker.reply(id, 'OK');
      case 'ping':
        return worker.reply(id, 'OK', 'pong');
      case 'proxy':
        return worker.reply(id, 'NOK', 'proxy is not supported by this server');
      case 'sip':
        return this.sipFromWorker(worker, id, payload, head);
      default:
        return worker.refuse(id, 'Unknown message type');
    }
  }

  /** What drachtio would stumble over is refused here (drachtio.md section 2.2). */
  private sipFromWorker(worker: Worker, id: string, payload: Buffer, { fields, sip }: Head): void {
    const [, , transactionId = '', dialogId = ''] = fields;
    if (fields.length < 4 || sip < 0) return worker.refuse(id, 'Invalid message format');
    const { response, status, method } = readStart(payload, sip);
    if (!response) {
      if (dialogId === '' && transactionId !== '' && method !== 'CANCEL') return worker.refuse(id, 'Invalid message format');
      const is = method === 'ACK' || method === 'CANCEL' ? 'other' : 'request';
      return this.forward({ worker, id, is, transactionId: '', final: false, at: this.now() }, payload);
    }
    if (transactionId === '') return worker.refuse(id, 'transaction id missing');
    if (status === undefined) return worker.reply(id, 'NOK', 'Unknown server error sending response');
    const final = status >= 200;
    if (this.desk.answers(transactionId, worker, final)) {
      return this.forward({ worker, id, is: 'answer', transactionId, final, at: this.now() }, payload);
    }
    this.sums.lateAnswers += 1;
    worker.reply(id, 'NOK', UNKNOWN);
  }

  /** Under an id of our own: those of two workers could be the same. */
  private forward(pending: Pending, payload: Buffer): void {
    const { worker, id, is, transactionId, final } = pending;
    this.lastId += 1;
    const own = `${this.life}-${this.lastId.toString(36)}`;
    const full = this.pending.size >= this.options.limits.requests || (is === 'request' && this.outgoing.size >= this.options.limits.requests);
    const rest = payload.subarray(payload.indexOf('|'));
    this.pending.set(own, pending);
    const refusal = full ? 'too many messages wait for the SIP server' : this.options.server.send(own, rest);
    if (refusal === undefined) {
      this.sums.toServer += 1;
      return;
    }
    this.pending.delete(own);
    if (is === 'answer' && final) this.desk.answered(transactionId, false);
    worker?.reply(id, 'NOK', refusal);
  }

  /** An API reply goes to the worker whose message it answers, under that worker's id; nothing is kept for one that has gone (MIM-7). */
  private reply(payload: Buffer, { fields }: Head): void {
    const [first = '', , own = '', verdict = ''] = fields;
    const pending = this.pending.get(own);
    if (pending === undefined) return;
    this.pending.delete(own);
    const { worker, id, is, transactionId, final, at } = pending;
    if (is === 'answer' && final) this.desk.answered(transactionId, verdict === 'OK' || fields[4] === UNKNOWN);
    if (worker?.connected !== true) return;
    if (is === 'request' && verdict === 'OK') this.outgoing.set(fields[10] ?? '', { worker, at });
    const rest = payload.subarray(first.length + '|response|'.length + own.length);
    worker.send(framed(`${first}|response|${id}`, rest), is === 'request' ? 'request-sent' : 'other');
  }

  private sipFromServer(payload: Buffer, { fields, sip }: Head, kind: FrameKind): void {
    const transactionId = fields[8] ?? '';
    const { response, status, method = '' } = readStart(payload, sip);
    if (response) return this.response(transactionId, status ?? 0, payload, kind);
    this.sums.toWorkers += 1;
    const frame = framed('', payload);
    const own = fields[2] !== 'network';
    if (method === 'CANCEL' && !own) return this.desk.cancel(transactionId)?.send(frame);
    const answerable = !own && method !== 'ACK';
    this.desk.take({ id: answerable ? transactionId : undefined, method, inDialog: (fields[9] ?? '') !== '', pair: pairOf(payload, sip), frame });
  }

  private response(transactionId: string, status: number, payload: Buffer, kind: FrameKind): void {
    const known = this.outgoing.get(transactionId);
    if (known === undefined) return;
    if (status >= 200) this.outgoing.delete(transactionId);
    this.sums.toWorkers += 1;
    known.worker.send(framed('', payload), kind);
  }

  private refuse(id: string, cause: RefusalCause): void {
    this.refused[cause] += 1;
    this.options.log('debug', 'request_refused', { status: 503, reason: cause });
    const text = `|sip|${id}|\r\nSIP/2.0 503 Service Unavailable\r\nRetry-After: ${RETRY_AFTER_SECONDS}\r\n\r\n`;
    this.forward({ worker: undefined, id: '', is: 'other', transactionId: '', final: true, at: this.now() }, Buffer.from(text, 'latin1'));
  }

  /** What the server, or the far side, has never answered. */
  private sweep(): void {
    const before = this.now() - FORGET_MS;
    for (const [id, { at }] of this.pending) if (at < before) this.pending.delete(id);
    for (const [id, { at }] of this.outgoing) if (at < before) this.outgoing.delete(id);
  }
}

function newLife(): string {
  return randomBytes(6).toString('hex');
}
