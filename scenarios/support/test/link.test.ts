import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { Hosts } from '../namespaces';

const DELAY_MS = 300;

/** An echo on another host, and a third one that has nothing to do with it. */
describe('a link between two hosts', () => {
  let hosts: Hosts;
  let echo: Server;

  beforeAll(async () => {
    hosts = Hosts.with(['a', 'b'], ['here', 'there']);
    echo = createServer((socket) => socket.on('error', () => socket.destroy()).pipe(socket));
    await once(echo.listen(0, '0.0.0.0'), 'listening');
  });
  afterAll(async () => {
    echo.close();
    await hosts.remove();
  });

  const port = (): number => (echo.address() as AddressInfo).port;
  /** A line of host a to one of our addresses. */
  const line = async (to: string): Promise<Socket> => {
    const path = await hosts.path('a', port(), hosts.address(to));
    const socket = connect(path).setEncoding('utf8');
    await says(socket, 'hello');
    return socket;
  };
  const says = async (socket: Socket, text: string): Promise<void> => {
    socket.write(text);
    for (let heard = ''; heard !== text; heard += String((await once(socket, 'data'))[0]));
  };

  test('a cut one carries nothing, tells nobody, and carries all again; another link of the same host is not touched', async () => {
    const [cut, other] = [await line('here'), await line('there')];
    hosts.link('here', 'a').cut();
    let arrived = false;
    const late = says(cut, 'late').then(() => (arrived = true));
    await says(other, 'meanwhile');
    expect({ arrived, open: cut.readyState }).toEqual({ arrived: false, open: 'open' });
    await hosts.link('a', 'here').mend();
    await late;
    for (const socket of [cut, other]) socket.destroy();
  });

  test('a slow one takes longer for all that crosses, and no longer once it is mended', async () => {
    const slow = await line('here');
    await hosts.link('a', 'here').slow(DELAY_MS);
    const begun = performance.now();
    await says(slow, 'slowly');
    expect(performance.now() - begun).toBeGreaterThanOrEqual(DELAY_MS - 1);
    await hosts.link('a', 'here').mend();
    await says(slow, 'as before');
    slow.destroy();
  });

  test('an unknown host is named', () => {
    expect(() => hosts.address('c')).toThrow('there is no host c');
  });
});
