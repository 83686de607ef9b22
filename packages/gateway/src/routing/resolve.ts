import type { SrvRecord } from 'node:dns';
import type { Transport } from '@isthmus/model';
import type { Route } from '../routes';
import { addressOf, type Place } from './hop';

/** The questions that are asked of DNS; each rejects when there is no answer (`node:dns`). */
export interface Dns {
  srv(name: string): Promise<readonly SrvRecord[]>;
  addresses(name: string): Promise<readonly { readonly address: string; readonly ttl?: number }[]>;
}

export interface Resolved {
  readonly places: readonly Place[];
  /** How long the addresses count; absent: DNS does not say. Seconds. */
  readonly ttl?: number;
}

/** RFC 3263 section 4.1. */
const SERVICES: Readonly<Record<Transport, string>> = { udp: '_sip._udp', tcp: '_sip._tcp', tls: '_sips._tcp' };
/** So many places of one name are used, the first by priority: DNS decides how many there are (promise 6). */
const MAX_PLACES = 20;

/**
 * The places of a route's host (RFC 3263 section 4.2); rejects when DNS has no answer. An address is taken as it stands.
 * @param keepTlsNames with TLS the SIP server checks certificates against the host in the URI (drachtio): it is given names
 */
export async function resolve(route: Pick<Route, 'host' | 'port' | 'srv' | 'transport'>, dns: Dns, keepTlsNames = false): Promise<Resolved> {
  const { host, port } = route;
  const address = addressOf(host);
  if (address !== undefined) return { places: [{ address, port, priority: 0, weight: 0 }] };
  const records = route.srv ? await dns.srv(`${SERVICES[route.transport]}.${host}`).catch(isAbsent) : [];
  const keepsNames = keepTlsNames && route.transport === 'tls';
  const atName = keepsNames ? theName : addressesOf;
  if (records.length === 0) return atName(dns, host, { port, priority: 0, weight: 1 });
  const sorted = [...records].sort((one, other) => one.priority - other.priority).slice(0, MAX_PLACES);
  const weightless = sorted.every(({ weight }) => weight === 0);
  const lookedUp = sorted
    .filter(({ name }) => name !== '' && name !== '.') // "." : the service is decidedly not there
    .map(({ name, port: at, priority, weight }) => atName(dns, name, { port: at, priority, weight: weightless ? 1 : weight }));
  const found = await Promise.allSettled(lookedUp);
  const good = found.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failure = found.find((each) => each.status === 'rejected');
  if (good.length === 0 && failure !== undefined) throw failure.reason;
  return together(good);
}

/** All addresses of a name are alike; in one order at every look-up, whatever order DNS gives them in. */
async function addressesOf(dns: Dns, name: string, place: Omit<Place, 'address'>): Promise<Resolved> {
  const addresses = [...(await dns.addresses(name))].sort((one, other) => (one.address < other.address ? -1 : 1));
  return together(addresses.map(({ address, ttl }) => ({ places: [{ address, ...place }], ...(ttl !== undefined && { ttl }) })));
}

async function theName(_dns: Dns, name: string, place: Omit<Place, 'address'>): Promise<Resolved> {
  return { places: [{ address: name, ...place }] };
}

function together(parts: readonly Resolved[]): Resolved {
  const ttls = parts.flatMap(({ ttl }) => (ttl === undefined ? [] : [ttl]));
  const places = parts.flatMap((part) => part.places).slice(0, MAX_PLACES);
  return { places, ...(ttls.length > 0 && { ttl: Math.min(...ttls) }) };
}

/** No such record is an answer; no answer is none. */
function isAbsent(error: NodeJS.ErrnoException): readonly SrvRecord[] {
  if (error.code === 'ENODATA' || error.code === 'ENOTFOUND') return [];
  throw error;
}
