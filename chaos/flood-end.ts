import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { obey, report } from '../bench/support/parent';
import type { FloodCommand, FloodReport } from './flood-protocol';

/** Where a flood comes from, in a process of its own: SUBSCRIBE by UDP, each of another SIP user in a dialog of its own. */

const TICK_MS = 2;
/** Answers that are on their way when the last request has left. */
const LAST_ANSWERS_MS = 500;

async function open(address: string, count: (status: string) => void): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024, sendBufferSize: 4 * 1024 * 1024 });
  socket.on('message', (data) => count(data.toString('latin1', 8, 11)));
  socket.on('error', () => undefined);
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

function request(number: number, address: string, port: number, to: string): Buffer {
  const lines = [
    `SUBSCRIBE sip:${to} SIP/2.0`,
    `Via: SIP/2.0/UDP ${address}:${port};branch=z9hG4bKflood${number}`,
    `From: <sip:flood${number}@example.com>;tag=${number}`,
    `To: <sip:${to}>`,
    `Call-ID: flood${number}`,
    'CSeq: 1 SUBSCRIBE',
    'Max-Forwards: 70',
    `Contact: <sip:flood${number}@${address}:${port}>`,
    'Event: presence',
    'Expires: 3600',
    'Content-Length: 0',
    '',
    '',
  ];
  return Buffer.from(lines.join('\r\n'));
}

obey<FloodCommand>({
  flood: async ({ port, to, rate, seconds, addresses }) => {
    const answers: Record<string, number> = {};
    const sockets = await Promise.all(addresses.map((address) => open(address, (status) => (answers[status] = (answers[status] ?? 0) + 1))));
    const begun = performance.now();
    const elapsed = (): number => performance.now() - begun;
    let sent = 0;
    while (elapsed() < seconds * 1_000) {
      const due = Math.floor((elapsed() / 1_000) * rate);
      for (; sent < due; sent += 1) {
        const which = sent % sockets.length;
        const socket = sockets[which];
        const user = to[sent % to.length] ?? '';
        socket?.send(request(sent, addresses[which] ?? '', socket.address().port, user), port, '127.0.0.1');
      }
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    const tookMs = elapsed();
    await new Promise((resolve) => setTimeout(resolve, LAST_ANSWERS_MS));
    for (const socket of sockets) socket.close();
    report({ is: 'flooded', sent, tookMs, answers } satisfies FloodReport);
  },
});
report({ is: 'ready' } satisfies FloodReport);
