/** A bound of the server that was reached; docs/limits.md says what becomes of whoever reached it. */
export type ReachedLimit = 'connections' | 'size' | 'idle' | 'unfinished' | 'unfinished_bytes' | 'unsent' | 'transactions' | 'dialogs';

/** Is told what happens at the server that somebody may want to count. */
export interface Observer {
  limit(reached: ReachedLimit): void;
  /** A TLS connection was not made, or refused: one that a peer opened, or one of ours. */
  tlsFailed(opened: 'by-peer' | 'by-us'): void;
}

export const NO_OBSERVER: Observer = { limit: () => undefined, tlsFailed: () => undefined };
