import type { SipHeaders } from '@isthmus/codec';

import { nameOf, unfolded } from './headers';

interface Parts {
  readonly headers: SipHeaders;
  readonly body: string;
}

export interface RequestText extends Parts {
  readonly is: 'request';
  readonly method: string;
  readonly uri: string;
}

export interface ResponseText extends Parts {
  readonly is: 'response';
  readonly status: number;
  readonly reason: string;
}

const REQUEST_LINE = /^([\w\-.!%*+`'~]+) (\S+) SIP\/\d+\.\d+$/;
const STATUS_LINE = /^SIP\/\d+\.\d+ +(\d{3})(?:[ \t]+(.*))?$/s;

/**
 * Reads the SIP message that begins at `from`. Not strict: the SIP server has read it before. Undefined: no start line, or
 * a line in the head that is no header.
 */
export function readSip(text: string, from: number): RequestText | ResponseText | undefined {
  const empty = text.indexOf('\r\n\r\n', from);
  const end = empty < 0 ? text.length : empty;
  const first = lineEnd(text, from, end);
  const headers = readLines(text, first + 2, end);
  if (headers === undefined) return undefined;
  const startLine = text.slice(from, first);
  const body = empty < 0 ? '' : bodyOf(text.slice(empty + 4), headers['content-length']);
  const request = REQUEST_LINE.exec(startLine);
  if (request !== null) return { is: 'request', method: request[1] ?? '', uri: request[2] ?? '', headers, body };
  const response = STATUS_LINE.exec(startLine);
  if (response === null) return undefined;
  return { is: 'response', status: Number(response[1]), reason: (response[2] ?? '').trim(), headers, body };
}

function lineEnd(text: string, from: number, end: number): number {
  const at = text.indexOf('\r\n', from);
  return at < 0 || at > end ? end : at;
}

/** The lines from `from` to `end`, by full lower-case name; several of one name are joined by commas (RFC 3261 section 7.3.1). */
function readLines(text: string, from: number, end: number): SipHeaders | undefined {
  const headers: Record<string, string> = {};
  for (let at = from; at < end; ) {
    const to = headerEnd(text, at, end);
    const colon = text.indexOf(':', at);
    const name = colon < 0 || colon > to ? undefined : nameOf(text.slice(at, colon));
    if (name === undefined) return undefined;
    const value = unfolded(text.slice(colon + 1, to));
    headers[name] = Object.hasOwn(headers, name) ? `${headers[name]},${value}` : value;
    at = to + 2;
  }
  return headers;
}

/** The end of a header with the lines that it goes on in (RFC 3261 section 7.3.1). */
function headerEnd(text: string, from: number, end: number): number {
  let to = lineEnd(text, from, end);
  while (to < end && (text[to + 2] === ' ' || text[to + 2] === '\t')) to = lineEnd(text, to + 2, end);
  return to;
}

/** Without what follows the length that the message tells, should it tell one. */
function bodyOf(rest: string, contentLength: string | undefined): string {
  const length = contentLength === undefined || !/^\d+$/.test(contentLength) ? rest.length : Number(contentLength);
  // In bytes the body is as long as in characters or longer: what has more characters is too long anyway.
  return length < rest.length ? rest.slice(0, length) : rest;
}

/** A SIP message for the server, which completes it (drachtio.md sections 2.2 and 4.1). */
export function writeSip(startLine: string, headers: SipHeaders, body = ''): string {
  let text = `${startLine}\r\n`;
  for (const name of Object.keys(headers)) text += `${name}: ${headers[name]}\r\n`;
  return `${text}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
