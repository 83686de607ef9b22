import type { Socket } from 'node:net';
import { ClientConnection, type ClientSettings } from '../control/client';
import type { FrameKind } from '../control/writer';
import type { InHand } from './in-hand';
import type { Candidate } from './rendezvous';

/** What the connection of a worker reports. */
export interface WorkerEvents {
  frame(worker: Worker, payload: Buffer): void;
  gone(worker: Worker, reason: string): void;
}

/** What a worker may be called; drachtio-srf separates tags by commas. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** Most verbs that a worker can register. */
const MAX_VERBS = 64;

/** A worker behind an anchor: one connection, and the requests that it has in hand. */
export class Worker implements Candidate {
  authenticated = false;
  announced = false;
  name: string;
  /** It has left a request without an answer and sent nothing since: it gets nothing new until it speaks. */
  silent = false;
  /** When it sent something last; milliseconds of the monotonic clock. */
  heardAt: number;
  /** In the order in which it was given them. */
  readonly inHand = new Set<InHand<Worker>>();
  private readonly verbs = new Set<string>();
  private readonly client: ClientConnection;

  constructor(
    socket: Socket,
    settings: ClientSettings,
    readonly serial: number,
    now: () => number,
    events: WorkerEvents,
  ) {
    this.name = `unnamed-${serial}`;
    this.heardAt = now();
    this.client = new ClientConnection(socket, settings, {
      frame: (_client, payload) => {
        this.heardAt = now();
        events.frame(this, payload);
      },
      gone: (_client, reason) => events.gone(this, reason),
    });
  }

  get address(): string {
    return this.client.address;
  }

  get connected(): boolean {
    return this.client.connected;
  }

  /** It takes requests: it has registered a verb and not taken it back. */
  get ready(): boolean {
    return this.verbs.size > 0;
  }

  /** May it be given a request? In a dialog whatever verbs it has registered. */
  takes(method: string, inDialog: boolean): boolean {
    const wants = inDialog ? this.ready : this.verbs.has(method);
    return wants && !this.silent && this.client.connected && this.client.keepsUp;
  }

  /** It is there and takes nothing new: what it has in hand it will answer, or lose. */
  get paused(): boolean {
    return this.client.connected && (!this.ready || this.silent || !this.client.keepsUp);
  }

  /** It has shown the secret, and its name by the first of its tags that can be one. */
  authenticate(tags: string): void {
    const name = tags.split(',').find((tag) => NAME.test(tag));
    this.authenticated = true;
    this.client.authenticated = true;
    if (name === undefined) return;
    this.name = name;
    this.announced = true;
  }

  /** Registers a verb; false when there are too many. */
  register(verb: string): boolean {
    if (this.verbs.size >= MAX_VERBS) return false;
    this.verbs.add(verb.toUpperCase());
    return true;
  }

  /** Takes all verbs back, as drachtio does when one is (DR-3). */
  unregister(): void {
    this.verbs.clear();
  }

  send(frame: Buffer, kind?: FrameKind): void {
    this.client.send(frame, kind);
  }

  reply(messageId: string, ...fields: readonly string[]): void {
    this.client.reply(messageId, ...fields);
  }

  refuse(messageId: string, reason: string): void {
    this.client.refuse(messageId, reason);
  }

  close(reason: string): void {
    this.client.close(reason);
  }
}
