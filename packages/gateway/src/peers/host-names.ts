import { lookup } from 'node:dns/promises';
import type { Logger } from '../log';

export type LookUp = (hostName: string) => Promise<readonly string[]>;

export interface HostNamesOptions {
  /** The addresses of a name are others than before. */
  readonly onChange: () => void;
  readonly log: Logger;
  /** Rejects when there is no answer. */
  readonly lookUp?: LookUp;
}

/** A name without an answer is looked up again after so long, if the interval is not shorter. */
const RETRY_MS = 5_000;
/** The start waits for so long at most. */
const FIRST_MS = 5_000;

/** The addresses of some host names, looked up again and again. The last good answer holds while there is no new one. */
export class HostNames {
  private readonly known = new Map<string, readonly string[]>();
  /** Names that had no answer last time: told once. */
  private readonly missing = new Set<string>();
  private names: readonly string[] = [];
  private intervalMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly options: HostNamesOptions) {}

  addressesOf = (hostName: string): readonly string[] => this.known.get(hostName) ?? [];

  /** These names from now on, looked up each `intervalMs`; resolves when they have been once, or after 5 s. Never rejects. */
  async use(names: readonly string[], intervalMs: number): Promise<void> {
    this.intervalMs = intervalMs;
    this.names = [...new Set(names)];
    for (const name of this.known.keys()) if (!this.names.includes(name)) this.known.delete(name);
    for (const name of this.missing) if (!this.names.includes(name)) this.missing.delete(name);
    let enough: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (enough = setTimeout(resolve, FIRST_MS)));
    await Promise.race([this.look(), patience]);
    clearTimeout(enough);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async look(): Promise<void> {
    clearTimeout(this.timer);
    const { names } = this;
    const changed = await Promise.all(names.map((name) => this.lookAt(name, names)));
    if (this.isOver(names)) return;
    if (changed.includes(true)) this.options.onChange();
    if (names.length === 0) return;
    const { intervalMs } = this;
    this.timer = setTimeout(() => void this.look(), this.missing.size > 0 ? Math.min(RETRY_MS, intervalMs) : intervalMs);
    this.timer.unref();
  }

  /** Were other names asked for since? What they have found is newer than an answer that comes only now. */
  private isOver(names: readonly string[]): boolean {
    return this.stopped || names !== this.names;
  }

  /** True when its addresses have changed. */
  private async lookAt(name: string, names: readonly string[]): Promise<boolean> {
    const { lookUp = lookUpAll, log } = this.options;
    const before = this.known.get(name);
    try {
      const addresses = [...new Set(await lookUp(name))].sort();
      if (this.isOver(names)) return false;
      this.missing.delete(name);
      if (addresses.join() === before?.join()) return false;
      this.known.set(name, addresses);
      log.info({ host: name, addresses }, 'host_resolved');
      return true;
    } catch (error) {
      if (this.isOver(names)) return false;
      if (!this.missing.has(name)) log.warn({ host: name, addresses: before, error }, 'host_unresolved');
      this.missing.add(name);
      return false;
    }
  }
}

async function lookUpAll(hostName: string): Promise<readonly string[]> {
  return (await lookup(hostName, { all: true })).map(({ address }) => address);
}
