/** SIP messages as a test reads and writes them (RFC 3261 section 7). No rules are enforced: a test may say anything. */

export type Header = readonly [name: string, value: string];

/** Compact forms (RFC 3261 section 20, RFC 6665 section 8.4, RFC 3428 has none). */
const LONG_NAME: Readonly<Record<string, string>> = {
  c: 'content-type',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  o: 'event',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
};

const longName = (name: string): string => {
  const lower = name.trim().toLowerCase();
  return LONG_NAME[lower] ?? lower;
};

const END_OF_HEADERS = Buffer.from('\r\n\r\n');

export class SipMessage {
  constructor(
    readonly startLine: string,
    readonly headers: readonly Header[],
    readonly body: Buffer = Buffer.alloc(0),
  ) {}

  /** Reads one message: header fields as they came (folded lines joined), whatever follows the empty line is the body. */
  static parse(bytes: Buffer): SipMessage {
    const end = bytes.indexOf(END_OF_HEADERS);
    const head = bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
    const [startLine = '', ...lines] = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
    const headers = lines.map((line): Header => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    });
    return new SipMessage(startLine, headers, end < 0 ? Buffer.alloc(0) : bytes.subarray(end + END_OF_HEADERS.length));
  }

  /** The first value of a header field, by its long name; the empty string when it is missing. */
  header(name: string): string {
    return this.all(name)[0] ?? '';
  }

  /** All values of a header field, a value for each line (commas are left alone). */
  all(name: string): string[] {
    return this.headers.filter(([key]) => longName(key) === longName(name)).map(([, value]) => value);
  }

  get isRequest(): boolean {
    return !this.startLine.startsWith('SIP/2.0 ');
  }

  /** Of a request: its method; the empty string for a response. */
  get method(): string {
    return this.isRequest ? (this.startLine.split(' ')[0] ?? '') : '';
  }

  /** Of a request: its Request-URI. */
  get uri(): string {
    return this.startLine.split(' ')[1] ?? '';
  }

  /** Of a response: its status code; 0 for a request. */
  get status(): number {
    return this.isRequest ? 0 : Number(this.startLine.split(' ')[1]);
  }

  get callId(): string {
    return this.header('Call-ID');
  }

  /** Sequence number and method of CSeq. */
  get cseq(): { number: number; method: string } {
    const [number = '0', method = ''] = this.header('CSeq').split(/\s+/);
    return { number: Number(number), method };
  }

  /** The body as UTF-8 text. */
  get text(): string {
    return this.body.toString('utf8');
  }

  /** The bytes for the wire; Content-Length is added when no header field says it. */
  encode(): Buffer {
    const length: Header[] = this.all('Content-Length').length > 0 ? [] : [['Content-Length', `${this.body.length}`]];
    const lines = [...this.headers, ...length].map(([name, value]) => `${name}: ${value}\r\n`);
    return Buffer.concat([Buffer.from(`${this.startLine}\r\n${lines.join('')}\r\n`), this.body]);
  }
}

/** The tag of a From or To value. */
export const tagOf = (value: string): string | undefined => /;\s*tag=([^;,\s]+)/i.exec(value.replace(/<[^>]*>/, ''))?.[1];

/** The URI of a name-addr or addr-spec: Contact, From, To, Route. A display name in quotes may hold anything. */
export const uriOf = (value: string): string => {
  const address = value.replace(/^\s*"(?:[^"\\]|\\.)*"/, '');
  return /<([^>]*)>/.exec(address)?.[1] ?? address.replace(/;.*$/, '').trim();
};

/** A parameter of the topmost Via. */
export const viaParameter = (message: SipMessage, name: string): string | undefined =>
  new RegExp(`;\\s*${name}(?:=([^;,\\s]*))?`, 'i').exec(message.header('Via').split(',')[0] ?? '')?.[1];
