import type { EventEmitter } from 'node:events';
import type { AddressInfo } from 'node:net';
import { isIPv6 } from 'node:net';
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import { SipdOptionError } from '../options';
import type { Endpoint } from './flow';

interface Bindable extends EventEmitter {
  address(): AddressInfo | string | null;
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use: stop the other program or choose another port',
  EACCES: 'permission denied: ports below 1024 need privileges, choose a higher one',
  EADDRNOTAVAIL: 'this machine has no such address: choose one of its own',
};

/**
 * Waits until a socket listens.
 * @throws {SipdOptionError} when the port cannot be had, with what to do about it
 */
export function listening(socket: Bindable, what: string, listen: () => void): Promise<Endpoint> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      reject(new SipdOptionError(`cannot listen on ${what}: ${WHY[error.code ?? ''] ?? error.message}`));
    };
    socket.once('error', fail);
    socket.once('listening', () => {
      socket.removeListener('error', fail);
      const bound = socket.address();
      if (bound === null || typeof bound === 'string') reject(new SipdOptionError(`cannot listen on ${what}: no IP address`));
      else resolve({ address: bound.address, port: bound.port });
    });
    listen();
  });
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** How long the list of network interfaces is used again, milliseconds: asking the system for each message is slow. */
const FRESH_MS = 5000;
let interfaces: { readonly list: readonly NetworkInterfaceInfo[]; readonly until: number } = { list: [], until: 0 };

function ownInterfaces(): readonly NetworkInterfaceInfo[] {
  if (interfaces.until < Date.now()) {
    const list = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    interfaces = { list, until: Date.now() + FRESH_MS };
  }
  return interfaces.list;
}

/** The address under which a peer can reach a listener: the bound one, or for a wildcard the first that fits the peer. */
export function advertised(bound: Endpoint, peer: string): Endpoint {
  if (!isWildcard(bound.address)) return bound;
  const loopback = peer.startsWith('127.') || peer === '::1';
  const fits = (entry: NetworkInterfaceInfo): boolean =>
    entry.internal === loopback && (entry.family === 'IPv6') === isIPv6(peer);
  const fitting = ownInterfaces().find(fits);
  return { address: fitting?.address ?? bound.address, port: bound.port };
}

/** Whether an address and port are those of a listener of ours. */
export function isOwn(bound: Endpoint, target: Endpoint): boolean {
  if (target.port !== bound.port) return false;
  return isWildcard(bound.address) ? ownInterfaces().some((entry) => entry.address === target.address) : bound.address === target.address;
}
