import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

import { createRedisStore } from '../src';
import type { Store } from '../src';
import { changes } from './support/bench';
import { stateOf } from './support/worlds';
import type { Note } from './support/worlds';

const HANG_UP = undefined;
const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
const FIT = bulk('role:master\r\nloading:0\r\n');

let ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.reverse()) await end();
  ends = [];
});

/** A server that says OK to everything but INFO; what it says to that is given for each connection in turn. */
async function greet(answers: readonly (string | undefined)[]) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const answer = answers[Math.min(sockets.push(socket), answers.length) - 1];
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      if (!/\r\ninfo\r\n/i.test(data.toString())) socket.write('+OK\r\n');
      else if (answer === HANG_UP) socket.destroy();
      else socket.write(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as AddressInfo;
  const store: Store<Note> = await createRedisStore<Note>({ port });
  ends.push(() => store.close());
  return { store, connections: () => sockets.length };
}

describe('how Redis greets', () => {
  test('a connection lost while it was asked does not count against the next one', async () => {
    const { store, connections } = await greet([HANG_UP, FIT]);
    expect(store.state).toMatchObject({ is: 'away', why: expect.stringContaining('the connection was lost') });
    const states = changes(store);
    await stateOf(store, 'ready');
    expect(connections()).toBe(2);
    expect(states).toEqual([{ is: 'ready' }]);
  });

  test('a Redis that still loads is away until it has loaded', async () => {
    const { store } = await greet([bulk('role:master\r\nloading:1\r\n'), bulk('role:master\r\nloading:1\r\n'), FIT]);
    expect(store.state).toMatchObject({ is: 'away', why: expect.stringContaining('still loading') });
    const states = changes(store);
    await stateOf(store, 'ready');
    expect(states).toEqual([{ is: 'ready' }]);
  });

  test('a user who may not ask for INFO may still use the store', async () => {
    const { store } = await greet(["-NOPERM this user has no permissions to run the 'info' command\r\n"]);
    expect(store.state).toEqual({ is: 'ready' });
  });

  test('something that is no Redis never becomes ready', async () => {
    const { store } = await greet(['HTTP/1.1 400 Bad Request\r\n\r\n']);
    expect(store.state.is).toBe('away');
  });
});

test.each([
  ['one Redis', { port: 1 }],
  ['a cluster', { cluster: [{ host: '127.0.0.1', port: 1 }] }],
  ['Sentinels', { sentinel: { places: [{ host: '127.0.0.1', port: 1 }], masterName: 'm' } }],
])('promise 6: TLS to %s that cannot even begin is a store that is away, with a reason', async (_what, places) => {
  const store = await createRedisStore<Note>({ ...places, tls: { certificate: Buffer.from('-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n') } });
  ends.push(() => store.close());
  expect(store.state).toMatchObject({ is: 'away', why: expect.stringContaining('Redis at ') as string });
});
