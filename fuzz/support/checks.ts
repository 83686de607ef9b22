import { SaxesParser } from 'saxes';

import type { SipAnswerOut, SipRequestOut } from '../../packages/codec/src';

/** What must hold of everything that we write, whatever we have read. Each throws with what is wrong. */

const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;
const TOKEN = /^[A-Za-z0-9\-.!%*_+`'~]+$/;
/** XML 1.0 section 2.2, negated. */
const NOT_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

/** Of what was wrong only the beginning is shown, characters. */
const MAX_SHOWN = 500;

export function must(holds: boolean, what: string, shown: unknown = ''): void {
  if (!holds) throw new Error(`${what}: ${String(JSON.stringify(shown)).slice(0, MAX_SHOWN)}`);
}

/** Well-formed, with allowed characters only, and without what XMPP streams forbid (RFC 6120 section 11.1). */
export function xmlIsSafe(xml: string): void {
  must(!NOT_XML.test(xml), 'a character that XML does not allow', xml);
  must(!/<[!?](?!\?xml)/.test(xml.replace(/^<\?xml[^>]*\?>/, '')), 'a comment, instruction, DTD or CDATA section', xml);
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', (error) => must(false, `not well-formed (${error.message})`, xml));
  parser.write(xml).close();
}

function headersAreSafe(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    must(TOKEN.test(name), 'a header name that is no token', name);
    must(!CONTROL.test(value), `a control character in ${name}`, value);
    must(value.length <= 8_000 && value.trim() !== '', `a length that no header has in ${name}`, value.length);
  }
}

export function requestIsSafe(out: SipRequestOut): void {
  headersAreSafe(out.headers);
  must(/^[A-Z]+$/.test(out.method), 'a method', out.method);
  for (const piece of [out.uri, out.proxy ?? '', out.stackId ?? '']) must(!/[\0-\x20\x7f]/.test(piece), 'a blank or a control in the first line', piece);
  must(!/\|/.test(`${out.proxy ?? ''}${out.stackId ?? ''}`), 'a bar in the first line of the server', out.stackId);
  must(!NOT_XML.test(out.uri), 'a character that no text has in a URI', out.uri);
}

export function answerIsSafe(out: SipAnswerOut): void {
  headersAreSafe(out.headers);
  must(Number.isInteger(out.status) && out.status >= 200 && out.status <= 699, 'a status', out.status);
  must(!CONTROL.test(out.reason ?? ''), 'a control in the reason phrase', out.reason);
}

/** State is plain JSON: what goes into the store comes out the same. */
export function isPlain(value: unknown): void {
  must(JSON.stringify(JSON.parse(JSON.stringify(value))) === JSON.stringify(value), 'no plain JSON', value);
}

/** A text that goes into a stanza or a body. */
export function textIsClean(text: string | undefined, what: string): void {
  must(text === undefined || !NOT_XML.test(text), `a forbidden character in ${what}`, text);
}

/** One line, fit for a header. */
export function isOneLine(text: string | undefined, what: string): void {
  must(text === undefined || !CONTROL.test(text), `more than a line of ${what}`, text);
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

export function isTime(text: string | undefined, what: string): void {
  must(text === undefined || RFC_3339.test(text), `no time of RFC 3339: ${what}`, text);
}

export function same(a: unknown, b: unknown, what: string): void {
  must(JSON.stringify(a) === JSON.stringify(b), `${what} is not the same when it is read again`, [a, b]);
}
