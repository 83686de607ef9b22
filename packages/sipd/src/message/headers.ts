/**
 * Header names: compact forms, canonical spelling, and an ordered list of header fields.
 * RFC 3261 sections 7.3.1 and 7.3.3; the compact forms of RFC 3515, 3892, 4028, 6665 and the IANA registry.
 */

/** Compact form (lower case) to the long name (lower case). */
const COMPACT: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
};

/** Names whose canonical spelling is not "capital after each dash". */
const SPELLING: Readonly<Record<string, string>> = {
  'call-id': 'Call-ID',
  cseq: 'CSeq',
  'mime-version': 'MIME-Version',
  'www-authenticate': 'WWW-Authenticate',
  'min-se': 'Min-SE',
  rack: 'RAck',
  rseq: 'RSeq',
  'sip-etag': 'SIP-ETag',
  'sip-if-match': 'SIP-If-Match',
};

/** One header field; `key` is the long name in lower case, `name` its spelling, `value` the bytes read as Latin-1. */
export interface HeaderField {
  readonly key: string;
  readonly name: string;
  readonly value: string;
}

/** The long name in lower case, whatever form the sender used. */
export function headerKey(name: string): string {
  const lower = name.toLowerCase();
  return lower.length === 1 ? (COMPACT[lower] ?? lower) : lower;
}

/** The canonical spelling of a header key: `content-type` becomes `Content-Type`. */
export function headerSpelling(key: string): string {
  return SPELLING[key] ?? key.replace(/(^|-)([a-z])/g, (_all, dash: string, letter: string) => dash + letter.toUpperCase());
}

/** A header field with canonical spelling. */
export function headerField(key: string, value: string): HeaderField {
  return { key, name: headerSpelling(key), value };
}

/** Header fields in the order of the message. Values are never decoded: one character is one byte (Latin-1). */
export class Headers {
  constructor(readonly fields: readonly HeaderField[]) {}

  /** Value of the first field with that key. */
  get(key: string): string | undefined {
    for (const field of this.fields) {
      if (field.key === key) return field.value;
    }
    return undefined;
  }

  /** All fields with that key, in order. */
  all(key: string): HeaderField[] {
    return this.fields.filter((field) => field.key === key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** A copy without the named keys. */
  without(keys: ReadonlySet<string>): Headers {
    return new Headers(this.fields.filter((field) => !keys.has(field.key)));
  }

  /** A copy whose first field of that key has another value. */
  withFirst(key: string, value: string): Headers {
    const index = this.fields.findIndex((field) => field.key === key);
    const fields = [...this.fields];
    const old = fields[index];
    if (old === undefined) return new Headers([...fields, headerField(key, value)]);
    fields[index] = { ...old, value };
    return new Headers(fields);
  }
}
