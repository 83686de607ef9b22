/**
 * What the library would choke on, found before it sees it. `text` is one message of the server: a first line, and after
 * CRLF a SIP message if there is one (drachtio.md section 2).
 */

/** Fields of the first line. */
export function fieldsOf(text: string): readonly string[] {
  const end = text.indexOf('\r');
  return (end < 0 ? text : text.slice(0, end)).split('|');
}

/**
 * The names that a peer has proven by its certificate, which sipd tells in a field of the first line that drachtio-server does
 * not have. No peer can write there: what it sends follows that line.
 */
export function peerNamesIn(fields: readonly string[]): readonly string[] | undefined {
  return /^tls=(.+)$/.exec(fields[13] ?? '')?.[1]?.split(',');
}

/**
 * The name of this life of an anchor and its server, which an anchor tells in a field of its reply to `authenticate` that
 * drachtio-server does not have.
 */
export function identityIn(fields: readonly string[]): string | undefined {
  return /^anchor=([A-Za-z0-9_-]{1,64})$/.exec(fields[7] ?? '')?.[1];
}

/** The library would decode it in the name of a method or of a header; there % is a character (RFC 4475 section 3.1.1.5). */
const ESCAPED_NAME = /^[^\s:]*%(?:u[\da-f]{4}|[\da-f]{2})/i;
/** As the library's own expressions, whose `.` ends at U+2028 and U+2029 too. */
const START_LINE = /^(?:SIP\/\d+\.\d+ +\d{3}.*$|[\w\-.!%*+`'~]+ \S+ SIP\/\d+\.\d+)/;
const HEADER_LINE = /^(?:[^\s:]+[ \t]*:|[ \t])/;

/**
 * Can the library read the SIP message, and as it is meant? What it cannot read it drops without an answer and prints, body
 * included.
 */
export function isReadable(text: string): boolean {
  const start = text.indexOf('\r\n') + 2;
  const end = text.indexOf('\r\n\r\n', start);
  // Folded, it would be part of the start line.
  const isFolded = /^[^\r]*\r\n[ \t]/.test(text.slice(start));
  const [startLine = '', ...headers] = text.slice(start, end < 0 ? undefined : end).split('\r\n');
  if (isFolded || !START_LINE.test(startLine) || ESCAPED_NAME.test(startLine)) return false;
  return headers.every((line) => (HEADER_LINE.test(line) && !ESCAPED_NAME.test(line)) || (line === '' && end < 0));
}

/**
 * A client message that answers an unreadable request by 400; undefined for what must not be answered: a response, an ACK.
 * @param fields of the first line
 */
export function refusalOf(text: string, fields: readonly string[]): string | undefined {
  const [, type, source] = fields;
  const transactionId = fields[8] ?? '';
  const start = text.slice(text.indexOf('\r\n') + 2);
  if (type !== 'sip' || source !== 'network' || transactionId === '' || /^(?:SIP\/|ACK\s)/.test(start)) return undefined;
  return `sip|${transactionId}|\r\nSIP/2.0 400 Bad Request\r\n\r\n`;
}

/**
 * Hides multipart bodies from the library, which takes them apart badly (DR-14) and, for some bodies, in quadratic time.
 * It looks for the lower-case word; media types have no case (RFC 2045 section 5.1).
 */
export function hideMultipart(text: string): string {
  if (!text.includes('multipart/')) return text;
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return text;
  return text.slice(0, end).replaceAll('multipart/', 'Multipart/') + text.slice(end);
}
