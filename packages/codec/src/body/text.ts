import { fail, fault, succeed, type Result } from '@isthmus/model';
import { decodeOctets, isIntact } from './charset';
import { readContentType, type ContentType } from './content-type';
import { htmlToText } from './html';
import { textFromWire } from './lines';
import { readMultipart, type Part } from './multipart';
import { rtfToText } from './rtf';
import { transferDecode } from './transfer';

/** What a MESSAGE of the far side may carry (Accept of a 415, RFC 3428 section 7). */
export const ACCEPTED_TYPES =
  'text/plain, text/html, text/rtf, multipart/alternative, multipart/related, multipart/mixed, ' +
  'application/im-iscomposing+xml, message/cpim, message/imdn+xml';

/** multipart inside multipart: deeper than that it is not read. */
const MAX_DEPTH = 4;

/**
 * The text of a message body, reduced to plain text with line feeds (IM-4). Empty when its sender wrote none.
 * Faults: `body.unsupported` (media type or character set, or what was written is no text), `body.malformed`.
 */
export function readText(contentType: string | undefined, body: string): Result<string> {
  const result = reduce(contentType ?? 'text/plain', body, 0);
  return result.ok ? succeed(textFromWire(result.value)) : result;
}

function reduce(contentType: string, body: string, depth: number): Result<string> {
  const type = readContentType(contentType);
  if (type === undefined) return fail(fault('body.malformed'));
  if (type.type === 'text/plain') return intact(body, type);
  if (type.type === 'text/html') {
    const html = intact(body, type);
    return html.ok ? shown(htmlToText(html.value), body) : html;
  }
  if (type.type === 'text/rtf' || type.type === 'application/rtf') {
    const text = rtfToText(body);
    return text === undefined ? fail(fault('body.malformed')) : shown(text, body);
  }
  if (type.type === 'multipart/alternative') return withParts(type, body, depth, readAlternative);
  if (type.type === 'multipart/related') return withParts(type, body, depth, readRelated);
  if (type.type === 'multipart/mixed') return withParts(type, body, depth, readMixed);
  return fail(fault('body.unsupported'));
}

/** A picture, say, of which no text is left must not be taken for an empty message: it would be lost without a word. */
function shown(text: string, body: string): Result<string> {
  return textFromWire(text).trim() === '' && body.trim() !== '' ? fail(fault('body.unsupported', 'There is no text in it')) : succeed(text);
}

function intact(text: string, type: ContentType): Result<string> {
  if (isIntact(text, type.parameters.get('charset'))) return succeed(text);
  return fail(fault('body.unsupported', 'Only text in UTF-8 is carried'));
}

type PartsReader = (parts: readonly Part[], type: ContentType, depth: number) => Result<string>;

function withParts(type: ContentType, body: string, depth: number, read: PartsReader): Result<string> {
  const parts = depth < MAX_DEPTH ? readMultipart(body, type.parameters.get('boundary') ?? '') : undefined;
  return parts === undefined || parts.length === 0 ? fail(fault('body.malformed')) : read(parts, type, depth);
}

/** What loses least on its way to text comes first; all others after these. */
const BEST_FIRST: readonly string[] = ['text/plain', 'text/html', 'text/rtf'];

/** The plain form where there is one, else the next best that has text (RFC 2046 section 5.1.4 orders by richness). */
function readAlternative(parts: readonly Part[], _type: ContentType, depth: number): Result<string> {
  const bestFirst = [...parts].sort((a, b) => rankOf(a) - rankOf(b));
  const read = bestFirst.map((part) => readPart(part, depth));
  const full = read.find((text) => text.ok && text.value.trim() !== '');
  return full ?? (read.every(({ ok }) => ok) ? succeed('') : fail(fault('body.unsupported')));
}

function rankOf(part: Part): number {
  const rank = BEST_FIRST.indexOf(readContentType(part.headers.get('content-type') ?? 'text/plain')?.type ?? '');
  return rank < 0 ? BEST_FIRST.length : rank;
}

/**
 * The texts one below the other. A part that cannot be shown makes the whole message one that is not carried, unless its
 * sender says that it does not matter (RFC 3261 section 20.11): half a message would be silently lost otherwise.
 */
function readMixed(parts: readonly Part[], _type: ContentType, depth: number): Result<string> {
  const texts: string[] = [];
  for (const part of parts) {
    const text = readPart(part, depth);
    if (text.ok) texts.push(textFromWire(text.value));
    else if (!isOptional(part)) return text;
  }
  return texts.length === 0 ? fail(fault('body.unsupported')) : succeed(texts.join('\n'));
}

function isOptional(part: Part): boolean {
  return /;\s*handling\s*=\s*"?optional\b/i.test(part.headers.get('content-disposition') ?? '');
}

/** The root: the part that `start` names, else the first (RFC 2387 section 3.2). */
function readRelated(parts: readonly Part[], type: ContentType, depth: number): Result<string> {
  const start = type.parameters.get('start');
  const named = start === undefined ? undefined : parts.find((part) => part.headers.get('content-id') === start);
  const root = named ?? parts[0];
  return root === undefined ? fail(fault('body.malformed')) : readPart(root, depth);
}

function readPart(part: Part, depth: number): Result<string> {
  const contentType = part.headers.get('content-type') ?? 'text/plain';
  const octets = transferDecode(part.headers.get('content-transfer-encoding') ?? '', part.body);
  if (octets === undefined) return fail(fault('body.malformed'));
  if (octets === 'as-is') return reduce(contentType, part.body, depth + 1);
  const type = readContentType(contentType);
  const text = decodeOctets(octets, type?.parameters.get('charset'));
  if (type === undefined || text === undefined) return fail(fault('body.unsupported', 'Only text in UTF-8 is carried'));
  return reduce(withoutCharset(type), text, depth + 1);
}

/** Once octets have been decoded, their character set no longer matters. */
function withoutCharset(type: ContentType): string {
  const boundary = type.parameters.get('boundary');
  return boundary === undefined ? type.type : `${type.type};boundary="${boundary.replace(/["\\]/g, '\\$&')}"`;
}
