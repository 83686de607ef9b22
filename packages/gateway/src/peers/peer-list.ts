import { isIP } from 'node:net';
import type { SipPeer } from '@isthmus/codec';
import { Networks, plainAddress } from './networks';

/** A host of the SIP side, or several that act as one. */
export interface Peer extends SipPeer {
  /** Domains that it may speak for, prepared, or patterns as of a route. */
  readonly domains: readonly string[];
}

/** A peer and how it is known. Of `from` and `tlsNames` each that is given must match. */
export interface PeerRule extends Omit<Peer, 'others'> {
  /** Networks, addresses, host names. */
  readonly from?: readonly string[];
  /** Names of its certificate, in lower case. */
  readonly tlsNames?: readonly string[];
}

/** Where a request comes from. */
export interface Source {
  readonly address: string;
  /** Names of the far end's certificate, if it has shown one that was verified. */
  readonly tlsNames?: readonly string[];
}

interface Entry {
  readonly peer: Peer;
  readonly networks: Networks | undefined;
  readonly tlsNames: ReadonlySet<string> | undefined;
}

const MAX_KNOWN = 10_000;

/**
 * Which peer a request comes from (promise 5). The first rule that matches counts. drachtio never shows a certificate to
 * the application (drachtio.md DR-33): there the address is what there is.
 */
export class PeerList {
  private readonly entries: readonly Entry[];
  /** Verdicts by source: finding one costs as much as reading a request. */
  private readonly known = new Map<string, Peer | undefined>();

  /**
   * @param addressesOf the addresses of a host name now
   */
  constructor(rules: readonly PeerRule[], addressesOf: (hostName: string) => readonly string[]) {
    const holders = rules.filter(({ holds }) => holds).map(({ name }) => name);
    this.entries = rules.map(({ from, tlsNames, ...rule }) => ({
      peer: { ...rule, others: holders.filter((name) => name !== rule.name) },
      networks: from && new Networks(from.flatMap((host) => (isHost(host) ? addressesOf(host) : [host]))),
      tlsNames: tlsNames && new Set(tlsNames),
    }));
  }

  find({ address, tlsNames = [] }: Source): Peer | undefined {
    const key = tlsNames.length === 0 ? address : JSON.stringify([address, tlsNames]);
    if (this.known.has(key)) return this.known.get(key);
    const shown = tlsNames.map((name) => name.toLowerCase());
    const found = this.entries.find((entry) => isOf(entry, plainAddress(address), shown))?.peer;
    if (this.known.size >= MAX_KNOWN) this.known.clear();
    this.known.set(key, found);
    return found;
  }

  /** The peer that a next hop is: by its address alone, since it is we who have verified its certificate. */
  at(address: string): Peer | undefined {
    const plain = plainAddress(address);
    return this.entries.find(({ networks }) => networks?.has(plain))?.peer;
  }
}

function isOf({ networks, tlsNames }: Entry, address: string, shown: readonly string[]): boolean {
  if (networks === undefined && tlsNames === undefined) return false;
  return (networks?.has(address) ?? true) && (tlsNames === undefined || shown.some((name) => tlsNames.has(name)));
}

/** Anything that must be looked up. */
export function isHost(entry: string): boolean {
  return !entry.includes('/') && isIP(entry) === 0;
}
