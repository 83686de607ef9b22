import { BlockList, isIP } from 'node:net';

const IPV4_IN_IPV6 = /^::ffff:(?=\d+\.)/i;
/** RFC 1123 section 2.1; the last label has a letter, or it would be an address with a mistake in it. */
const HOST_NAME = /^(?=.{1,253}$)(?:[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d])?\.)*(?=[^.]*[a-z])[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/i;

/** Can this be an entry of `Networks`? */
export function isNetwork(entry: string): boolean {
  try {
    return new Networks([entry]) instanceof Networks;
  } catch {
    return false;
  }
}

export function isHostName(text: string): boolean {
  return HOST_NAME.test(text);
}

/** One spelling for one host: an IPv4 peer on an IPv6 socket is the same peer (RFC 4291 section 2.5.5.2). */
export function plainAddress(address: string): string {
  return address.replace(IPV4_IN_IPV6, '');
}

/** Networks in CIDR form and single addresses. */
export class Networks {
  private readonly list = new BlockList();

  /** Throws an `Error` that names the entry when one cannot be read. */
  constructor(entries: readonly string[]) {
    for (const entry of entries) this.add(entry);
  }

  has(address: string): boolean {
    const plain = plainAddress(address);
    const family = isIP(plain);
    return family !== 0 && this.list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }

  private add(entry: string): void {
    const [address = '', prefix, ...rest] = plainAddress(entry).split('/');
    const family = isIP(address);
    const bits = prefix === undefined ? undefined : Number(prefix);
    const most = family === 4 ? 32 : 128;
    const wrong = bits !== undefined && (!/^\d+$/.test(prefix ?? '') || bits > most);
    if (family === 0 || rest.length > 0 || wrong) throw new Error(`"${entry}" is not an address or a network such as 192.0.2.0/24`);
    if (bits === undefined) this.list.addAddress(address, family === 4 ? 'ipv4' : 'ipv6');
    else this.list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  }
}
