import { systemDns } from '../../src/routing/dns';
import { hopAt } from '../../src/routing/hop';
import { resolve } from '../../src/routing/resolve';
import { a, aaaa, DnsServer, srv } from '../support/dns-server';
import { route } from '../support/routes';

describe('the places of a next hop (RFC 3263), asked of a real DNS server', () => {
  let server: DnsServer;
  beforeEach(async () => (server = await DnsServer.start()));
  afterEach(() => server.stop());

  const places = async (over: Parameters<typeof route>[1]) => {
    const resolved = await resolve(route('a', { host: 'pool.example', ...over }), systemDns([server.place]));
    return resolved.places.map(({ address, port, priority, weight }) => `${address} ${port} ${priority} ${weight}`);
  };

  test.each(['192.0.2.10', '2001:db8::1', '[2001:db8::1]'])('the address %s is taken as it stands: nothing is asked', async (host) => {
    expect(await places({ host, srv: true })).toEqual([`${host.replace(/[[\]]/g, '')} 5060 0 0`]);
    expect(server.asked).toEqual([]);
  });

  test('SEC-19: all addresses of a name, IPv4 and IPv6, at the port of the route, in one order; they share the users', async () => {
    server.records = [a('pool.example', '192.0.2.2'), a('pool.example', '192.0.2.1'), aaaa('pool.example', '2001:db8::1')];
    expect(await places({ port: 5080 })).toEqual(['192.0.2.1 5080 0 1', '192.0.2.2 5080 0 1', '2001:db8::1 5080 0 1']);
    expect(server.asked.every((question) => question.endsWith(' pool.example'))).toBe(true);
  });

  test.each([
    ['tcp', '_sip._tcp.pool.example'],
    ['udp', '_sip._udp.pool.example'],
    ['tls', '_sips._tcp.pool.example'],
  ] as const)('RFC 3263 section 4.1: SRV for %s: %s, with its ports, priorities and weights', async (transport, name) => {
    server.records = [srv(name, 'b.example', 5072, 20, 5), srv(name, 'a.example', 5071, 10, 3), a('a.example', '192.0.2.1'), a('b.example', '192.0.2.2')];
    expect(await places({ srv: true, transport })).toEqual(['192.0.2.1 5071 10 3', '192.0.2.2 5072 20 5']);
  });

  test('weights that are all 0 are equal shares', async () => {
    const name = '_sip._tcp.pool.example';
    server.records = [srv(name, 'a.example', 1), srv(name, 'b.example', 2), a('a.example', '192.0.2.1'), a('b.example', '192.0.2.2')];
    expect(await places({ srv: true })).toEqual(['192.0.2.1 1 0 1', '192.0.2.2 2 0 1']);
  });

  test('RFC 3263 section 4.2: without SRV records the addresses of the name itself, at the port of the route', async () => {
    server.records = [a('pool.example', '192.0.2.1')];
    expect(await places({ srv: true, port: 5090 })).toEqual(['192.0.2.1 5090 0 1']);
  });

  test('RFC 2782: the target "." says that the service is not there', async () => {
    server.records = [srv('_sip._tcp.pool.example', '.', 0), a('pool.example', '192.0.2.1')];
    expect(await places({ srv: true })).toEqual([]);
  });

  test('a target without an address is passed over; when none has one there is no answer', async () => {
    const name = '_sip._tcp.pool.example';
    server.records = [srv(name, 'a.example', 1), srv(name, 'b.example', 2), a('b.example', '192.0.2.2')];
    expect(await places({ srv: true })).toEqual(['192.0.2.2 2 0 1']);
    server.records = [srv(name, 'a.example', 1)];
    await expect(places({ srv: true })).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  test('DR-33: TLS by a SIP server that checks certificates against the host: it is given names', async () => {
    server.records = [srv('_sips._tcp.pool.example', 'a.example', 5071, 10, 3)];
    const kept = await resolve(route('a', { host: 'pool.example', srv: true, transport: 'tls' }), systemDns([server.place]), true);
    expect(kept.places).toEqual([{ address: 'a.example', port: 5071, priority: 10, weight: 3 }]);
  });

  test.each([
    [{ transport: 'tls' }, 'sip:192.0.2.1:5060;transport=tls;tls-name=pool.example'],
    [{ transport: 'tls', tls: { name: 'edge.example' } }, 'sip:192.0.2.1:5060;transport=tls;tls-name=edge.example'],
    [{ transport: 'tcp' }, 'sip:192.0.2.1:5060;transport=tcp'],
  ] as const)('RFC 5922: %j: the certificate must show the name, not the address that was found: %s', (over, uri) => {
    expect(hopAt(route('a', { host: 'pool.example', ...over }), { address: '192.0.2.1', port: 5060, priority: 0, weight: 1 }).uri).toBe(uri);
  });

  test('the shortest TTL counts for all', async () => {
    server.records = [a('pool.example', '192.0.2.1', 300), aaaa('pool.example', '2001:db8::1', 20)];
    expect(await resolve(route('a', { host: 'pool.example' }), systemDns([server.place]))).toMatchObject({ ttl: 20 });
  });

  test('no such name, and no answer at all, are told', async () => {
    await expect(places({})).rejects.toMatchObject({ code: 'ENOTFOUND' });
    server.silent = true;
    await expect(places({ srv: true })).rejects.toMatchObject({ code: 'ETIMEOUT' });
  });

  test('promise 6: DNS cannot make more than 20 places of one name', async () => {
    server.records = Array.from({ length: 25 }, (_, n) => a('pool.example', `192.0.2.${n + 1}`));
    expect(await places({})).toHaveLength(20);
  });

  test('DR-34: a name of the hosts file is found where DNS of the system has none', async () => {
    const { places: found } = await resolve(route('a', { host: 'localhost' }), systemDns([]));
    expect(found.map(({ address }) => address)).toContain('127.0.0.1');
  });
});
