import { decodeEntities } from './html-entities';
import { tokens, type Tag } from './html-tokens';

/**
 * HTML of a message reduced to its text (SEC-13): tags are dropped, line breaks and links are kept as text, scripts,
 * styles and images are gone. Nothing is ever fetched, and the result is text that is escaped wherever it goes.
 */

/** Elements that start and end on a line of their own. */
const BLOCKS: ReadonlySet<string> = new Set(
  'address article aside blockquote body center dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tr ul'.split(
    ' ',
  ),
);
const LINK_SCHEMES = /^(https?|ftp|mailto|sips?|tel|xmpp):/i;

export function htmlToText(html: string): string {
  const writer = new LineWriter();
  let link: { readonly target: string; readonly from: number } | undefined;
  for (const token of tokens(html)) {
    if (token.is === 'text') {
      writer.text(decodeEntities(token.text));
      continue;
    }
    if (token.name === 'a') {
      if (link !== undefined) writer.link(link.target, link.from);
      link = token.closing ? undefined : linkOf(token, writer.position);
      continue;
    }
    writeTag(token, writer);
  }
  if (link !== undefined) writer.link(link.target, link.from);
  return writer.finish();
}

function writeTag(tag: Tag, writer: LineWriter): void {
  if (tag.name === 'br') writer.lineEnd();
  else if (tag.name === 'pre') writer.preformatted(!tag.closing);
  else if (BLOCKS.has(tag.name)) writer.block();
  else if (tag.name === 'td' || tag.name === 'th') writer.text(' ');
  else if (tag.name === 'img') writer.text(attribute(tag, 'alt') ?? '');
}

function linkOf(tag: Tag, from: number): { readonly target: string; readonly from: number } | undefined {
  const target = attribute(tag, 'href')?.trim();
  return target !== undefined && LINK_SCHEMES.test(target) ? { target, from } : undefined;
}

function attribute(tag: Tag, name: string): string | undefined {
  const pattern = /([^\s"'>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;
  for (const [, found = '', double, single, bare] of tag.attributes.matchAll(pattern)) {
    if (found.toLowerCase() === name) return decodeEntities(double ?? single ?? bare ?? '');
  }
  return undefined;
}

/** Collects text by the white space rules of HTML: runs become one space, none at the ends of a line. */
class LineWriter {
  private readonly chunks: string[] = [];
  private atLineStart = true;
  /** A space that is written when more text follows on the line. */
  private space = false;
  private pre = 0;

  /** A place in the text, for `link`. */
  get position(): number {
    return this.chunks.length;
  }

  text(text: string): void {
    if (this.pre > 0) {
      this.append(text);
      return;
    }
    for (const word of text.split(/([ \t\r\n\f]+)/)) {
      if (word === '') continue;
      if (/^[ \t\r\n\f]/.test(word)) this.space = true;
      else this.word(word);
    }
  }

  lineEnd(): void {
    this.append('\n');
    this.space = false;
  }

  block(): void {
    if (!this.atLineStart) this.append('\n');
    this.space = false;
  }

  preformatted(opening: boolean): void {
    this.block();
    this.pre = opening ? this.pre + 1 : Math.max(0, this.pre - 1);
  }

  /** Adds the target of a link unless the text since `from` already shows it. */
  link(target: string, from: number): void {
    const shown = this.chunks.slice(from).join('').trim();
    const plain = target.replace(/^mailto:/i, '');
    if (shown === target || shown === plain || `${shown}/` === target) return;
    if (shown !== '') this.space = true;
    this.word(shown === '' ? target : `<${target}>`);
  }

  finish(): string {
    return this.chunks.join('');
  }

  private word(word: string): void {
    this.append(this.space && !this.atLineStart ? ` ${word}` : word);
    this.space = false;
  }

  private append(text: string): void {
    if (text === '') return;
    this.chunks.push(text);
    this.atLineStart = text.endsWith('\n');
  }
}
