import { decodeOctets } from './charset';
import { isLinkTarget, linkSuffix } from './link';
import { setOfCodePage, setOfFont } from './rtf-charset';
import { DROPPED_DESTINATIONS, TEXT_OF_WORD } from './rtf-words';

/**
 * RTF of a message reduced to its text (Rich Text Format Specification 1.9.1; Microsoft's clients write it where the peer
 * takes it, microsoft-dialect.md section 2.4). Formatting, pictures and objects are gone, links are kept as text. Why this
 * is no library: docs/decisions/023-html-and-rtf.md.
 */

/** Groups within groups; real documents have ten. */
const MAX_DEPTH = 200;
/** An instruction of a field that is longer is no link, characters. */
const MAX_INSTRUCTION = 4_096;
/** Characters that follow `\u` for readers without Unicode: nobody writes more than a few. */
const MAX_FALLBACK = 100;

/** brace, word with its number, octet, symbol, text. Line ends are no text. */
const TOKEN = /([{}])|\\([A-Za-z]{1,32})(-?\d{1,10})? ?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z])|([^\\{}\r\n]+)/g;

/** The character that follows octets, where it may belong to them. */
function trailOf(symbol: string | undefined, text: string | undefined): number | undefined {
  const next = symbol === undefined ? text : /[\\{}]/.exec(symbol)?.[0];
  const code = next?.charCodeAt(0);
  return code !== undefined && code < 0x80 ? code : undefined;
}

interface Group {
  readonly role: 'text' | 'dropped' | 'fonts' | 'instruction';
  /** `\uc`: so many characters behind `\u` are for readers without Unicode. */
  readonly fallback: number;
  readonly font?: number;
  readonly hidden?: boolean;
  /** `\*` was the last word: a destination that is not known is dropped. */
  readonly optional?: boolean;
  /** A field starts with this group. */
  readonly field?: Field;
}
interface Field {
  readonly from: number;
  instruction: string;
}

