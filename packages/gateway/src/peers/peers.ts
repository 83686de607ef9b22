import type { Logger } from '../log';
import { HostNames, type LookUp } from './host-names';
import { isHost, PeerList, type Peer, type PeerRule, type Source } from './peer-list';

export interface PeerSettings {
  /** In the order of the configuration; the first that matches counts. */
  readonly rules: readonly PeerRule[];
  /** Host names are looked up again after so long. */
  readonly refreshMs: number;
}

export interface PeersOptions {
  readonly settings: PeerSettings;
  readonly log: Logger;
  readonly lookUp?: LookUp;
}

/** Next hops of all routes; a name in DNS may have some. */
const MAX_HOLDERS = 1_000;

/** The peers of the configuration, with the addresses that their host names have now. */
export class Peers {
  private settings: PeerSettings;
  private list: PeerList;
  private holders = new Map<string, string | undefined>();
  private hops: readonly string[] = [];
  private readonly names: HostNames;

  constructor({ settings, log, lookUp }: PeersOptions) {
    this.settings = settings;
    this.names = new HostNames({ log, onChange: () => this.rebuild(), ...(lookUp !== undefined && { lookUp }) });
    this.list = this.newList();
  }

  /** Resolves when host names have been looked up once, or have had the time for it. */
  start(): Promise<void> {
    const { rules, refreshMs } = this.settings;
    return this.names.use(rules.flatMap(({ from = [] }) => from.filter(isHost)), refreshMs);
  }

  stop(): void {
    this.names.stop();
  }

  /** Other peers from now on. */
  replace(settings: PeerSettings): void {
    this.settings = settings;
    this.rebuild();
    void this.start();
  }

  /**
   * The addresses of all next hops now, for whoever looks up more of a route's name than its addresses (SRV): they may send
   * like hosts that stand in `sip.allow`.
   */
  nextHopsAre(addresses: readonly string[]): void {
    if (addresses.join() === this.hops.join()) return;
    this.hops = addresses;
    this.rebuild();
  }

  /** Undefined: not listed. */
  find(source: Source): Peer | undefined {
    return this.list.find(source);
  }

  /** Name of the peer that holds the dialogs which we open by way of this next hop (SEC-12). Undefined: none does. */
  holderOf(host: string): string | undefined {
    if (this.holders.size >= MAX_HOLDERS) this.holders.clear();
    if (!this.holders.has(host)) this.holders.set(host, this.lookForHolder(host));
    return this.holders.get(host);
  }

  private lookForHolder(host: string): string | undefined {
    const plain = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
    const addresses = isHost(plain) ? this.names.addressesOf(plain) : [plain];
    const peer = addresses.map((address) => this.list.at(address)).find((found) => found !== undefined);
    return peer?.holds === true ? peer.name : undefined;
  }

  private rebuild(): void {
    this.list = this.newList();
    this.holders.clear();
  }

  private newList(): PeerList {
    const rules = this.settings.rules.map((rule) => (rule.holds ? rule : { ...rule, from: [...(rule.from ?? []), ...this.hops] }));
    return new PeerList(rules, this.names.addressesOf);
  }
}
