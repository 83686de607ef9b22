/** multipart bodies (RFC 2046 section 5.1). The parser of drachtio-srf leaves the closing boundary in the last part (DR-14). */

export interface Part {
  /** By lower-case name, unfolded; of a repeated header the first. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** More parts than that make the body unreadable. */
const MAX_PARTS = 32;

/** The parts, in order. Undefined: no such boundary, no end, or too many parts. */
export function readMultipart(body: string, boundary: string): readonly Part[] | undefined {
  if (boundary === '' || boundary.length > 70) return undefined;
  const text = `\r\n${body.replace(/\r\n|\r|\n/g, '\r\n')}`;
  const [, ...sections] = text.split(`\r\n--${boundary}`, MAX_PARTS + 2);
  const parts: Part[] = [];
  for (const section of sections) {
    if (section.startsWith('--')) return parts;
    const padding = /^[ \t]*\r\n/.exec(section);
    if (padding === null) return undefined;
    parts.push(readPart(section.slice(padding[0].length)));
  }
  return undefined;
}

function readPart(text: string): Part {
  if (text.startsWith('\r\n')) return { headers: new Map(), body: text.slice(2) };
  const end = text.indexOf('\r\n\r\n');
  const head = end < 0 ? text : text.slice(0, end);
  return { headers: readHeaders(head), body: end < 0 ? '' : text.slice(end + 4) };
}

function readHeaders(head: string): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    if (!headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return headers;
}
