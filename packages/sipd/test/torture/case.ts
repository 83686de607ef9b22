/**
 * The shape of a torture message: our own bytes, made after the descriptions of RFC 4475 and RFC 5118. Everybody who sends
 * them (sipd's own suite, the suite of the whole worker) takes them from here.
 */

/** Where the answers are to go, as the topmost Via says it. */
export interface Place {
  readonly transport: 'UDP' | 'TCP';
  readonly host: string;
  readonly port: number;
}

/**
 * What a SIP element does with it.
 * - `given`: it is taken in and handed to the application
 * - a status: it is answered so, and the application never sees it
 * - `dropped`: no answer, and the application never sees it
 */
export type Outcome = 'given' | 'dropped' | 400 | 413 | 481 | 505;

/** The answer of the whole worker; `none` where there is none. */
export type Answer = number | 'none';

export interface TortureCase {
  /** RFC and section. */
  readonly section: string;
  readonly what: string;
  readonly bytes: (to: Place) => Buffer;
  /** What the RFC asks for, in our words. */
  readonly wanted: string;
  readonly element: Outcome;
  /** Where a stream must be treated otherwise than a datagram: it is closed without an answer. */
  readonly overTcp?: 'closed';
  /** After the answer the stream is closed as well. */
  readonly endsStream?: true;
  readonly worker: Answer;
}

/** `SIP/2.0/TCP 127.0.0.1:5060`. */
export const sentBy = ({ transport, host, port }: Place): string => `SIP/2.0/${transport} ${host}:${port}`;

/** Lines, ended by CRLF each, an empty one, and a body. */
export function message(lines: readonly string[], body: string | Buffer = ''): Buffer {
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)]);
}

export const SDP = ['v=0', 'o=bob 2890844526 2890844527 IN IP4 192.0.2.3', 's=-', 'c=IN IP4 192.0.2.4', 't=0 0', 'm=audio 49217 RTP/AVP 0', ''].join('\r\n');

interface Parts {
  readonly method: string;
  readonly uri?: string;
  readonly from?: string;
  readonly to?: string;
  readonly callId: string;
  readonly cseq?: string;
  readonly more?: readonly string[];
  readonly body?: string | Buffer;
  /** Absent: counted. */
  readonly length?: string;
}

/** A request that is in order but for what is given. */
export function request(to: Place, parts: Parts): Buffer {
  const { method, uri = 'sip:ann@example.com', callId, more = [], body = '' } = parts;
  return message(
    [
      `${method} ${uri} SIP/2.0`,
      `Via: ${sentBy(to)};branch=z9hG4bK-${callId}`,
      'Max-Forwards: 70',
      `From: ${parts.from ?? '<sip:bob@example.com>;tag=bob-1'}`,
      `To: ${parts.to ?? '<sip:ann@example.com>'}`,
      `Call-ID: ${callId}`,
      `CSeq: ${parts.cseq ?? `7 ${method}`}`,
      ...more,
      `Content-Length: ${parts.length ?? Buffer.from(body).length}`,
    ],
    body,
  );
}
