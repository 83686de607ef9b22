import { createServer, connect, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { Together } from '../src/control/together';

/** A socket, and all that arrives at its other end until that is closed. */
async function line(): Promise<{ socket: Socket; arrived: Promise<string> }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [other] = await accepted;
  server.close();
  const chunks: Buffer[] = [];
  other.on('data', (chunk: Buffer) => chunks.push(chunk));
  const arrived = once(other, 'end').then(() => Buffer.concat(chunks).toString('latin1'));
  return { socket, arrived };
}

describe('what is written in one turn (decisions 029, 091)', () => {
  test.each([
    ['one frame', [3]],
    ['several', [1, 2, 3]],
    ['more than is copied into one piece', [40_000, 40_000, 1]],
  ])('arrives whole and in order: %s', async (_what, sizes) => {
    const { socket, arrived } = await line();
    const together = new Together(socket);
    const frames = sizes.map((size, index) => String.fromCharCode(97 + index).repeat(size));
    for (const frame of frames) together.write(Buffer.from(frame));
    expect(together.unsent).toBe(frames.join('').length);
    together.flush();
    socket.end();
    expect(await arrived).toBe(frames.join(''));
    expect(together.unsent).toBe(0);
  });

  test('leaves by one write at the end of the turn', async () => {
    const { socket, arrived } = await line();
    const write = jest.spyOn(socket, 'write');
    const together = new Together(socket);
    for (const frame of ['a', 'b', 'c']) together.write(Buffer.from(frame));
    expect(write).not.toHaveBeenCalled();
    await new Promise((resolve) => process.nextTick(resolve));
    expect(write.mock.calls.map(([chunk]) => String(chunk))).toEqual(['abc']);
    socket.end();
    expect(await arrived).toBe('abc');
  });

  test('promise 6: nothing is kept for a socket that is gone', async () => {
    const { socket, arrived } = await line();
    const together = new Together(socket);
    together.write(Buffer.from('late'));
    socket.destroy();
    together.flush();
    expect([together.unsent, await arrived]).toEqual([0, '']);
  });
});
