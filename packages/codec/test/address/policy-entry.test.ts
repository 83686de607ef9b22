import { readPolicyEntry } from '../../src';

describe('an entry of a policy list', () => {
  test.each([
    ['bob@example.com', 'bob@example.com'],
    ['Bob@EXAMPLE.com', 'bob@example.com'],
    ['jürgen@xn--e1afmkfd.example', 'jürgen@пример.example'],
    ['*', '*'],
    ['*@Example.com', '*@example.com'],
    ['*@xn--e1afmkfd.example', '*@пример.example'],
  ])('%s is prepared: %s', (text, entry) => {
    expect(readPolicyEntry(text)).toEqual({ ok: true, value: entry });
  });

  test.each(['', ' ', 'example.com', '@example.com', 'bob@', 'bob@example.com/phone', '*@', '*@example.com/x', '*@*', '*bob', 'b b@example.com', 'sip:bob@example.com', '\u0000', 'a@b@c'])(
    '"%s" names nobody',
    (text) => {
      expect(readPolicyEntry(text)).toMatchObject({ ok: false, fault: { condition: 'jid-malformed' } });
    },
  );
});
