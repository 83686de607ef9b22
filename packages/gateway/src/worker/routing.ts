import { sipUserOf } from '../addresses';
import { resolve } from '../routing/resolve';
import { Routing, type RoutingOptions } from '../routing/routing';
import type { WorkerParts } from '../worker-parts';

/** What the rest of the worker does for the routes, or is told by them. */
export type RoutingHooks = Pick<RoutingOptions, 'probe' | 'onChange' | 'onHopLost' | 'onFindings' | 'onError' | 'now'>;

export function newRouting({ settings, sip, dns, peers, log }: WorkerParts, hooks: RoutingHooks): Routing {
  return new Routing({
    ...hooks,
    routes: settings.routes,
    sipUserOf: (contact) => sipUserOf(settings.addressing, contact) ?? contact,
    resolve: (route) => resolve(route, dns, settings.keepTlsNames),
    refreshMs: settings.hostRefreshMs,
    probeTimeoutMs: Math.min(settings.nextHopTimeoutMs, settings.requestTimeoutMs),
    intervalMs: settings.healthIntervalMs,
    isConnected: () => sip.connections().length > 0,
    onPlaces: (addresses) => peers.nextHopsAre(addresses),
    log,
  });
}
