import { AccessList } from '../src/access';

test('promise 5: SIP requests are taken from listed addresses and networks only', () => {
  const list = new AccessList(['192.0.2.10', '198.51.100.0/24', '2001:db8::/32']);
  expect(list.allows('192.0.2.10')).toBe(true);
  expect(list.allows('192.0.2.11')).toBe(false);
  expect(list.allows('198.51.100.77')).toBe(true);
  expect(list.allows('198.51.101.1')).toBe(false);
  expect(list.allows('2001:db8::5')).toBe(true);
  expect(list.allows('2001:db9::5')).toBe(false);
});

test('an IPv4 peer on an IPv6 socket is the same peer', () => {
  expect(new AccessList(['192.0.2.10']).allows('::ffff:192.0.2.10')).toBe(true);
});

test('an empty list takes nobody, and what is no address is nobody', () => {
  expect(new AccessList([]).allows('127.0.0.1')).toBe(false);
  expect(new AccessList(['0.0.0.0/0']).allows('example.com')).toBe(false);
});

test.each(['example.com', '192.0.2.10/33', '192.0.2.0/x', '192.0.2.0/24/8', ''])('"%s" is refused by name', (entry) => {
  expect(() => new AccessList([entry])).toThrow(`"${entry}"`);
});
