import { join } from 'node:path';
import Redis from 'ioredis';
import { Gateway } from '../../scenarios/support/gateway';
import { startRedis, type Redis as RedisServer } from '../../scenarios/support/redis';
import { SipServer } from '../../scenarios/support/sipd';
import { Child } from './child';
import { now } from './clock';
import { NO_LIMITS } from './no-limits';
import type { WatchCommand, WatchCounts, WatchReport, XmppCommand, XmppCounts, XmppReport } from './watch-protocol';

export const DOMAIN = 'example.com';
const COMPONENT = 'isthmus.example.com';
const SECRET = 'bench';
const PROBE = join(__dirname, 'memory-probe.cjs');

/** As the store names and writes them (packages/store: keys.ts, values.ts). */
const BUCKETS = 256;
const VERSION_LENGTH = 16;
/** A pair with undone effects is due within so long. */
const LEASE_MS = 5_000;

/** The part of a stored pair that tells who has its effects in hand: instances, a worker's name and `#` and its start. */
interface StoredPair {
  readonly record: { readonly effects: readonly { readonly key: string }[] };
  readonly by: string;
  readonly others?: Readonly<Record<string, string>>;
}

function isInHandsOf({ record, by, others }: StoredPair, worker: string): boolean {
  return record.effects.some(({ key }) => (others?.[key] ?? by).startsWith(`${worker}#`));
}

export interface Memory {
  readonly heapUsed: number;
  readonly rss: number;
}

/** Redis, the SIP server, workers, and light far ends on both sides, each in a process of its own. */
export class PresenceWorld {
  readonly sip: Child<WatchCommand, WatchReport> = new Child('watch-end.ts');
  readonly xmpp: Child<XmppCommand, XmppReport> = new Child('light-xmpp.ts');
  readonly workers: Gateway[] = [];

  private constructor(
    readonly redis: RedisServer,
    private readonly client: Redis,
    public server: SipServer,
    private readonly anchor: boolean,
  ) {}

  private sipPeerPort = 0;
  private xmppPort = 0;

  /** `anchor`: the SIP server keeps the dialogs of workers that die. */
  static async start(anchor = false): Promise<PresenceWorld> {
    const [redis, server] = await Promise.all([startRedis(), SipServer.start(0, 0, anchor)]);
    const world = new PresenceWorld(redis, new Redis(redis.port, '127.0.0.1'), server, anchor);
    const [sip, xmpp] = await Promise.all([world.sip.next(), world.xmpp.next()]);
    if (sip.is !== 'ready' || xmpp.is !== 'ready') throw new Error('a far end did not start');
    world.sipPeerPort = sip.port;
    world.xmppPort = xmpp.port;
    await world.sip.run({ do: 'connect', sipPort: server.sipPort });
    return world;
  }

  /** `nodeArgs`: for Node, such as `--cpu-prof`. */
  async startWorker(name: string, nodeArgs: readonly string[] = []): Promise<Gateway> {
    const config = {
      domain: DOMAIN,
      worker: { name },
      xmpp: { host: '127.0.0.1', port: this.xmppPort, component: COMPONENT, secret: { file: 'component-secret' }, selfTest: false },
      sip: { server: { type: 'drachtio', servers: [{ name: 'd1', host: '127.0.0.1', port: this.server.adminPort, secret: { file: 'sipd-secret' } }] }, healthIntervalSeconds: 1 },
      routes: [{ name: 'far', host: '127.0.0.1', port: this.sipPeerPort, transport: 'tcp', dialect: 'microsoft' }],
      store: { type: 'redis', port: this.redis.port },
      availability: { notifyIntervalSeconds: 0 },
      log: { level: 'info' },
      limits: NO_LIMITS,
    };
    const files = { 'component-secret': SECRET, 'sipd-secret': this.server.secret };
    const worker = await Gateway.start({ config, files, nodeArgs, env: { NODE_OPTIONS: `-r ${PROBE}` } });
    this.workers.push(worker);
    return worker;
  }

  /** The SIP server dies and comes back at the same addresses; its peer connects again. */
  async restartSipServer(): Promise<void> {
    const { sipPort, adminPort } = this.server;
    this.server.kill('SIGKILL');
    await this.server.stop();
    this.server = await SipServer.start(sipPort, adminPort, this.anchor);
    await this.sip.run({ do: 'connect', sipPort });
  }

  /** After a collection of garbage. */
  async memoryOf(worker: Gateway): Promise<Memory> {
    const before = worker.log.length;
    worker.kill('SIGUSR2');
    const line = await until(() => /\{"memory":.*\}\}/.exec(worker.log.slice(before))?.[0], 60_000);
    if (line === undefined) throw new Error('the worker does not tell its memory');
    return (JSON.parse(line) as { memory: Memory }).memory;
  }

  async redisBytes(): Promise<number> {
    return Number(/used_memory:(\d+)/.exec(await this.client.info('memory'))?.[1] ?? 0);
  }

  /** Pairs with effects that are in the hands of a worker of this name, among those that are due within its lease. */
  async undoneOf(worker: string): Promise<number> {
    const soon = Date.now() + LEASE_MS;
    const counts = await Promise.all(Array.from({ length: BUCKETS }, (_each, bucket) => this.undoneIn(`isthmus::{b${bucket}}`, worker, soon)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  private async undoneIn(bucket: string, worker: string, soon: number): Promise<number> {
    const due = await this.client.zrangebyscore(`${bucket}:due`, '-inf', soon);
    if (due.length === 0) return 0;
    const values = await this.client.hmget(`${bucket}:pairs`, ...due);
    return values.filter((value) => value !== null && isInHandsOf(JSON.parse(value.slice(VERSION_LENGTH)) as StoredPair, worker)).length;
  }

  /** `of`: told only of SIP users whose address begins so. */
  async watches(of = ''): Promise<WatchCounts> {
    const [counts] = await this.sip.run({ do: 'tell', of });
    if (counts?.is !== 'counts') throw new Error('the SIP end did not tell its counts');
    return counts;
  }

  /** `of`: shown only of contacts whose address begins so. */
  async shown(of = ''): Promise<XmppCounts> {
    const [counts] = await this.xmpp.run({ do: 'tell', of });
    if (counts?.is !== 'counts') throw new Error('the XMPP end did not tell its counts');
    return counts;
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    for (const worker of this.workers) if (worker.isRunning) worker.kill('SIGKILL');
    await Promise.allSettled(this.workers.map((worker) => worker.stop()));
    await Promise.allSettled([this.server.stop(), this.redis.stop()]);
    this.sip.stop();
    this.xmpp.stop();
  }
}

/** Asks again and again until there is an answer; undefined: not in time. */
async function until<T>(look: () => T | undefined | Promise<T | undefined>, deadlineMs: number): Promise<T | undefined> {
  const end = now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (now() > end) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A slow machine may take its time; but what does not go on for so long has come to an end, milliseconds. */
const STANDSTILL_MS = 15_000;
const LONGEST_MS = 120_000;

/** Waits until so many are counted; false: it has come to a standstill before. */
export async function reaches(count: () => Promise<number>, wanted: number): Promise<boolean> {
  const end = now() + LONGEST_MS;
  for (let last = -1, moved = now(); ; ) {
    const seen = await count();
    if (seen >= wanted) return true;
    if (seen !== last) moved = now();
    last = seen;
    if (now() > end || now() - moved > STANDSTILL_MS) return false;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
