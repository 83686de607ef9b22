import type { Protocol } from '../options';

/** An IP address and a port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Where a message is to go. */
export interface Target extends Endpoint {
  readonly protocol: Protocol;
}

/** A way to one peer: a connection, or a pair of UDP endpoints. */
export interface Flow {
  readonly protocol: Protocol;
  /** Whether the transport itself repeats what is lost (RFC 3261 section 17). */
  readonly reliable: boolean;
  readonly remote: Endpoint;
  /** Our listener of the same transport, as peers should see it: for Via and Contact. */
  readonly local: Endpoint;
  readonly open: boolean;
  /** Hands the bytes to the transport; false when the flow is gone. */
  send(bytes: Buffer): boolean;
  /** The flow for answers when the request did not ask for `rport`: on UDP the port of its Via (RFC 3261 section 18.2.2). */
  answering(port: number): Flow;
  /** Calls `gone` once when the flow fails (refused, reset, closed); the function returned ends the watch. */
  watch(gone: () => void): () => void;
}

/** What a transport reports upwards. */
export interface FlowEvents {
  /** A whole SIP message: head without its final empty line, in Latin-1, and body. */
  message(head: string, body: Buffer, flow: Flow): void;
  /** A message that cannot be taken in; `head` is what was read of it. */
  rejected(head: string, status: 400 | 413, reason: string, flow: Flow): void;
}

/** Functions to call once when something goes. */
export class Watchers {
  private readonly watchers = new Set<() => void>();

  get size(): number {
    return this.watchers.size;
  }

  add(gone: () => void): () => void {
    this.watchers.add(gone);
    return () => this.watchers.delete(gone);
  }

  fire(): void {
    const waiting = [...this.watchers];
    this.watchers.clear();
    for (const gone of waiting) gone();
  }
}
