import type { Transport } from '@isthmus/model';

/**
 * SIP messages as the links hand them over: parsed by the stack, not yet understood. Header names are lower case.
 */

/** Header values by lower-case name; several lines of one name have been joined by the stack with a comma. */
export type SipHeaders = Readonly<Record<string, string>>;

/** A request of the far side. */
export interface SipRequestIn {
  readonly method: string;
  readonly uri: string;
  readonly headers: SipHeaders;
  readonly body: string;
  readonly source: {
    readonly address: string;
    readonly port: number;
    readonly transport: Transport;
    /** Names that the peer's certificate has proven (RFC 5922 section 7.1), in lower case; absent where the server tells none. */
    readonly tlsNames?: readonly string[];
  };
  /** Names the server transaction: by it any worker can answer. */
  readonly transaction: { readonly server: string; readonly id: string };
  /** The connection that brought it: the owner of the dialog that a 2xx makes. */
  readonly owner: string;
  /** Set when the server knows the dialog. */
  readonly stackId?: string;
}

/** A request of ours. */
export interface SipRequestOut {
  readonly method: string;
  /** The Request-URI; in a dialog by id the placeholder that the server replaces by the remote target (DR-6). */
  readonly uri: string;
  readonly headers: SipHeaders;
  readonly body?: string;
  /** The drachtio server that must send it: the one that knows the dialog. Absent: any healthy one. */
  readonly server?: string;
  /** In a dialog by id. */
  readonly stackId?: string;
  /** The next hop of a request out of dialog: `sip:host:port;transport=tcp` (DR-8). */
  readonly proxy?: string;
  /** The deadline for the final answer, milliseconds. */
  readonly timeoutMs: number;
  /** It is given up sooner when nothing at all has come for it after so long, no provisional answer either. Milliseconds. */
  readonly silenceMs?: number;
}

/** Our answer to a request of the far side. */
export interface SipAnswerOut {
  readonly transaction: { readonly server: string; readonly id: string };
  readonly status: number;
  readonly reason?: string;
  readonly headers: SipHeaders;
  readonly body?: string;
}

/** What became of a request of ours. */
export type SipResult =
  | {
      readonly is: 'answered';
      readonly status: number;
      readonly reason: string;
      readonly headers: SipHeaders;
      readonly body: string;
      /** True when the server made the answer itself: no To tag, no far headers (DR-28). */
      readonly synthetic: boolean;
      /** The request's headers as really sent (Call-ID, tags, CSeq). */
      readonly sent: SipHeaders;
      readonly server: string;
      readonly owner: string;
      readonly stackId?: string;
    }
  /** No final answer in time (`heard`: but a provisional one), or the link broke while waiting. */
  | { readonly is: 'timeout'; readonly linkLost?: true; readonly heard?: true }
  /** The server no longer knows the dialog: go on by hand (DR-36). */
  | { readonly is: 'no-dialog' }
  /** The request could not be sent at all. */
  | { readonly is: 'unsent'; readonly why: string };
