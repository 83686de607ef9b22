import { fail, fault, succeed, type Result } from '@isthmus/model';

/** Common Presence and Instant Messaging: message format (RFC 3862), as far as one-to-one texts and reports need it. */

export const CPIM_TYPE = 'message/cpim';

export interface Cpim {
  /** Header values by name; those of a namespace by `<its URI> <name>` (RFC 3862 section 2.3). The first of each name. */
  readonly headers: ReadonlyMap<string, string>;
  /** The headers of the content, by lower-case name. */
  readonly content: ReadonlyMap<string, string>;
  readonly body: string;
}

/** More header lines make a message unreadable. */
const MAX_HEADERS = 64;

/** Fault: `body.malformed` when there are no two blocks of headers with a blank line behind each, or too many headers. */
export function readCpim(text: string): Result<Cpim> {
  const lines = text.replace(/\r\n|\r/g, '\n');
  const outer = splitBlock(lines);
  const inner = outer === undefined ? undefined : splitBlock(outer.rest);
  if (outer === undefined || inner === undefined) return fail(fault('body.malformed', 'No message in CPIM format'));
  const content = new Map([...inner.headers].map(([name, value]) => [name.toLowerCase(), value]));
  return succeed({ headers: withNamespaces(outer.headers), content, body: inner.rest.replaceAll('\n', '\r\n') });
}

interface Block {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly rest: string;
}

function splitBlock(text: string): Block | undefined {
  const end = text.indexOf('\n\n');
  if (end < 0) return undefined;
  const lines = text.slice(0, end).split('\n', MAX_HEADERS + 1);
  const headers = lines.map(splitHeader).filter((header) => header !== undefined);
  if (lines.length > MAX_HEADERS || headers.length !== lines.length) return undefined;
  return { headers, rest: text.slice(end + 2) };
}

function splitHeader(line: string): readonly [string, string] | undefined {
  const colon = line.indexOf(':');
  return colon < 1 ? undefined : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

/** `NS: prefix <URI>` names a namespace from there on; names without a known prefix stay as they are. */
function withNamespaces(headers: Block['headers']): ReadonlyMap<string, string> {
  const spaces = new Map<string, string>();
  const named = new Map<string, string>();
  for (const [name, value] of headers) {
    const space = name === 'NS' ? /^(\S+)\s+<([^<>\s]+)>$/.exec(value) : null;
    if (space !== null) spaces.set(space[1] ?? '', space[2] ?? '');
    const dot = name.indexOf('.');
    const uri = spaces.get(name.slice(0, Math.max(0, dot)));
    const full = uri === undefined ? name : `${uri} ${name.slice(dot + 1)}`;
    if (!named.has(full)) named.set(full, value);
  }
  return named;
}

type Lines = Readonly<Record<string, string | undefined>>;

/** A message in CPIM format. Header values must be of one line; those that are undefined are left out. */
export function writeCpim(headers: Lines, content: Lines, body: string): string {
  return `${block(headers)}\r\n${block(content)}\r\n${body}`;
}

function block(headers: Lines): string {
  return Object.entries(headers)
    .map(([name, value]) => (value === undefined ? '' : `${name}: ${value}\r\n`))
    .join('');
}
