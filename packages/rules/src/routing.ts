/**
 * Static routes: which next hops a SIP user's requests may take, and in which order. Manual, "Request Routing" and "High
 * Availability for Cisco Unified Presence to Lync/OCS/LCS Request Routing": several routes for a pattern, highest priority
 * first. The rule is complete in itself: priority alone decides between routes that match, not how exactly they match.
 */

/** What of a route decides whom it is for and when it is taken. */
export interface Routing {
  /** Unique among the routes. */
  readonly name: string;
  /** `example.com`: this domain; `*.example.com`: all below it, at any depth, not itself; `*`: any. Prepared (RFC 7622). */
  readonly domains: readonly string[];
  /** Localparts; `*` stands for any text, also none. */
  readonly users: readonly string[];
  /** The greater is taken first. */
  readonly priority: number;
  /** Share of the users among routes of one priority; 0: after those with a share, in the order of the list. */
  readonly weight: number;
  readonly enabled: boolean;
}

/** A bare address in its two parts, prepared. */
export interface Destination {
  readonly local: string;
  readonly domain: string;
}

/** All routes that an address may take, in the order in which they are tried. `key` decides the shares: equal key, equal order. */
export function candidates<R extends Routing>(routes: readonly R[], to: Destination, key: string): R[] {
  const matching = routes.filter((route) => matches(route, to));
  const priorities = [...new Set(matching.map(({ priority }) => priority))].sort((one, other) => other - one);
  return priorities.flatMap((priority) => byShare(matching.filter((route) => route.priority === priority), key));
}

export function matches(route: Routing, { local, domain }: Destination): boolean {
  return route.enabled && route.domains.some((pattern) => isOfDomain(pattern, domain)) && route.users.some((pattern) => isLike(pattern, local));
}

export function isOfDomain(pattern: string, domain: string): boolean {
  if (pattern === '*') return true;
  return pattern.startsWith('*.') ? domain.endsWith(pattern.slice(1)) && domain.length >= pattern.length : domain === pattern;
}

/** Does `one` match every address that `other` matches? False may also mean that it is not easily told. */
export function includes(one: Routing, other: Routing): boolean {
  const hasUsers = one.users.includes('*') || other.users.every((pattern) => one.users.includes(pattern));
  return one.enabled && hasUsers && other.domains.every((pattern) => one.domains.some((each) => isWithin(pattern, each)));
}

/** Can there be an address of a domain that both match? */
export function overlap(one: Routing, other: Routing): boolean {
  return one.domains.some((each) => other.domains.some((pattern) => isWithin(pattern, each) || isWithin(each, pattern)));
}

function isWithin(pattern: string, wider: string): boolean {
  return pattern === wider || isOfDomain(wider, pattern);
}

/** In linear time: each piece between two wildcards is looked for once, as far to the left as it goes. */
export function isLike(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/**
 * Who has a share comes first, in an order of chance that the key decides: the chance of each to be the next of those that are
 * left is its weight, as in RFC 2782. When one comes or goes no key changes between the others (rendezvous by weights).
 */
export function byShare<I extends { readonly name: string; readonly weight: number }>(items: readonly I[], key: string): I[] {
  const sharing = items.filter(({ weight }) => weight > 0).map((item) => ({ item, score: fraction(`${item.name}\0${key}`) ** (1 / item.weight) }));
  const ordered = sharing.sort((one, other) => other.score - one.score).map(({ item }) => item);
  return [...ordered, ...items.filter(({ weight }) => weight === 0)];
}

/** A number between 0 and 1, neither included, that a text decides: FNV-1a, and the last steps of MurmurHash3 to mix it. */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (((hash ^ (hash >>> 16)) >>> 0) + 0.5) / 2 ** 32;
}
