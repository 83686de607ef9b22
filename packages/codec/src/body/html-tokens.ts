/** Cuts HTML into tags and text, in one pass over the input whatever it holds (WHATWG HTML section 13.2.5, much reduced). */

export interface Tag {
  readonly is: 'tag';
  /** Lower case. */
  readonly name: string;
  readonly closing: boolean;
  /** All between the name and the closing bracket. */
  readonly attributes: string;
}
export interface Text {
  readonly is: 'text';
  readonly text: string;
}
export type Token = Tag | Text;

const TAG_START = /<(\/?)([A-Za-z][^\s/>]*)/y;
/** Elements whose content is no text of the document. */
const RAW: ReadonlySet<string> = new Set(['script', 'style', 'title', 'textarea', 'template', 'noscript', 'iframe', 'object']);

export function* tokens(html: string): Generator<Token> {
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    const end = open < 0 ? html.length : open;
    if (end > at) yield { is: 'text', text: html.slice(at, end) };
    if (open < 0) return;
    at = skipMarkup(html, open);
    if (at > open) continue;
    const tag = readTag(html, open);
    if (tag === undefined) {
      yield { is: 'text', text: '<' };
      at = open + 1;
      continue;
    }
    yield tag.tag;
    at = RAW.has(tag.tag.name) && !tag.tag.closing ? endOfRaw(html, tag.end, tag.tag.name) : tag.end;
  }
}

/** Behind a comment, a document type, a processing instruction; `open` itself when none starts there. */
function skipMarkup(html: string, open: number): number {
  if (html.startsWith('<!--', open)) return after(html, '-->', open + 4);
  const second = html[open + 1];
  return second === '!' || second === '?' ? after(html, '>', open + 2) : open;
}

/** Behind `mark`, or the end of the text where it does not occur any more. */
function after(html: string, mark: string, from: number): number {
  const found = html.indexOf(mark, from);
  return found < 0 ? html.length : found + mark.length;
}

function readTag(html: string, open: number): { readonly tag: Tag; readonly end: number } | undefined {
  TAG_START.lastIndex = open;
  const start = TAG_START.exec(html);
  if (start === null) return undefined;
  const [head, slash, name = ''] = start;
  const end = endOfTag(html, open + head.length);
  const attributes = html.slice(open + head.length, end);
  return { tag: { is: 'tag', name: name.toLowerCase(), closing: slash === '/', attributes }, end: end + 1 };
}

/** The closing bracket outside quotes. In a tag that is never closed all the rest is its attributes, as in browsers. */
function endOfTag(html: string, from: number): number {
  let at = from;
  while (at < html.length) {
    const character = html[at];
    if (character === '>') return at;
    if (character === '"' || character === "'") {
      const quote = html.indexOf(character, at + 1);
      if (quote < 0) return html.length;
      at = quote;
    }
    at += 1;
  }
  return html.length;
}

/** Where the end tag of a raw element starts. Not sought in a text in lower case: that may be longer than the text. */
function endOfRaw(html: string, from: number, name: string): number {
  const end = new RegExp(`</${name}`, 'gi');
  end.lastIndex = from;
  return end.exec(html)?.index ?? html.length;
}
