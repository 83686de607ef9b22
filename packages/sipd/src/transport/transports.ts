import { isIP, isIPv6 } from 'node:net';
import type { Protocol, Settings } from '../options';
import type { SipUri } from '../message/address';
import type { TimerQueue } from '../transaction/timer-queue';
import { advertised, isOwn } from './bind';
import type { Endpoint, Flow, FlowEvents, Target } from './flow';
import { NameCache } from './resolver';
import { TcpTransport } from './tcp';
import { UdpTransport } from './udp';

type Transport = TcpTransport | UdpTransport;

/** Where a request is to go: a transport, and a host that may still have to be looked up. */
export interface NextHop {
  readonly protocol: Protocol;
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORT = 5060;

/** All listeners, and the choice among them. */
export class Transports {
  private constructor(
    private readonly list: readonly Transport[],
    private readonly names: NameCache,
  ) {}

  /** Opens every listener; when one fails, those already open are closed again. */
  static async listen(settings: Settings, timers: TimerQueue, events: FlowEvents): Promise<Transports> {
    const list: Transport[] = [];
    try {
      for (const listener of settings.sip) {
        list.push(
          listener.protocol === 'tcp'
            ? await TcpTransport.listen(listener, settings, timers, events)
            : await UdpTransport.listen(listener, settings, events),
        );
      }
    } catch (error) {
      await Promise.all(list.map((transport) => transport.close()));
      throw error;
    }
    return new Transports(list, new NameCache(settings.resolve));
  }

  /** Bound addresses, in the order of the options. */
  get bound(): readonly Target[] {
    return this.list.map(({ protocol, bound }) => ({ protocol, ...bound }));
  }

  /** `tcp/192.0.2.1:5060,udp/192.0.2.1:5060`, as the reply to `authenticate` has it. */
  get hostports(): string {
    return this.bound.map(({ protocol, address, port }) => `${protocol}/${address}:${port}`).join(',');
  }

  /** The next hop that a URI names (RFC 3263 without SRV); undefined when its transport is not one of ours. */
  nextHop(uri: SipUri): NextHop | undefined {
    const protocol = uri.transport ?? (uri.scheme === 'sips' ? 'tls' : 'udp');
    if (protocol !== 'udp' && protocol !== 'tcp') return undefined;
    if (this.transport(protocol, uri.host) === undefined) return undefined;
    return { protocol, host: uri.host, port: uri.port ?? DEFAULT_PORT };
  }

  isOwn(hop: NextHop): boolean {
    const target = { address: hop.host, port: hop.port };
    return this.list.some(({ protocol, bound }) => protocol === hop.protocol && isOwn(bound, target));
  }

  /** Our own address for requests to a next hop: for Via, Contact and From. */
  localFor(hop: NextHop): Endpoint {
    const bound = this.transport(hop.protocol, hop.host)?.bound;
    return bound === undefined ? { address: '127.0.0.1', port: DEFAULT_PORT } : advertised(bound, hop.host);
  }

  /** The targets of a next hop, at once for an IP address or a name looked up a moment ago. */
  targetsOf(hop: NextHop): readonly Target[] | Promise<readonly Target[]> {
    const target = (address: string): Target => ({ protocol: hop.protocol, address, port: hop.port });
    if (isIP(hop.host) !== 0) return [target(hop.host)];
    const addresses = this.names.lookUp(hop.host);
    return 'then' in addresses ? addresses.then((list) => list.map(target)) : addresses.map(target);
  }

  flowTo(target: Target): Flow | undefined {
    return this.transport(target.protocol, target.address)?.flowTo(target);
  }

  closeConnections(): void {
    for (const transport of this.list) {
      if (transport instanceof TcpTransport) transport.closeConnections();
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
