/** To the process that floods. */
export interface FloodCommand {
  readonly do: 'flood';
  readonly port: number;
  /** Who is watched: each in turn. */
  readonly to: readonly string[];
  /** Requests per second from all addresses together. */
  readonly rate: number;
  readonly seconds: number;
  /** Own addresses, of 127.0.0.0/8: each in turn. */
  readonly addresses: readonly string[];
}

export type FloodReport =
  | { readonly is: 'ready' }
  | { readonly is: 'done'; readonly of: string }
  | { readonly is: 'failed'; readonly why: string }
  | { readonly is: 'flooded'; readonly sent: number; readonly tookMs: number; readonly answers: Readonly<Record<string, number>> };
