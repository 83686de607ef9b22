import { isIP, isIPv6 } from 'node:net';
import { type Protocol, type Settings, SipdOptionError } from '../options';
import type { SipUri } from '../message/address';
import type { TimerQueue } from '../transaction/timer-queue';
import type { Endpoint, Flow, FlowEvents, Target } from './flow';
import { CredentialError } from '../tls/credentials';
import { TlsLine } from '../tls/line';
import { NameCache } from './resolver';
import { StreamTransport } from './stream';
import { UdpTransport } from './udp';

type Transport = StreamTransport | UdpTransport;

/** Where a request is to go: a transport, and a host that may still have to be looked up. */
export interface NextHop {
  readonly protocol: Protocol;
  readonly host: string;
  readonly port: number;
  /** Over TLS: the name that the certificate there must show; default: the host. */
  readonly name?: string;
}

const DEFAULT_PORTS: Readonly<Record<Protocol, number>> = { udp: 5060, tcp: 5060, tls: 5061 };

/** All listeners, and the choice among them. */
export class Transports {
  private constructor(
    private readonly list: readonly Transport[],
    private readonly names: NameCache,
    private readonly tls: TlsLine | undefined,
  ) {}

  /** Opens every listener; when one fails, those already open are closed again. */
  static async listen(settings: Settings, timers: TimerQueue, events: FlowEvents): Promise<Transports> {
    const list: Transport[] = [];
    const tls = tlsLine(settings);
    try {
      for (const listener of settings.sip) {
        list.push(
          listener.protocol === 'udp'
            ? await UdpTransport.listen(listener, settings, events)
            : await StreamTransport.listen(listener, settings, timers, events, listener.protocol === 'tls' ? tls : undefined),
        );
      }
    } catch (error) {
      tls?.close();
      await Promise.all(list.map((transport) => transport.close()));
      throw error;
    }
    return new Transports(list, new NameCache(settings.resolve), tls);
  }

  /** Bound addresses, in the order of the options. */
  get bound(): readonly Target[] {
    return this.list.map(({ protocol, bound }) => ({ protocol, ...bound }));
  }

  /** `tcp/192.0.2.1:5060,udp/192.0.2.1:5060`, as the reply to `authenticate` has it. */
  get hostports(): string {
    return this.bound.map(({ protocol, address, port }) => `${protocol}/${address}:${port}`).join(',');
  }

  /**
   * The next hop that a URI names (RFC 3263 without SRV); undefined when its transport is not one of ours.
   * @param name that the certificate there must show, instead of the host
   */
  nextHop(uri: SipUri, name?: string): NextHop | undefined {
    const protocol = uri.transport ?? (uri.scheme === 'sips' ? 'tls' : 'udp');
    if (protocol !== 'udp' && protocol !== 'tcp' && protocol !== 'tls') return undefined;
    if (this.transport(protocol, uri.host) === undefined) return undefined;
    return { protocol, host: uri.host, port: uri.port ?? DEFAULT_PORTS[protocol], ...(name !== undefined && { name }) };
  }

  isOwn(hop: NextHop): boolean {
    const target = { address: hop.host, port: hop.port };
    return this.list.some((transport) => transport.protocol === hop.protocol && transport.isOwn(target));
  }

  /** Our own address for requests to a next hop: for Via, Contact and From. */
  localFor(hop: NextHop): Endpoint {
    const transport = this.transport(hop.protocol, hop.host);
    return transport?.placeFor(hop.host) ?? { address: '127.0.0.1', port: DEFAULT_PORTS[hop.protocol] };
  }

  /** The targets of a next hop, at once for an IP address or a name looked up a moment ago. */
  targetsOf(hop: NextHop): readonly Target[] | Promise<readonly Target[]> {
    const literal = isIP(hop.host) !== 0;
    const name = hop.name ?? (literal ? undefined : hop.host);
    const { protocol, port } = hop;
    const target = (address: string): Target => ({ protocol, address, port, ...(name !== undefined && { name }) });
    if (literal) return [target(hop.host)];
    const addresses = this.names.lookUp(hop.host);
    return 'then' in addresses ? addresses.then((list) => list.map(target)) : addresses.map(target);
  }

  flowTo(target: Target): Flow | undefined {
    return this.transport(target.protocol, target.address)?.flowTo(target);
  }

  /** Takes certificates, keys and authorities from their files again, for connections from now on. */
  reloadCertificates(): void {
    this.tls?.reload();
  }

  closeConnections(): void {
    for (const transport of this.list) {
      if (transport instanceof StreamTransport) transport.closeConnections();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.list.map((transport) => transport.close()));
  }

  private transport(protocol: Protocol, host: string): Transport | undefined {
    const v6 = isIPv6(host);
    return this.list.find((each) => each.protocol === protocol && isIPv6(each.bound.address) === v6);
  }
}

/** @throws {SipdOptionError} when its files cannot be used */
function tlsLine({ tls, log, observer }: Settings): TlsLine | undefined {
  try {
    return tls === undefined ? undefined : new TlsLine(tls, log, observer);
  } catch (error) {
    throw error instanceof CredentialError ? new SipdOptionError(error.message) : error;
  }
}
