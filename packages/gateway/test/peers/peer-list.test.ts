import { PeerList, type PeerRule } from '../../src/peers/peer-list';

const rule = (name: string, over: Partial<PeerRule>): PeerRule => ({ name, holds: true, domains: ['example.com'], trusted: false, ...over });
const nobody = (): readonly string[] => [];
const nameOf = (list: PeerList, address: string, tlsNames?: readonly string[]) =>
  list.find({ address, ...(tlsNames !== undefined && { tlsNames }) })?.name;

test('promise 5: a peer is known by its addresses, the first that matches counts, and whoever matches none is nobody', () => {
  const list = new PeerList([rule('one', { from: ['192.0.2.10'] }), rule('all', { from: ['192.0.2.0/24', '2001:db8::/32'] })], nobody);
  expect(['192.0.2.10', '::ffff:192.0.2.10', '192.0.2.11', '2001:db8::1', '198.51.100.1'].map((address) => nameOf(list, address))).toEqual(['one', 'one', 'all', 'all', undefined]);
});

test('promise 5: a host name stands for the addresses that it has', () => {
  const list = new PeerList([rule('named', { from: ['sip.example.com'] })], (name) => (name === 'sip.example.com' ? ['192.0.2.1', '2001:db8::1'] : []));
  expect(['192.0.2.1', '2001:db8::1', '192.0.2.2'].map((address) => nameOf(list, address))).toEqual(['named', 'named', undefined]);
});

test('promise 5: a host name that has no address lets nobody in', () => {
  expect(nameOf(new PeerList([rule('named', { from: ['sip.example.com'] })], nobody), '192.0.2.1')).toBeUndefined();
});

describe('SEC-1, SEC-3: certificates', () => {
  const list = new PeerList(
    [rule('both', { from: ['192.0.2.0/24'], tlsNames: ['pool.example.com'] }), rule('certificate', { tlsNames: ['edge.example.com', 'edge2.example.com'] })],
    nobody,
  );

  test.each([
    ['the name, from anywhere', '198.51.100.1', ['edge.example.com'], 'certificate'],
    ['one of its names is enough, in any spelling', '198.51.100.1', ['x.example.com', 'EDGE2.example.com'], 'certificate'],
    ['another name', '198.51.100.1', ['evil.example'], undefined],
    ['none', '198.51.100.1', undefined, undefined],
    ['name and address, where both are given', '192.0.2.1', ['pool.example.com'], 'both'],
    ['the address without the name', '192.0.2.1', undefined, undefined],
    ['the address with another name', '192.0.2.1', ['evil.example'], undefined],
    ['the name from elsewhere', '198.51.100.1', ['pool.example.com'], undefined],
  ])('%s', (_what, address, tlsNames, expected) => {
    expect(nameOf(list, address, tlsNames)).toBe(expected);
  });

  test('a verdict on an address is not one on a certificate', () => {
    expect(nameOf(list, '198.51.100.9', ['edge.example.com'])).toBe('certificate');
    expect(nameOf(list, '198.51.100.9')).toBeUndefined();
    expect(nameOf(list, '198.51.100.9', ['edge.example.com'])).toBe('certificate');
  });
});

test('SEC-12: each peer comes with the names of the others that hold dialogs', () => {
  const list = new PeerList([rule('a', { from: ['192.0.2.1'] }), rule('b', { from: ['192.0.2.2'] }), rule('c', { from: ['192.0.2.3'], holds: false })], nobody);
  expect([1, 2, 3].map((host) => list.find({ address: `192.0.2.${host}` })?.others)).toEqual([['b'], ['a'], ['a', 'b']]);
});

test('promise 6: no more than so many sources are remembered, and all are judged right', () => {
  const list = new PeerList([rule('a', { from: ['10.0.0.0/8'] })], nobody);
  for (let n = 0; n < 25_000; n += 1) expect(nameOf(list, `${n % 2 === 0 ? 10 : 11}.0.${n >> 8}.${n & 255}`)).toBe(n % 2 === 0 ? 'a' : undefined);
  expect((list as unknown as { known: Map<string, unknown> }).known.size).toBeLessThanOrEqual(10_000);
});
