import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2';

/**
 * HTML as a row of tags and texts. The tokenizer of htmlparser2 and not its parser: that one keeps the open elements in a
 * list, and for nested ones its time grows by the square (docs/decisions/023-html-and-rtf.md).
 */
export interface HtmlHandler {
  /** Character references are already replaced. */
  text(text: string): void;
  open(name: string, attributes: HtmlAttributes): void;
  close(name: string): void;
}
export type HtmlAttributes = Readonly<Partial<Record<AttributeName, string>>>;

const ATTRIBUTES = ['href', 'alt'] as const;
type AttributeName = (typeof ATTRIBUTES)[number];

/** Elements whose content is no text of the document. What stands in `noscript` or `object` is: we run and fetch nothing. */
const DROPPED: ReadonlySet<string> = new Set(['script', 'style', 'title', 'template']);

/** Tells the handler what is in a document, names in lower case. Any text is read to its end. */
export function readHtml(html: string, handler: HtmlHandler): void {
  const tokenizer = new Tokenizer({ decodeEntities: true }, new Reader(html, handler));
  tokenizer.write(html);
  tokenizer.end();
}

class Reader implements TokenizerCallbacks {
  private name = '';
  private attributes: Partial<Record<AttributeName, string>> = {};
  private attribute = '';
  private value = '';
  /** The dropped element that is open. */
  private dropped: string | undefined;

  constructor(
    private readonly html: string,
    private readonly handler: HtmlHandler,
  ) {}

  ontext(start: number, end: number): void {
    if (this.dropped === undefined) this.handler.text(this.html.slice(start, end));
  }
  ontextentity(codePoint: number): void {
    if (this.dropped === undefined) this.handler.text(String.fromCodePoint(codePoint));
  }

  onopentagname(start: number, end: number): void {
    this.name = this.html.slice(start, end).toLowerCase();
    this.attributes = {};
  }
  onattribname(start: number, end: number): void {
    this.attribute = this.html.slice(start, end).toLowerCase();
    this.value = '';
  }
  onattribdata(start: number, end: number): void {
    this.value += this.html.slice(start, end);
  }
  onattribentity(codePoint: number): void {
    this.value += String.fromCodePoint(codePoint);
  }
  onattribend(): void {
    const known = ATTRIBUTES.find((name) => name === this.attribute);
    if (known !== undefined) this.attributes[known] ??= this.value;
  }
  onopentagend(): void {
    if (this.dropped !== undefined) return;
    if (DROPPED.has(this.name)) this.dropped = this.name;
    else this.handler.open(this.name, this.attributes);
  }
  onselfclosingtag(): void {
    if (this.dropped === undefined) this.handler.open(this.name, this.attributes);
  }

  onclosetag(start: number, end: number): void {
    const name = this.html.slice(start, end).toLowerCase();
    if (this.dropped === undefined) this.handler.close(name);
    else if (name === this.dropped) this.dropped = undefined;
  }

  // Comments, document types, instructions and CDATA sections are no text of the document.
  oncdata(): void {}
  oncomment(): void {}
  ondeclaration(): void {}
  onprocessinginstruction(): void {}
  onend(): void {}
}
