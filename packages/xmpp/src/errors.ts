/**
 * Why something asked of the link did not happen.
 * - `offline`: the link is not online; nothing was sent
 * - `queue-full`: the server takes data slower than we give it; nothing was sent
 * - `unsendable`: the stanza would break the stream or XEP-0114; nothing was sent
 * - `timeout`: no answer within the time given
 * - `disconnected`: the connection was lost before the answer came
 * - `refused`: the server does not let this component in; waiting does not help
 * - `stopped`: the link has been stopped
 */
export type XmppLinkErrorCode =
  | 'offline'
  | 'queue-full'
  | 'unsendable'
  | 'timeout'
  | 'disconnected'
  | 'refused'
  | 'stopped';

export class XmppLinkError extends Error {
  constructor(
    readonly code: XmppLinkErrorCode,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = 'XmppLinkError';
  }
}

/** Whatever was thrown, as an Error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
