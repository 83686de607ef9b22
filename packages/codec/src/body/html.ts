import { isLinkTarget, linkSuffix } from './link';
import { readHtml, type HtmlAttributes, type HtmlHandler } from './html-reader';

/**
 * HTML of a message reduced to its text (SEC-13): tags are dropped, line breaks and links are kept as text, scripts and
 * styles are gone, of an image its alternative text stays. Nothing is ever fetched, and the result is text that is
 * escaped wherever it goes.
 */

/** Elements that start and end on a line of their own. */
const BLOCKS: ReadonlySet<string> = new Set(
  'address article aside blockquote body center dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tr ul'.split(
    ' ',
  ),
);

export function htmlToText(html: string): string {
  const reduction = new Reduction();
  readHtml(html, reduction);
  return reduction.finish();
}

/** Writes what counts of a document into lines. */
class Reduction implements HtmlHandler {
  private readonly writer = new LineWriter();
  private link: { readonly target: string; readonly from: number } | undefined;

  text(text: string): void {
    this.writer.text(text);
  }

  open(name: string, { href, alt }: HtmlAttributes): void {
    if (name === 'a') this.openLink(href?.trim() ?? '');
    else if (name === 'br') this.writer.lineEnd();
    else if (name === 'td' || name === 'th') this.writer.text(' ');
    else if (name === 'img') this.writer.text(alt ?? '');
    else this.block(name, true);
  }

  close(name: string): void {
    if (name === 'a') this.closeLink();
    else this.block(name, false);
  }

  finish(): string {
    this.closeLink();
    return this.writer.finish();
  }

  private block(name: string, opening: boolean): void {
    if (name === 'pre') this.writer.preformatted(opening);
    else if (BLOCKS.has(name)) this.writer.block();
  }

  /** A link within a link ends the first one, as in browsers. */
  private openLink(target: string): void {
    this.closeLink();
    if (isLinkTarget(target)) this.link = { target, from: this.writer.position };
  }

  private closeLink(): void {
    if (this.link !== undefined) this.writer.link(this.link.target, this.link.from);
    this.link = undefined;
  }
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
    const suffix = linkSuffix(shown, target);
    if (suffix === undefined) return;
    if (shown !== '') this.space = true;
    this.word(suffix);
  }

  finish(): string {
    return this.chunks.join('');
  }

  /** A space that does not break is a space; it is no white space by the rules of HTML. */
  private word(word: string): void {
    const shown = word.replaceAll('\u00a0', ' ');
    this.append(this.space && !this.atLineStart ? ` ${shown}` : shown);
    this.space = false;
  }

  private append(text: string): void {
    if (text === '') return;
    this.chunks.push(text);
    this.atLineStart = text.endsWith('\n');
  }
}
