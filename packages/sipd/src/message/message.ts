import type { Headers } from './headers';

/** A SIP request. Text is Latin-1 (one character, one byte), so that no UTF-8 sequence is ever cut or changed. */
export interface SipRequest {
  readonly is: 'request';
  readonly method: string;
  readonly uri: string;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** A SIP response; see {@link SipRequest} for the coding of text. */
export interface SipResponse {
  readonly is: 'response';
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly body: Buffer;
}

export type SipMessage = SipRequest | SipResponse;

export const NO_BODY: Buffer = Buffer.alloc(0);

/** Reason phrases for the answers that this server makes itself (RFC 3261 section 21). */
export const REASONS = {
  100: 'Trying',
  200: 'OK',
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Long',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  487: 'Request Terminated',
  491: 'Request Pending',
  503: 'Service Unavailable',
  505: 'Version Not Supported',
  513: 'Message Too Large',
} as const;

export type OwnStatus = keyof typeof REASONS;
