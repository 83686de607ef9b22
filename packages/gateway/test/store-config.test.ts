import { ConfigError, parseConfig } from '../src/config/load';
import { redisPlaces, storeTls, type RedisConfig } from '../src/config/about-store';

/** The section `store`: where Redis is, in three shapes; one clear message for each mistake. */
const MINIMAL = `
domain: example.com
xmpp: { component: isthmus.example.com, secret: { env: SECRET } }
sip: { server: { type: embedded, listen: [{ transport: tcp, host: 127.0.0.1 }] } }
routes: [{ name: lync, host: lync.example.com, transport: tcp, dialect: microsoft }]
`;

const parse = (store: string) => parseConfig(`${MINIMAL}store: { type: redis, ${store} }\n`, 'isthmus.yaml').store as RedisConfig;

function problemsOf(store: string): readonly string[] {
  try {
    parse(store);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

describe('where Redis is', () => {
  test.each([
    ['', { host: '127.0.0.1', port: 6379 }],
    ['host: redis.example.com, port: 7000', { host: 'redis.example.com', port: 7000 }],
    ['mode: sentinel, sentinels: [{ host: a }, { host: b, port: 1 }], masterName: m', { sentinel: { places: [{ host: 'a', port: 26_379 }, { host: 'b', port: 1 }], masterName: 'm' } }],
    ['mode: cluster, nodes: [{ host: a }, { host: b, port: 7001 }]', { cluster: [{ host: 'a', port: 6379 }, { host: 'b', port: 7001 }] }],
  ])('{ %s }', (store, expected) => {
    expect(redisPlaces(parse(store))).toEqual(expected);
  });

  test.each([
    ['mode: sentinel, masterName: m', ['store.sentinels: is missing: mode sentinel needs host and port of each Sentinel']],
    ['mode: sentinel, sentinels: [{ host: a }]', ['store.masterName: is missing: mode sentinel needs the name that stands behind "sentinel monitor" in the configuration of the Sentinels']],
    ['mode: cluster', ['store.nodes: is missing: mode cluster needs host and port of at least one node, better of three']],
    ['mode: cluster, nodes: [{ host: a }], database: 1', ['store.database: a cluster has database 0 only: leave it out']],
    ['sentinels: [{ host: a }]', ['store.sentinels: belongs to mode sentinel, and the mode is single: change the mode, or leave this out']],
    ['nodes: [{ host: a }]', ['store.nodes: belongs to mode cluster, and the mode is single: change the mode, or leave this out']],
    ['mode: cluster, nodes: [{ host: a }], host: b', ['store.host: belongs to mode single, and the mode is cluster: change the mode, or leave this out']],
    ['mode: cluster, nodes: [{ host: a }], sentinelPassword: { env: X }', ['store.sentinelPassword: belongs to mode sentinel, and the mode is cluster: change the mode, or leave this out']],
    ['tls: { certificate: own.pem }', ['store.tls.key: is missing: certificate is of no use alone']],
    ['tls: { key: own.key }', ['store.tls.certificate: is missing: key is of no use alone']],
    ['tls: { name: "a b" }', ['store.tls.name: must be a domain name, without user, port or slash']],
  ])('{ %s }: one clear message', (store, expected) => {
    expect(problemsOf(store)).toEqual(expected);
  });

  test('TLS without files believes what Node believes', () => {
    expect(storeTls(parse('tls: { name: redis.example.com }'))).toEqual({ tls: { name: 'redis.example.com' } });
    expect(storeTls(parse(''))).toEqual({});
  });
});
