/** What an anchor bears and how long it waits. */
export interface AnchorLimits {
  /** A request that a worker has not answered after so long, not even provisionally, goes to another one. Milliseconds. */
  readonly answerMs: number;
  /** So long does a request wait for a worker that can take it; then it is answered 503. Milliseconds. */
  readonly waitMs: number;
  /** A pair stays with its worker until it has been quiet for so long; at most twice as long. Milliseconds. */
  readonly pairMs: number;
  /** Connections of workers. */
  readonly workers: number;
  /** Requests of the far side without a final answer, and requests and answers of workers on their way: so many of each. */
  readonly requests: number;
  /** Bytes that requests of the far side without a final answer may have together. */
  readonly requestBytes: number;
  /** Pairs whose worker is remembered. */
  readonly pairs: number;
}

export const ANCHOR_DEFAULTS: AnchorLimits = {
  answerMs: 2_000,
  waitMs: 5_000,
  pairMs: 30_000,
  workers: 64,
  requests: 20_000,
  requestBytes: 64 * 1024 * 1024,
  pairs: 100_000,
};
