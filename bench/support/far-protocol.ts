/** Who writes to whom: the SIP user and the XMPP user. */
export interface FarPair {
  readonly contact: string;
  readonly user: string;
}

/** What the benchmark tells its far end. */
export type FarCommand =
  /** To every SIP server; sessions are opened by each in its turn. */
  | { readonly do: 'connect'; readonly sipPorts: readonly number[] }
  | { readonly do: 'open'; readonly pairs: readonly FarPair[] }
  | { readonly do: 'flood'; readonly seconds: number; readonly window: number }
  /** In the open sessions, or out of dialog where pairs are given. */
  | { readonly do: 'pour'; readonly seconds: number; readonly rate: number; readonly pairs?: readonly FarPair[] }
  | { readonly do: 'page'; readonly seconds: number; readonly window: number }
  | { readonly do: 'reset' }
  | { readonly do: 'tell' };

/** What the far end answers. */
export type FarReport =
  | { readonly is: 'ready'; readonly port: number }
  | { readonly is: 'done'; readonly of: FarCommand['do'] }
  | { readonly is: 'failed'; readonly why: string }
  | { readonly is: 'counts'; readonly received: number; readonly answered: number; readonly refused: number; readonly latencies: readonly number[] };
