import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { Program } from './support/process';

const BIN = join(__dirname, '..', 'packages', 'gateway', 'bin', 'isthmus.js');
/** A loaded machine takes its time. */
const STOP_MS = 20_000;

/** What a service manager may send at any moment. */
describe('signals', () => {
  let silent: Server;
  let connections: Socket[];

  beforeEach(async () => {
    connections = [];
    silent = createServer((socket) => connections.push(socket.on('error', () => undefined)));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
  });

  afterEach(async () => {
    for (const socket of connections) socket.destroy();
    silent.close();
    await once(silent, 'close');
  });

  test('promise 6: SIGHUP before a worker has started, its Redis being silent, does not end it: the file is read again as soon as that is possible', async () => {
    const connected = once(silent, 'connection');
    const config = {
      domain: 'example.com',
      xmpp: { port: 1, component: 'isthmus.example.com', secret: { env: 'ISTHMUS_TEST_SECRET' } },
      sip: { server: { type: 'embedded', listen: [{ transport: 'tcp', host: '127.0.0.1', port: 0 }] } },
      routes: [{ name: 'far', host: '127.0.0.1', port: 1, transport: 'tcp', dialect: 'simple' }],
      store: { type: 'redis', port: (silent.address() as AddressInfo).port },
    };
    const worker = await Program.start({
      name: 'isthmus',
      command: process.execPath,
      args: (directory) => [BIN, 'run', '--config', join(directory, 'isthmus.yaml'), '--http', '127.0.0.1:0'],
      files: () => ({ 'isthmus.yaml': JSON.stringify(config) }),
      env: () => ({ ISTHMUS_TEST_SECRET: 'hush' }),
    });
    await connected;
    worker.kill('SIGHUP');
    await worker.line(/"event":"config_reloaded"/);
    expect(await worker.stop(STOP_MS)).toEqual({ code: 0, signal: null });
  });
});
