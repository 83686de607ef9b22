import { isHostName, isNetwork, Networks } from '../../src/peers/networks';

test('promise 5: listed addresses and networks, and nothing else', () => {
  const list = new Networks(['192.0.2.10', '198.51.100.0/24', '2001:db8::/32']);
  expect(list.has('192.0.2.10')).toBe(true);
  expect(list.has('192.0.2.11')).toBe(false);
  expect(list.has('198.51.100.77')).toBe(true);
  expect(list.has('198.51.101.1')).toBe(false);
  expect(list.has('2001:db8::5')).toBe(true);
  expect(list.has('2001:db9::5')).toBe(false);
});

test.each(['::ffff:192.0.2.10', '::FFFF:192.0.2.10', '192.0.2.10'])('promise 5: an IPv4 peer on an IPv6 socket is the same peer (%s)', (address) => {
  expect(new Networks(['192.0.2.10']).has(address)).toBe(true);
  expect(new Networks([address]).has('192.0.2.10')).toBe(true);
  expect(new Networks(['192.0.2.11']).has(address)).toBe(false);
});

test('an empty list takes nobody, and what is no address is nobody', () => {
  expect(new Networks([]).has('127.0.0.1')).toBe(false);
  expect(new Networks(['0.0.0.0/0']).has('example.com')).toBe(false);
});

test.each(['example.com', '192.0.2.10/33', '192.0.2.0/x', '192.0.2.0/', '192.0.2.0/24/8', ''])('"%s" is refused by name', (entry) => {
  expect(isNetwork(entry)).toBe(false);
  expect(() => new Networks([entry])).toThrow(`"${entry}"`);
});

test.each([
  ['sip.example.com', true],
  ['sip', true],
  ['SIP-1.example.com', true],
  ['sip_1.example.com', true],
  ['192.0.2.300', false],
  ['192.0.2', false],
  ['192.0.2.0/24', false],
  ['-sip.example.com', false],
  ['sip..example.com', false],
  ['*.example.com', false],
  ['sip.example.com:5060', false],
  ['', false],
  [`${'a.'.repeat(130)}com`, false],
])('is "%s" a host name? %s', (text, expected) => {
  expect(isHostName(text)).toBe(expected);
});
