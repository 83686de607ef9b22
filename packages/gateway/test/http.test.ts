import { createServer } from 'node:net';
import { Registry } from 'prom-client';
import { startHttp, type HttpServer, type Readiness } from '../src/http';
import { Metrics } from '../src/metrics';

let parts: readonly Readiness[];
let http: HttpServer;

const nothing = { pendingEvents: () => 3, cachedPairs: () => 0, effectsInFlight: () => 0, xmppUp: () => true, sipServersUp: () => 2, load: () => 0, storeUp: () => false };

beforeEach(async () => {
  parts = [{ name: 'xmpp', ready: true }];
  const { registry } = new Metrics({ ...nothing, routesUp: () => new Map([['lync', false]]) });
  http = await startHttp({ host: '127.0.0.1', port: 0, registry, readiness: () => parts });
});
afterEach(() => http.close());

const get = (path: string, method = 'GET'): Promise<Response> => fetch(`http://127.0.0.1:${http.port}${path}`, { method });

test('/healthz says that the process works', async () => {
  const response = await get('/healthz');
  expect([response.status, await response.text()]).toEqual([200, 'ok\n']);
});

test('/readyz is 200 when everything is there', async () => {
  const response = await get('/readyz?probe=1');
  expect([response.status, await response.json()]).toEqual([200, { ready: true, parts: [{ name: 'xmpp', ready: true }] }]);
});

test('/readyz is 503 with the reasons when something is missing', async () => {
  parts = [
    { name: 'xmpp', ready: true },
    { name: 'store', ready: false, why: 'Redis at 192.0.2.1:6379: connection refused' },
  ];
  const response = await get('/readyz');
  expect([response.status, await response.json()]).toEqual([503, { ready: false, parts }]);
});

test('/metrics is in the text format of Prometheus and reads the gauges when it is asked', async () => {
  const response = await get('/metrics');
  expect(response.headers.get('content-type')).toContain('text/plain');
  const text = await response.text();
  expect(text).toContain('\nisthmus_pending_events 3\n');
  expect(text).toContain('\nisthmus_sip_servers_up 2\n');
  expect(text).toContain('\nisthmus_xmpp_link_up 1\n');
  expect(text).toContain('\nisthmus_store_up 0\n');
  expect(text).toContain('\nisthmus_route_up{route="lync"} 0\n');
});

test('metrics that cannot be read are an error of the server, not of the process', async () => {
  const registry = new Registry();
  registry.metrics = () => Promise.reject(new Error('a bug'));
  const broken = await startHttp({ host: '127.0.0.1', port: 0, registry, readiness: () => [] });
  expect((await fetch(`http://127.0.0.1:${broken.port}/metrics`)).status).toBe(500);
  await broken.close();
});

test('what is not there is 404; what changes something is 405 and says what is allowed', async () => {
  expect((await get('/')).status).toBe(404);
  const response = await get('/healthz', 'POST');
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test('HEAD is answered without a body', async () => {
  const response = await get('/readyz', 'HEAD');
  expect([response.status, await response.text()]).toEqual([200, '']);
});

test('a port that is taken is an error at the start', async () => {
  await expect(startHttp({ host: '127.0.0.1', port: http.port, registry: new Registry(), readiness: () => [] })).rejects.toThrow('EADDRINUSE');
});

test('close frees the port although a client holds a connection', async () => {
  await get('/healthz');
  const { port } = http;
  await http.close();
  const next = createServer();
  await new Promise<void>((resolve, reject) => next.once('error', reject).listen(port, '127.0.0.1', resolve));
  await new Promise((resolve) => next.close(resolve));
});
