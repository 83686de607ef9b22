import { connect } from 'node:net';

import { Cast } from './support/cast';
import { isthmus } from './support/gateway';
import { freePort, LOOPBACK } from './support/ports';
import { Program } from './support/process';

/** What `print-config haproxy` prints, run by a real haproxy between a SIP peer and two SIP servers' place. */

let cast: Cast;
let haproxy: Program;
let front: number;

beforeAll(async () => {
  cast = await Cast.start({ dialect: 'simple' });
  front = await freePort();
  const files = { 'isthmus.yaml': JSON.stringify(cast.world.config('w1')) };
  const { code, output } = await isthmus(['print-config', 'haproxy', '--config', '{dir}/isthmus.yaml'], files);
  expect(code).toBe(0);
  const { sipPort } = cast.world;
  const text = output
    .replace(`bind LISTEN_ADDRESS:${sipPort}`, `bind ${LOOPBACK}:${front}`)
    .replace('server isthmus ISTHMUS_ADDRESS', `server isthmus ${LOOPBACK}`)
    .replace('inter 2s', 'inter 1s');
  haproxy = await Program.start({
    name: 'haproxy',
    command: 'haproxy',
    args: (directory) => ['-db', '-f', `${directory}/haproxy.cfg`],
    files: () => ({ 'haproxy.cfg': `global\n  log stderr format raw daemon\ndefaults\n  log global\n  option log-health-checks\n${text}` }),
    ready: /Health check for server isthmus-tcp\/isthmus succeeded/,
  });
});
afterAll(async () => {
  await haproxy?.stop();
  await cast?.stop();
});

/** Does haproxy hand a connection on? Without a live server it closes it at once. */
const isServed = (): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: LOOPBACK, port: front });
    socket.once('connect', () => socket.write('\r\n\r\n'));
    socket.once('data', () => (socket.destroy(), resolve(true)));
    socket.once('close', () => resolve(false));
    socket.once('error', () => undefined);
  });

test('requests come through it, and answers go back', async () => {
  const { ann, bob } = await cast.couple();
  bob.peer.nextHop = { port: front, transport: 'tcp' };
  const { response } = await bob.peer.request('MESSAGE', { from: bob.uri, to: `sip:${ann.bareJid}`, headers: { 'Content-Type': 'text/plain' }, body: 'through the front door' });
  expect(response.status).toBe(200);
  await ann.takeMessage('through the front door');
});

test('promise 3: a worker that cannot reach the XMPP server is taken out, and comes back with it', async () => {
  expect(await isServed()).toBe(true);
  const { server } = cast.world;
  server.kill('SIGTERM');
  await haproxy.line(/Server isthmus-tcp\/isthmus is DOWN/);
  expect(await isServed()).toBe(false);
  await server.restart();
  await haproxy.line(/Server isthmus-tcp\/isthmus is UP/);
  expect(await isServed()).toBe(true);
});
