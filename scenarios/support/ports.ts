import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** The only address that servers and tests of the project bind to. */
export const LOOPBACK = '127.0.0.1';
const MAX_ATTEMPTS = 2_000;
/** Below it stand the ports of well-known servers that a machine may run. */
const LOWEST = 10_000;

/**
 * The first port that the kernel gives to outgoing connections. A server's port must not be one of these: between our
 * look and its start any connection of any program could take it.
 */
function firstEphemeralPort(): number {
  try {
    return Number(/^\d+/.exec(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'))?.[0] ?? 32_768);
  } catch {
    return 32_768;
  }
}

/**
 * Two processes that look at the same time must not find the same port, which is free until one of them binds it: each looks
 * in a slice of its own. The processes of one run of the tests have one parent, and each a number of its own.
 */
const SLICES = 64;
const LEAST_WIDTH = 250;
const WIDTH = Math.max(LEAST_WIDTH, Math.floor((firstEphemeralPort() - LOWEST) / SLICES));
const FIRST = LOWEST + ((process.ppid + Number(process.env['JEST_WORKER_ID'] ?? 0)) % SLICES) * WIDTH;
/** Handed out by this process: not again, although its server may not have started yet. */
const given = new Set<number>();

function isFreeForTcp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, LOOPBACK, () => server.close(() => resolve(true)));
  });
}

function isFreeForUdp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, LOOPBACK, () => socket.close(() => resolve(true)));
  });
}

/** A port of 127.0.0.1 that is free now, for TCP and for UDP, and that no outgoing connection will take. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const port = randomInt(FIRST, FIRST + WIDTH);
    if (given.has(port) || !(await isFreeForTcp(port)) || !(await isFreeForUdp(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no port of ${LOOPBACK} from ${FIRST} to ${FIRST + WIDTH - 1} is free for both TCP and UDP after ${MAX_ATTEMPTS} attempts`);
}
