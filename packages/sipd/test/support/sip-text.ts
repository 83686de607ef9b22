/** SIP messages as plain text: made and read without any code of the server. */
import { randomBytes } from 'node:crypto';

export interface Sip {
  readonly start: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly raw: Buffer;
}

export function token(): string {
  return randomBytes(6).toString('hex');
}

/** Reads one message. */
export function readSip(raw: Buffer): Sip {
  const end = raw.indexOf('\r\n\r\n');
  const [start = '', ...lines] = raw.toString('utf8', 0, end).split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const;
  });
  return { start, headers, body: raw.toString('utf8', end + 4), raw };
}

/** Values of a header, in order. */
export function values(sip: Sip, name: string): string[] {
  return sip.headers.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

/** First value of a header; empty when absent. */
export function value(sip: Sip, name: string): string {
  return values(sip, name)[0] ?? '';
}

export function tagOf(text: string): string {
  return /;tag=([^;\s]+)/.exec(text)?.[1] ?? '';
}

export function statusOf(sip: Sip): number {
  return Number(/^SIP\/2\.0 (\d+)/.exec(sip.start)?.[1] ?? 0);
}

export interface RequestParts {
  readonly method: string;
  readonly uri?: string;
  readonly via?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
}

/** A request; the peer adds its Via when none is given. */
export function requestText(parts: RequestParts, via: string): Buffer {
  const body = Buffer.from(parts.body ?? '');
  const head = [
    `${parts.method} ${parts.uri ?? 'sip:ann@example.com'} SIP/2.0`,
    ...(parts.via ?? [via]).map((each) => `Via: ${each}`),
    `From: ${parts.from ?? `<sip:bob@example.com>;tag=${token()}`}`,
    `To: ${parts.to ?? '<sip:ann@example.com>'}`,
    `Call-ID: ${parts.callId ?? token()}`,
    `CSeq: ${parts.cseq ?? 1} ${parts.method}`,
    'Max-Forwards: 70',
    ...(parts.headers ?? []),
    `Content-Length: ${body.length}`,
    '',
    '',
  ].join('\r\n');
  return Buffer.concat([Buffer.from(head), body]);
}

/** A response to a request, with the headers that RFC 3261 section 8.2.6 wants. */
export function responseText(request: Sip, status: string, headers: readonly string[] = [], toTag = 'far'): Buffer {
  const to = value(request, 'to');
  const lines = [
    `SIP/2.0 ${status}`,
    ...values(request, 'via').map((via) => `Via: ${via}`),
    ...values(request, 'record-route').map((route) => `Record-Route: ${route}`),
    `From: ${value(request, 'from')}`,
    `To: ${/;tag=/.test(to) || status.startsWith('100') ? to : `${to};tag=${toTag}`}`,
    `Call-ID: ${value(request, 'call-id')}`,
    `CSeq: ${value(request, 'cseq')}`,
    ...headers,
    'Content-Length: 0',
    '',
    '',
  ];
  return Buffer.from(lines.join('\r\n'));
}