/** The text, lines ended by a line feed; undefined for what is no RTF, or is nested too deep. */
export function rtfToText(rtf: string): string | undefined {
  return /^\s*\{\\rtf/.test(rtf) ? new RtfReader().read(rtf.trimStart()) : undefined;
}

class RtfReader {
  private readonly chunks: string[] = [];
  private readonly open: Group[] = [];
  private group: Group = { role: 'text', fallback: 1 };
  private field: Field | undefined;
  /** Characters that are still to be skipped behind `\u`. */
  private skip = 0;
  private octets: number[] = [];
  private documentSet = setOfCodePage(1252);
  private readonly fonts = new Map<number, string>();
  private defaultFont = 0;

  read(rtf: string): string | undefined {
    const token = new RegExp(TOKEN);
    for (let match = token.exec(rtf); match !== null; match = token.exec(rtf)) {
      const [, brace, word, number, octet, symbol, written] = match;
      const isTaken = octet === undefined && this.flush(trailOf(symbol, written));
      if (isTaken && symbol !== undefined) continue;
      const text = isTaken ? written?.slice(1) : written;
      if (brace === '{') this.begin();
      else if (brace === '}') this.end();
      else if (word === 'bin') token.lastIndex += Math.max(0, Number(number ?? 0));
      else if (this.isSkipped(text)) continue;
      else if (word !== undefined) this.word(word, number === undefined ? undefined : Number(number));
      else if (octet !== undefined) this.octets.push(Number.parseInt(octet, 16));
      else if (symbol !== undefined) this.symbol(symbol);
      else this.afterSkip(text ?? '');
      if (this.open.length > MAX_DEPTH) return undefined;
      if (this.open.length === 0) break;
    }
    this.flush();
    return this.chunks.join('');
  }

  private begin(): void {
    this.skip = 0;
    this.open.push(this.group);
  }

  private end(): void {
    this.skip = 0;
    const { field } = this.group;
    this.group = this.open.pop() ?? this.group;
    if (field === undefined || field === this.group.field) return;
    this.field = undefined;
    const target = /^\s*HYPERLINK\s+(?:"([^"]*)"|([^\s"\\]+))/i.exec(field.instruction);
    if (target !== null) this.link((target[1] ?? target[2] ?? '').trim(), field.from);
  }

  private link(target: string, from: number): void {
    if (!isLinkTarget(target)) return;
    const shown = this.chunks.slice(from).join('').trim();
    const suffix = linkSuffix(shown, target);
    if (suffix !== undefined) this.chunks.push(shown === '' ? suffix : ` ${suffix}`);
  }

  /** Behind `\u` words, symbols and octets count as one character each, text by its length. */
  private isSkipped(text: string | undefined): boolean {
    if (this.skip === 0 || text !== undefined) return false;
    this.skip -= 1;
    return true;
  }

  private afterSkip(text: string): void {
    const rest = text.slice(this.skip);
    this.skip = Math.max(0, this.skip - text.length);
    this.write(rest);
  }

  private symbol(symbol: string): void {
    if (symbol === '*') this.change({ optional: true });
    else this.write(TEXT_OF_WORD.get(symbol) ?? '');
  }

  private word(word: string, number: number | undefined): void {
    const text = TEXT_OF_WORD.get(word);
    if (text !== undefined) this.write(text);
    else if (this.group.optional === true && word !== 'fldinst') this.change({ role: 'dropped', optional: false });
    else if (DROPPED_DESTINATIONS.has(word)) this.change({ role: 'dropped' });
    else this.control(word, number);
  }

  private control(word: string, given: number | undefined): void {
    const number = given ?? 0;
    const { role } = this.group;
    if (word === 'u') this.unicode(number);
    else if (word === 'uc') this.change({ fallback: Math.min(Math.max(0, given ?? 1), MAX_FALLBACK) });
    else if (word === 'f') this.change({ font: number });
    else if (word === 'v') this.change({ hidden: given !== 0 });
    else if (word === 'plain') this.change({ hidden: false, font: this.defaultFont });
    else if (word === 'deff') this.defaultFont = number;
    else if (word === 'ansicpg') this.documentSet = setOfCodePage(number);
    else if (word === 'mac') this.documentSet = setOfCodePage(10000);
    else if (word === 'fcharset' && role === 'fonts') this.fonts.set(this.group.font ?? 0, setOfFont(number) ?? this.documentSet);
    else if (word === 'fonttbl') this.change({ role: 'fonts' });
    else if (word === 'field' && role === 'text') this.openField();
    else if (word === 'fldinst' && role === 'text') this.change({ role: 'instruction', optional: false });
  }

  /** A field within a field is text of the outer one. */
  private openField(): void {
    if (this.field !== undefined) return;
    this.field = { from: this.chunks.length, instruction: '' };
    this.change({ field: this.field });
  }

  /** A signed number of 16 bits; pairs of surrogates come as two of them. */
  private unicode(number: number): void {
    this.write(String.fromCharCode(number & 0xffff));
    this.skip = this.group.fallback;
  }

  /** Writes the octets. True: `trail` was the last of them, the second octet of a character, written as an ASCII one. */
  private flush(trail?: number): boolean {
    if (this.octets.length === 0) return false;
    const set = this.fonts.get(this.group.font ?? this.defaultFont) ?? this.documentSet;
    const { octets } = this;
    this.octets = [];
    const whole = decodeOctets(Uint8Array.from(octets), set);
    const completed = whole === undefined && trail !== undefined ? decodeOctets(Uint8Array.from([...octets, trail]), set) : undefined;
    this.write(whole ?? completed ?? '\ufffd');
    return completed !== undefined;
  }

  private write(text: string): void {
    const { role, hidden } = this.group;
    if (role === 'text' && hidden !== true) this.chunks.push(text);
    if (role !== 'instruction' || this.field === undefined) return;
    this.field.instruction = (this.field.instruction + text).slice(0, MAX_INSTRUCTION);
  }

  private change(changes: Partial<Group>): void {
    this.group = { ...this.group, ...changes };
  }
}
