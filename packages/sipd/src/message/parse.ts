/**
 * The SIP message parser: head (start line and header fields, Latin-1 text without the empty line) plus body.
 * RFC 3261 sections 7.1 to 7.3. Lenient where real senders are (compact names, folding, unknown methods), strict about
 * what could smuggle a line: a bare CR, a bare LF or a NUL in the head makes the message malformed.
 */
import { headerKey, headerSpelling, Headers, type HeaderField } from './headers';
import { REASONS, type SipMessage } from './message';

const REQUEST_LINE = /^([A-Za-z0-9.!%*_+`'~-]{1,64}) (\S+) SIP\/2\.0[ \t]*$/i;
/** What was meant as the first line of a SIP message: it can be answered, and the stream can be followed behind it. */
const LOOSE_LINE = /^(?:([A-Za-z0-9.!%*_+`'~-]{1,64})[ \t].*[ \t]SIP\/\d{1,3}\.\d{1,3}[ \t]*|SIP\/\d.*)$/i;
/** Another version of the protocol (RFC 3261 section 21.5.6). */
const OTHER_VERSION = /^\S+ \S+ SIP\/(?!2\.0[ \t]*$)[\d.]+[ \t]*$/i;
const STATUS_LINE = /^SIP\/2\.0 +([1-6]\d\d)(?: (.*))?$/i;
const STRAY_CONTROL = /\r(?!\n)|(?<!\r)\n|\0/;
const HEADER_NAME = /^[A-Za-z0-9.!%*_+`'~-]+$/;

/** What the parser found wrong; `headers` holds what could be read, for an answer. */
export interface Malformed {
  readonly is: 'malformed';
  readonly status: 400 | 505;
  readonly reason: string;
  readonly method: string | undefined;
  readonly headers: Headers;
}

/** Splits `Name: value`; undefined when there is no colon or the name is no token. */
export function readHeaderLine(line: string): HeaderField | undefined {
  const colon = line.indexOf(':');
  if (colon < 1) return undefined;
  const name = line.slice(0, colon).trimEnd();
  if (!HEADER_NAME.test(name)) return undefined;
  const key = headerKey(name);
  return { key, name: name.length === 1 ? headerSpelling(key) : name, value: line.slice(colon + 1).trim() };
}

/** Reads header lines; a line that starts with a blank goes on with the one before (RFC 3261 section 7.3.1). */
export function readHeaderLines(lines: readonly string[]): { headers: Headers; bad: string | undefined } {
  const fields: HeaderField[] = [];
  let bad: string | undefined;
  for (const line of lines) {
    const previous = fields.at(-1);
    if (previous !== undefined && (line.startsWith(' ') || line.startsWith('\t'))) {
      fields[fields.length - 1] = { ...previous, value: `${previous.value} ${line.trim()}`.trim() };
      continue;
    }
    const field = readHeaderLine(line);
    if (field === undefined) bad ??= line;
    else fields.push(field);
  }
  return { headers: new Headers(fields), bad };
}

/**
 * Parses one message.
 * @param head start line and headers, Latin-1, lines separated by CRLF, without the final empty line
 * @param body as many bytes as Content-Length says
 */
export function parseMessage(head: string, body: Buffer): SipMessage | Malformed {
  const lines = head.split('\r\n');
  const startLine = lines[0] ?? '';
  const { headers, bad } = readHeaderLines(lines.slice(1));
  const request = REQUEST_LINE.exec(startLine);
  const method = request?.[1] ?? LOOSE_LINE.exec(startLine)?.[1];
  const malformed = (reason: string, status: 400 | 505 = 400): Malformed => ({ is: 'malformed', status, reason, method, headers });
  if (STRAY_CONTROL.test(head)) return malformed('Stray Control Character');
  if (bad !== undefined) return malformed('Bad Header Line');
  if (request !== null) return { is: 'request', method: request[1] ?? '', uri: request[2] ?? '', headers, body };
  const status = STATUS_LINE.exec(startLine);
  if (status === null) return OTHER_VERSION.test(startLine) ? malformed(REASONS[505], 505) : malformed('Bad Start Line');
  return { is: 'response', status: Number(status[1]), reason: status[2] ?? '', headers, body };
}

/** Whether a first line can be the start of a SIP message, a wrong one included. */
export function isStartLine(line: string): boolean {
  return LOOSE_LINE.test(line);
}
