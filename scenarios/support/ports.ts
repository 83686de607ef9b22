import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** The only address that servers and tests of the project bind to. */
export const LOOPBACK = '127.0.0.1';
/** How often a port that is free for TCP may turn out to be taken for UDP. */
const MAX_ATTEMPTS = 20;

/** A TCP port that the kernel has just given and taken back. */
function freeTcpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, LOOPBACK, () => {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

function isFreeForUdp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, LOOPBACK, () => socket.close(() => resolve(true)));
  });
}

/** A port of 127.0.0.1 that is free now, for TCP and for UDP. Nothing reserves it: start the server on it at once. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const port = await freeTcpPort();
    if (await isFreeForUdp(port)) return port;
  }
  throw new Error(`no port of ${LOOPBACK} is free for both TCP and UDP after ${MAX_ATTEMPTS} attempts`);
}
