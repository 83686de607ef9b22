import type { Socket } from 'node:net';
import type { Protocol } from '../options';
import type { Target } from './flow';

/** What is known of the far end of a stream, besides its address. */
export interface PeerProof {
  /** Whether it has shown a certificate of an authority that we believe. */
  readonly verified: boolean;
  /** Names that its certificate, if it showed one that was verified, stands for (RFC 5922 section 7.1). */
  readonly names: readonly string[];
}

/** A connection that is being opened. */
export interface Opened {
  readonly socket: Socket;
  /** The peer's names, once it has proven them. */
  readonly proof: () => PeerProof;
  /** Says why the connection failed, for a log and a reason phrase; undefined: no more than that it did. */
  readonly explain: (error: Error | undefined) => string | undefined;
}

/** What TCP and TLS do differently with a stream. */
export interface Line {
  readonly protocol: Protocol;
  /** The host that peers are shown instead of the bound address. */
  readonly name: string | undefined;
  /** Takes an accepted connection, and calls `ready` when messages may cross it; it may end before. */
  accept(socket: Socket, ready: (socket: Socket, proof: PeerProof) => void): void;
  /** Accepted connections that are not ready yet. */
  readonly unready: number;
  /** The key under which a connection to this target may be used again. */
  keyOf(target: Target): string;
  open(target: Target): Opened;
  close(): void;
}

const NO_PROOF: PeerProof = { verified: false, names: [] };

/** Plain TCP: whoever connects is known by his address only. */
export function tcpLine(connect: (target: Target) => Socket): Line {
  return {
    protocol: 'tcp',
    name: undefined,
    accept: (socket, ready) => ready(socket, NO_PROOF),
    unready: 0,
    keyOf: ({ address, port }) => `${address} ${port}`,
    open: (target) => ({ socket: connect(target), proof: () => NO_PROOF, explain: () => undefined }),
    close: () => undefined,
  };
}
