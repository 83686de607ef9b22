import fc from 'fast-check';

/** Pieces that have broken parsers before, ours and others'. */
const TOKENS: readonly string[] = [
  '\0', '\r\n', '\n', '\r', '\r\n\r\n', '\r\n ', ' ', '\t', '\x01', '\x1b', '\x7f', '\x85', '\u2028', '\u2029', '\ufeff', '\u200d', '\u202e',
  '\ud800', '\udc00', '\ufffe', '\uffff', '\u{1f600}', '\u00fc', '\u00c3\u00bc', '\u00ff', '\u00c0\u00af', '\u0130', '\u00df', '\uff20', '\uff0f', '\u0661\u06f1',
  '%00', '%', '%zz', '%C0%AF', '%FF', '%0d%0a', '%40', '%25', '\\', '\\20', '\\40', '\\5c', '"', '\\"', "'", '<', '>', '<>', '&', ';', ',', '|', '=', '?', '@', '/', ':',
  '-1', '0', '+1', '4294967296', '99999999999999999999', '1e309', '0x10', 'NaN', '-0',
  '&#0;', '&#1;', '&#xD800;', '&#xFFFE;', '&#x110000;', '&amp;', '&lol;', '<!DOCTYPE a [<!ENTITY lol "lol">]>', '<!--', '-->', '<?pi x?>', '<![CDATA[', ']]>', '<a>', '</a>', '<a/>', ' xmlns="x"', ' xmlns:a="b"', ' a="b"',
  '{', '}', "\\'e4", '\\u-10179?', '\\bin99999999 ', '\\fonttbl', '\\*', '\\field', '\\fldinst', '--', '--b', '--b--', '=3D', '=\r\n', '=C3',
  'sip:', 'sips:', 'tel:', 'xn--', 'xn--zzzzzz', '[::1]', '127.1', '__proto__', 'constructor', 'toString', 'SIP/2.0', 'Content-Length: 5', 'tag=', ';tag=x', 'Route: <sip:evil.example.org>',
];

export type Change =
  | { readonly do: 'cut'; readonly at: number }
  | { readonly do: 'drop'; readonly at: number; readonly length: number }
  | { readonly do: 'insert'; readonly at: number; readonly text: string; readonly times: number }
  | { readonly do: 'replace'; readonly at: number; readonly text: string }
  | { readonly do: 'repeat'; readonly at: number; readonly length: number; readonly times: number }
  | { readonly do: 'swap'; readonly at: number; readonly length: number; readonly with: number }
  | { readonly do: 'number'; readonly at: number; readonly text: string };

const at = fc.nat(0xffff);
const length = fc.integer({ min: 1, max: 60 });
const token = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...TOKENS) }, { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }) });
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('insert' as const), at, text: token, times: fc.constantFrom(1, 1, 1, 1, 2, 40) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('replace' as const), at, text: token }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('drop' as const), at, length }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('repeat' as const), at, length, times: fc.constantFrom(1, 2, 40) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('swap' as const), at, length, with: at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('number' as const), at, text: fc.constantFrom('-1', '4294967296', '99999999999999999999', '0', '') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const), at }) },
);

function apply(text: string, one: Change): string {
  const place = one.at % (text.length + 1);
  switch (one.do) {
    case 'cut':
      return text.slice(0, place);
    case 'drop':
      return text.slice(0, place) + text.slice(place + one.length);
    case 'insert':
      return text.slice(0, place) + one.text.repeat(one.times) + text.slice(place);
    case 'replace':
      return text.slice(0, place) + one.text + text.slice(place + one.text.length);
    case 'repeat':
      return text.slice(0, place) + text.slice(place, place + one.length).repeat(one.times) + text.slice(place);
    case 'swap': {
      const other = one.with % (text.length + 1);
      const [first, second] = place < other ? [place, other] : [other, place];
      const [a, b] = [text.slice(first, Math.min(first + one.length, second)), text.slice(second, second + one.length)];
      return text.slice(0, first) + b + text.slice(first + a.length, second) + a + text.slice(second + b.length);
    }
    case 'number':
      return text.slice(0, place) + text.slice(place).replace(/\d+/, one.text);
  }
}

/** Valid texts with one to six changes, and now and then something that was never valid. */
export function mutated(samples: readonly string[]): fc.Arbitrary<string> {
  const changed = fc.record({ sample: fc.nat(samples.length - 1), changes: fc.array(change, { minLength: 1, maxLength: 6 }) });
  return fc.oneof(
    { weight: 12, arbitrary: changed.map(({ sample, changes }) => changes.reduce(apply, samples[sample] ?? '')) },
    { weight: 1, arbitrary: fc.array(fc.oneof(token, fc.constantFrom(...samples.flatMap((sample) => sample.split(/(?<=[\s;<>@:])/).slice(0, 30)))), { maxLength: 20 }).map((pieces) => pieces.join('')) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
  );
}

/** The same piece very often in the middle of something valid: what is read in more than linear time does not come back. */
export function bloated(sample: string, size: number): readonly string[] {
  const middle = Math.floor(sample.length / 2);
  return TOKENS.map((piece) => sample.slice(0, middle) + piece.repeat(Math.ceil(size / piece.length)) + sample.slice(middle));
}
