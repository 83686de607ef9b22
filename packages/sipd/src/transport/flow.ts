import type { Protocol } from '../options';

/** An IP address and a port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Where a message is to go. */
export interface Target extends Endpoint {
  readonly protocol: Protocol;
  /** The name that the peer's certificate must show; absent for a target that is known by its address only. */
  readonly name?: string;
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
  /** Names that the peer has proven by its certificate (RFC 5922 section 7.1); always empty without TLS. */
  readonly peerNames: readonly string[];
  /** May requests of ours go back over it? Over TLS only to a peer that has proven who it is (RFC 5923, SEC-19). */
  readonly reusable: boolean;
  /** Hands the bytes to the transport; false when the flow is gone. */
  send(bytes: Buffer): boolean;
  /** The flow for answers when the request did not ask for `rport`: on UDP the port of its Via (RFC 3261 section 18.2.2). */
  answering(port: number): Flow;
  /** Calls `gone` once when the flow fails (refused, reset, closed); the function returned ends the watch. */
  watch(gone: Gone): () => void;
}

/** Hears that a flow has failed, and why where that is known: one line of ASCII. */
export type Gone = (why?: string) => void;

/** 513: start line and headers are too large; 413: the body is. */
export type Rejection = 400 | 413 | 513;

/** What a transport reports upwards. */
export interface FlowEvents {
  /** A whole SIP message: head without its final empty line, in Latin-1, and body. */
  message(head: string, body: Buffer, flow: Flow): void;
  /** A message that cannot be taken in; `head` is what was read of it. */
  rejected(head: string, status: Rejection, reason: string, flow: Flow): void;
}

/** Functions to call once when something goes. */
export class Watchers {
  private readonly watchers = new Set<Gone>();

  get size(): number {
    return this.watchers.size;
  }

  add(gone: Gone): () => void {
    this.watchers.add(gone);
    return () => this.watchers.delete(gone);
  }

  fire(why?: string): void {
    const waiting = [...this.watchers];
    this.watchers.clear();
    for (const gone of waiting) gone(why);
  }
}
