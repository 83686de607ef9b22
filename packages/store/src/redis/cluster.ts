import { Cluster, type Redis } from 'ioredis';

import type { StoreState } from '../port';
import { clientOptions, pauseBefore } from './client-options';
import { RedisConnection } from './connection';
import { diagnose, isShaken, judge } from './diagnosis';
import { RedisKeys } from './keys';
import type { RedisSettings } from './options';

/**
 * The connections to the masters of a Redis Cluster. ioredis knows which of them has a slot and follows MOVED and ASK, which say
 * that a command was not run. Where a part of the slots cannot be reached the store as a whole is away: a pair's users, leases and
 * policies lie elsewhere than the pair (decision 076).
 */
export class ClusterConnection extends RedisConnection {
  readonly firstAttempt: Promise<void>;
  readonly isCluster = true;
  protected readonly commands: Cluster;
  private failure: unknown;
  private looking: Promise<void> | undefined;
  private gathering = false;
  private attempts = 0;
  private wake: (() => void) | undefined;
  private seen: () => void = () => undefined;

  constructor(settings: RedisSettings) {
    super(settings);
    const places = (settings.cluster ?? []).map((place) => ({ ...place }));
    this.commands = new Cluster(places, {
      redisOptions: clientOptions(settings),
      clusterRetryStrategy: () => this.pause(),
      lazyConnect: true,
      enableOfflineQueue: false,
      enableReadyCheck: false, // `look` does it
      /** A command that may have been run is not sent again. */
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      slotsRefreshTimeout: settings.commandTimeoutMs,
      ...(settings.tls !== undefined && { dnsLookup: (address, callback) => callback(null, address) }), // certificates show names
    });
    this.commands.on('error', (error) => this.failed(error));
    this.commands.on('node error', (error) => this.failed(error));
    this.commands.on('-node', () => this.look());
    this.commands.on('ready', () => this.look());
    this.commands.on('close', () => this.lost());
    this.firstAttempt = new Promise((resolve) => (this.seen = resolve));
    this.commands.connect().catch((error: unknown) => this.failed(error)); // told by 'close' too
  }

  infos(): Promise<readonly string[]> {
    return this.run(() => Promise.all(this.servers().map((node) => node.info())));
  }

  /** That of one of them: they differ by as much as their machines do. */
  async clock(): Promise<number> {
    const [seconds = 0, microseconds = 0] = (await this.run(() => this.commands.time())).map(Number);
    return seconds * 1_000 + Math.floor(microseconds / 1_000);
  }

  async ping(): Promise<void> {
    await this.run(() => Promise.all(this.servers().map((node) => node.ping())));
  }

  protected gather(): void {
    if (this.gathering) return;
    this.gathering = true;
    const streams = this.servers().flatMap(({ stream }: { readonly stream?: Redis['stream'] }) => (stream === undefined ? [] : [stream]));
    for (const stream of streams) stream.cork();
    process.nextTick(() => {
      this.gathering = false;
      for (const stream of streams) stream.uncork();
    });
  }

  protected commandFailed(error: unknown): void {
    if (!isShaken(error)) return;
    this.observed.become(diagnose(this.server, error));
    this.look();
  }

  protected probeKeys(): readonly string[] {
    return new RedisKeys(this.settings.prefix).buckets().map(({ probe }) => probe);
  }

  protected async end(): Promise<void> {
    this.wake?.();
    if (this.commands.status === 'end') return;
    const ended = this.commands.nodes().length === 0 ? undefined : new Promise((resolve) => this.commands.once('end', resolve));
    this.commands.disconnect();
    await ended;
  }

  protected servers(): Redis[] {
    return this.commands.nodes('master');
  }

  /** Looks at all masters until they will do. */
  private look(): void {
    this.looking ??= this.lookAgain().finally(() => (this.looking = undefined));
  }

  private async lookAgain(): Promise<void> {
    // Where the cluster as a whole is not connected, its 'ready' begins anew.
    for (let attempt = 0; this.observed.current.is !== 'closed' && this.commands.status === 'ready'; attempt += 1) {
      const verdict = await this.examineMasters();
      const isReady = verdict.is === 'ready';
      if (!isReady || this.observed.current.is !== 'unwritable') this.observed.become(verdict);
      this.seen();
      if (isReady) return;
      await this.rest(pauseBefore(attempt));
    }
  }

  private async examineMasters(): Promise<StoreState> {
    try {
      await new Promise<void>((resolve, reject) => this.commands.refreshSlotsCache((error) => (error ? reject(error) : resolve())));
      const masters = this.servers();
      const verdicts = await Promise.all(masters.map((node) => this.examineNode(node)));
      const bad = verdicts.find(({ is }) => is !== 'ready');
      if (bad !== undefined) return bad;
      this.attempts = 0;
      this.failure = undefined;
      return verdicts.find((verdict) => 'warning' in verdict) ?? { is: 'ready' };
    } catch (error) {
      return diagnose(this.server, this.failure ?? error);
    }
  }

  /** Does it hold itself for a master of a cluster all of whose slots are served? */
  private async examineNode(node: Redis): Promise<StoreState> {
    const { host = '', port = 0 } = node.options;
    const place = `${host}:${port}`;
    try {
      const [info, cluster] = await Promise.all([node.info(), node.cluster('INFO')]);
      const verdict = judge(place, info, { cluster: true });
      if (verdict.is !== 'ready' || /^cluster_state:ok\r?$/m.test(String(cluster))) return verdict;
      return { is: 'away', why: `Redis at ${place}: the cluster is down (some of its slots have no master)` };
    } catch (error) {
      return diagnose(place, error);
    }
  }

  private failed(error: unknown): void {
    const { lastNodeError } = error as { lastNodeError?: unknown };
    this.failure = lastNodeError ?? error;
  }

  private lost(): void {
    const state: StoreState = this.failure === undefined ? { is: 'away', why: `Redis at ${this.server}: no node answers` } : diagnose(this.server, this.failure);
    void this.noWay(state, this.settings.cluster ?? []).then(() => this.seen());
  }

  private pause(): number {
    this.attempts += 1;
    return pauseBefore(this.attempts - 1);
  }

  private rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
