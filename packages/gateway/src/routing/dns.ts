import { lookup, Resolver } from 'node:dns/promises';
import type { Dns } from './resolve';

const TIMEOUT_MS = 2_000;
const TRIES = 2;

/**
 * DNS by `node:dns`. Names of the hosts file count where DNS has none (DR-34: the SIP server does not look there itself, but it
 * gets addresses from us). @param servers `address` or `address:port`; none: those of the system
 */
export function systemDns(servers: readonly string[]): Dns {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers.length > 0) resolver.setServers(servers);
  return {
    srv: (name) => resolver.resolveSrv(name),
    addresses: async (name) => {
      const found = await Promise.allSettled([resolver.resolve4(name, { ttl: true }), resolver.resolve6(name, { ttl: true })]);
      const addresses = found.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
      if (addresses.length > 0) return addresses;
      const [failure] = found.flatMap((each) => (each.status === 'rejected' ? [each.reason as Error] : []));
      if (servers.length > 0) throw failure ?? new Error('no address');
      return lookup(name, { all: true });
    },
  };
}
