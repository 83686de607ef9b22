/**
 * The value of From, To and Contact: name-addr or addr-spec with header parameters (RFC 3261 sections 20.10, 25.1;
 * requirement SEC-9).
 */

import { type Result, succeed } from '@isthmus/model';
import { cleanXmlText } from '../xml/text';
import { malformedJid } from './jid';
import { MAX_URI_LENGTH } from './sip-uri';

export interface NameAddr {
  /** Without quotes and escapes, cleaned of controls. */
  readonly displayName?: string;
  readonly uri: string;
  /** The header parameters by name in lower case, without quotes; one without a value is ''. First of a name counts. */
  readonly params: ReadonlyMap<string, string>;
}

const QUOTED = /^"(?:[^"\\]|\\.)*"/su;
const QUOTED_PAIR = /\\(.)/gsu;
const DELIMITER = /[<>"]/;
const CONTROL = /[\p{Cc}\u2028\u2029]+/gu;
const TOKEN = /^[A-Za-z0-9\-.!%*_+`'~]+$/;
/** What may stand bare between angle brackets. */
const URI_CHARACTER = /^[\x21\x23-\x3B\x3D\x3F-\x7E]$/;
const MAX_DISPLAY_NAME = 256;

/** Reads one value. A second value after a comma, or text that is neither form, is refused: `address.malformed`. */
export function readNameAddr(text: string): Result<NameAddr> {
  if (text.length > MAX_URI_LENGTH) {
    return malformedJid();
  }
  const trimmed = text.trim();
  const quoted = QUOTED.exec(trimmed);
  const rest = trimmed.slice(quoted?.[0].length ?? 0);
  const open = rest.indexOf('<');
  if (open < 0) {
    return quoted === null ? readAddrSpec(rest) : malformedJid();
  }
  const close = rest.indexOf('>', open);
  const before = rest.slice(0, open).trim();
  const displayName = quoted === null ? before : quoted[0].slice(1, -1).replace(QUOTED_PAIR, '$1');
  if (close < 0 || before.includes('"') || (quoted !== null && before !== '')) {
    return malformedJid();
  }
  return withParams(displayName, rest.slice(open + 1, close).trim(), rest.slice(close + 1));
}

/** RFC 3261 section 20.10: without brackets, what follows a semicolon belongs to the header. After the user part, that is. */
function readAddrSpec(text: string): Result<NameAddr> {
  const semicolon = text.indexOf(';', text.indexOf('@') + 1);
  const end = semicolon < 0 ? text.length : semicolon;
  return withParams('', text.slice(0, end).trim(), text.slice(end));
}

function withParams(displayName: string, uri: string, rest: string): Result<NameAddr> {
  const params = readHeaderParams(rest.trim());
  if (params === undefined || uri === '' || DELIMITER.test(uri)) {
    return malformedJid();
  }
  const cleaned = cleanDisplayName(displayName);
  return succeed({ uri, params, ...(cleaned === '' ? {} : { displayName: cleaned }) });
}

/** The parameters of `;tag=a;q="b"`, or undefined where something else stands there. */
function readHeaderParams(text: string): ReadonlyMap<string, string> | undefined {
  if (text !== '' && !text.startsWith(';')) {
    return undefined;
  }
  const params = new Map<string, string>();
  for (const part of splitOutsideQuotes(text, ';').filter((candidate) => candidate.trim() !== '')) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    const value = equals < 0 ? '' : unquote(part.slice(equals + 1).trim());
    if (!TOKEN.test(name) || value === undefined) {
      return undefined;
    }
    if (!params.has(name)) {
      params.set(name, value);
    }
  }
  return params;
}

/** The values of a header of several (RFC 3261 section 7.3.1), as they stand: a comma in quotes or brackets parts nothing. */
export function splitNameAddrs(text: string): readonly string[] {
  return splitOutsideQuotes(text, ',').map((value) => value.trim());
}

function splitOutsideQuotes(text: string, separator: ',' | ';'): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  let inQuotes = false;
  let inBrackets = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (inQuotes && character === '\\') {
      index += 1;
    } else if (character === '"') {
      inQuotes = !inQuotes;
    } else if (separator === ',' && !inQuotes && (character === '<' || character === '>')) {
      inBrackets = character === '<';
    } else if (character === separator && !inQuotes && !inBrackets) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...parts, text.slice(start)];
}

/** A quoted value without its quotes, or a bare value; undefined where quotes, blanks or a comma stand in the open. */
function unquote(value: string): string | undefined {
  const quoted = QUOTED.exec(value);
  if (quoted !== null && quoted[0].length === value.length) {
    return quoted[0].slice(1, -1).replace(QUOTED_PAIR, '$1').replace(CONTROL, ' ');
  }
  return /[\s",\p{Cc}]/u.test(value) ? undefined : value;
}

function cleanDisplayName(text: string): string {
  if (text === '') return '';
  return [...cleanXmlText(text).replace(CONTROL, ' ').trim()].slice(0, MAX_DISPLAY_NAME).join('').trim();
}

/**
 * Writes one value, in name-addr form. Whatever the parts hold, the result is one line that reads back as one value:
 * the display name is cleaned, capped at 256 characters and quoted, the URI is encoded where it must be, a parameter
 * whose name is no token is left out.
 */
export function formatNameAddr(parts: {
  readonly displayName?: string;
  readonly uri: string;
  readonly params?: Iterable<readonly [name: string, value: string]>;
}): string {
  const displayName = cleanDisplayName(parts.displayName ?? '');
  const uri = [...cleanXmlText(parts.uri)].map(encodeUriCharacter).join('');
  const params = [...(parts.params ?? [])].filter(([name]) => TOKEN.test(name)).map(formatParam);
  return `${displayName === '' ? '' : `${quote(displayName)} `}<${uri}>${params.join('')}`;
}

function formatParam([name, value]: readonly [string, string]): string {
  const cleaned = cleanXmlText(value).replace(CONTROL, ' ');
  if (cleaned === '') {
    return `;${name}`;
  }
  return `;${name}=${TOKEN.test(cleaned) ? cleaned : quote(cleaned)}`;
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function encodeUriCharacter(character: string): string {
  return URI_CHARACTER.test(character) ? character : encodeURIComponent(character);
}
