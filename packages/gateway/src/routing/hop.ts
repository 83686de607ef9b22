import { isIP } from 'node:net';
import { nextHop, nextHopToVerify, type Route } from '../routes';

/** One place to which requests by a route can go: a route has one for each address of its host. */
export interface Hop {
  readonly route: Route;
  /** `sip:192.0.2.10:5060;transport=tcp`: what the SIP server is told, and its name: routes that lead to one place share its health. */
  readonly uri: string;
  /** The same as others may see it: without the name that its certificate must show. */
  readonly requestUri: string;
  /** An address, or the host as it stands in the route. */
  readonly host: string;
  readonly port: number;
  /** RFC 2782: the smallest first, and shares among those that are equal. */
  readonly priority: number;
  readonly weight: number;
}

/** An address as an SRV and address look-up gives it. */
export interface Place {
  readonly address: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

export function hopAt(route: Route, { address, port, priority, weight }: Place): Hop {
  const at = { ...route, host: address, port };
  const isFound = route.transport === 'tls' && addressOf(route.host) === undefined && addressOf(address) !== undefined;
  const uri = nextHopToVerify(isFound ? { ...at, tlsName: route.tlsName ?? route.host } : at);
  return { route, uri, requestUri: nextHop(at), host: address, port, priority, weight };
}

/** The address of a host that is written as one, without brackets. */
export function addressOf(host: string): string | undefined {
  const plain = host.replace(/^\[(.*)\]$/, '$1');
  return isIP(plain) === 0 ? undefined : plain;
}
