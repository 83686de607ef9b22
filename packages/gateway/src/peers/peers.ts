import type { Logger } from '../log';
import { HostNames, type LookUp } from './host-names';
import { isHost, PeerList, type KnownPeer, type PeerRule, type Source } from './peer-list';

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

/** The peers of the configuration, with the addresses that their host names have now. */
export class Peers {
  private settings: PeerSettings;
  private list: PeerList;
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

  /** Undefined: not listed. */
  find(source: Source): KnownPeer | undefined {
    return this.list.find(source);
  }

  /** Name of the peer whose dialogs those are that we open by way of this host. Undefined: it is none's. */
  holderOf(host: string): string | undefined {
    const addresses = isHost(host) ? this.names.addressesOf(host) : [host];
    return addresses.map((address) => this.list.holderOf(address)).find((name) => name !== undefined);
  }

  private rebuild(): void {
    this.list = this.newList();
  }

  private newList(): PeerList {
    return new PeerList(this.settings.rules, this.names.addressesOf);
  }
}
