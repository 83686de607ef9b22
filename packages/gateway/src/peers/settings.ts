import { sipDomains } from '../config/domain';
import { UNNAMED_PEER } from '../config/peers-schema';
import type { Config } from '../config/schema';
import { preparedPattern } from '../routes';
import type { PeerRule } from './peer-list';
import type { PeerSettings } from './peers';

/**
 * The peers of the configuration, and behind them the one that `sip.allow` and the next hops make: who is named in
 * `sip.peers` is that peer also where he is a next hop. Those that SRV records name are told later (`Peers.nextHopsAre`).
 */
export function peerSettings(config: Config): PeerSettings {
  const routes = config.routes.filter(({ enabled }) => enabled);
  const domains = servedBySip(config, routes);
  const named = config.sip.peers.map(({ from, tlsNames, ...peer }): PeerRule => ({
    name: peer.name,
    holds: true,
    trusted: peer.trusted,
    domains: peer.domains?.map(preparedPattern) ?? domains,
    ...(from !== undefined && { from: from.map(prepared) }),
    ...(tlsNames !== undefined && { tlsNames: tlsNames.map((name) => name.toLowerCase()) }),
  }));
  const from = [...config.sip.allow, ...routes.filter(({ srv }) => !srv).map(({ host }) => host)].map(prepared);
  return { rules: [...named, { name: UNNAMED_PEER, holds: false, trusted: false, domains, from }], refreshMs: config.sip.peerRefreshSeconds * 1_000 };
}

/** Where SIP users may be: those that a route leads to write first as well. A route for all that is left names nobody. */
function servedBySip(config: Config, routes: Config['routes']): readonly string[] {
  const patterns = routes.flatMap(({ domains = [] }) => domains).filter((pattern) => pattern !== '*');
  return [...new Set([...sipDomains(config), ...patterns.map(preparedPattern)])];
}

function prepared(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
}
