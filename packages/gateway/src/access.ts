import { BlockList, isIP } from 'node:net';

/** Can this be an entry of an `AccessList`? */
export function isNetwork(entry: string): boolean {
  try {
    return new AccessList([entry]) instanceof AccessList;
  } catch {
    return false;
  }
}

const MAX_KNOWN = 10_000;

/**
 * From which addresses SIP requests are taken: networks in CIDR form, single addresses, nothing else. drachtio never
 * shows a peer's certificate to the application, so the address is what there is (drachtio.md DR-33).
 */
export class AccessList {
  private readonly list = new BlockList();
  /** Verdicts by address: looking one up in the list costs as much as reading a request. */
  private readonly known = new Map<string, boolean>();

  /** Throws an `Error` that names the entry when one cannot be read. */
  constructor(entries: readonly string[]) {
    for (const entry of entries) this.add(entry);
  }

  allows(address: string): boolean {
    const known = this.known.get(address);
    if (known !== undefined) return known;
    const allowed = this.check(address);
    if (this.known.size >= MAX_KNOWN) this.known.clear();
    this.known.set(address, allowed);
    return allowed;
  }

  private check(address: string): boolean {
    const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
    const family = isIP(plain);
    return family !== 0 && this.list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }

  private add(entry: string): void {
    const [address = '', prefix, ...rest] = entry.split('/');
    const family = isIP(address);
    const bits = prefix === undefined ? undefined : Number(prefix);
    const most = family === 4 ? 32 : 128;
    const wrong = bits !== undefined && (!/^\d+$/.test(prefix ?? '') || bits > most);
    if (family === 0 || rest.length > 0 || wrong) throw new Error(`"${entry}" is not an address or a network such as 192.0.2.0/24`);
    if (bits === undefined) this.list.addAddress(address, family === 4 ? 'ipv4' : 'ipv6');
    else this.list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  }
}
