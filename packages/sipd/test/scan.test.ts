import fc from 'fast-check';
import { joined, readHead } from '../src/anchor/scan';

describe('the first line of a frame', () => {
  test.each([
    ['CRLF', 'a|sip|b\r\nSIP/2.0', { fields: ['a', 'sip', 'b'], sip: 9 }],
    ['LF', 'a|sip|b\nSIP/2.0', { fields: ['a', 'sip', 'b'], sip: 8 }],
    ['CR', 'a|sip|b\rSIP/2.0', { fields: ['a', 'sip', 'b'], sip: 8 }],
    ['CR, and LF further on', 'a|sip|b\rSIP/2.0\nVia', { fields: ['a', 'sip', 'b'], sip: 8 }],
    ['nothing', 'a|response|b|OK', { fields: ['a', 'response', 'b', 'OK'], sip: -1 }],
    ['at once', '\r\nSIP/2.0', { fields: [''], sip: 2 }],
  ])('ends by any CR or LF, as drachtio-server takes it: %s', (_what, payload, head) => {
    expect(readHead(Buffer.from(payload, 'latin1'))).toEqual(head);
  });

  test('promise 6: one that does not end within 4096 bytes is read no further', () => {
    const { fields, sip } = readHead(Buffer.from(`a|${'x'.repeat(5_000)}\r\nSIP/2.0`));
    expect([fields.map(({ length }) => length), sip]).toEqual([[1, 4_094], -1]);
  });
});

test('law: the two addresses of a pair are in the order of their bytes, whoever comes first (docs/partition-protocol.md)', () => {
  const address = fc.string({ unit: fc.constantFrom('a', 'é', '\ue000', '\uffff', '\u{10000}', '\u{1f600}'), maxLength: 3 });
  fc.assert(
    fc.property(address, address, (one, other) => {
      const [first, second] = [one, other].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(joined(one, other)).toBe(`\0${first}\0${second}`);
    }),
  );
});
