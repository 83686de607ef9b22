import { freePort, LOOPBACK } from './ports';
import { redisCliOver } from './redis-cli';
import type { RedisTls } from './redis-tls';
import { until } from './until';
import { startRedis, type Redis } from './redis';

const MASTERS = 3;
/** A master that does not answer the others for so long is replaced, milliseconds. Shorter, and one on a busy machine looks dead. */
export const NODE_TIMEOUT_MS = 3_000;

/** Three masters that share the slots, each with a replica. */
export class RedisCluster {
  private constructor(
    readonly servers: readonly Redis[],
    private readonly tls: RedisTls | undefined,
  ) {}

  static async start({ args = [], tls }: { readonly args?: readonly string[]; readonly tls?: RedisTls } = {}): Promise<RedisCluster> {
    const servers = await Promise.all(Array.from({ length: 2 * MASTERS }, () => startNode(args, tls)));
    const places = servers.map(({ port }) => `${LOOPBACK}:${port}`);
    await redisCliOver(tls, servers[0]?.port ?? 0, '--cluster', 'create', ...places, '--cluster-replicas', '1', '--cluster-yes');
    const cluster = new RedisCluster(servers, tls);
    await until('the cluster is complete', async () => (await cluster.nodes(servers[0]?.port ?? 0)).filter(isReplica).length === MASTERS);
    await Promise.all(servers.map((each) => until('each node sees the cluster', () => cluster.isWhole(each))));
    return cluster;
  }

  get places(): readonly { readonly host: string; readonly port: number }[] {
    return this.servers.map(({ port }) => ({ host: LOOPBACK, port }));
  }

  /** The masters by the word of a node that runs. */
  async masters(): Promise<readonly Redis[]> {
    const asked = await this.anyThatRuns();
    const lines = (await this.nodes(asked)).filter((line) => /\bmaster\b/.test(line) && !/\bfail\b/.test(line));
    return this.servers.filter(({ port }) => lines.some((line) => line.includes(`:${port}@`)));
  }

  /** The master that serves the slot of a key. */
  async masterOf(key: string): Promise<Redis> {
    const asked = await this.anyThatRuns();
    const slot = Number(await this.cli(asked, 'CLUSTER', 'KEYSLOT', key));
    const line = (await this.nodes(asked)).find((each) => hasSlot(each, slot));
    const master = this.servers.find(({ port }) => line?.includes(`:${port}@`));
    if (master === undefined) throw new Error(`no node of ours serves slot ${slot}`);
    return master;
  }

  /** A master and the replicas that follow it. */
  async withReplicas(master: Redis): Promise<readonly Redis[]> {
    const id = await this.cli(master.port, 'CLUSTER', 'MYID');
    const lines = (await this.nodes(master.port)).filter((line) => line.split(' ')[3] === id);
    return [master, ...this.servers.filter(({ port }) => lines.some((line) => line.includes(`:${port}@`)))];
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((each) => each.stop()));
  }

  private async isWhole({ port }: Redis): Promise<boolean> {
    const info = await this.cli(port, 'CLUSTER', 'INFO');
    const following = !(await this.cli(port, 'INFO', 'replication')).includes('master_link_status:down');
    return following && info.includes('cluster_state:ok') && info.includes('cluster_slots_assigned:16384');
  }

  private async nodes(port: number): Promise<readonly string[]> {
    return (await this.cli(port, 'CLUSTER', 'NODES')).split('\n');
  }

  private cli(port: number, ...command: readonly string[]): Promise<string> {
    return redisCliOver(this.tls, port, ...command);
  }

  private async anyThatRuns(): Promise<number> {
    for (const { port } of this.servers) if ((await this.cli(port, 'PING').catch(() => '')) === 'PONG') return port;
    throw new Error('no node answers');
  }
}

const isReplica = (line: string): boolean => /\bslave\b/.test(line);

/** A line of CLUSTER NODES ends with the ranges of slots that the node serves. */
function hasSlot(line: string, slot: number): boolean {
  const ranges = line.split(' ').slice(8).map((range) => range.split('-').map(Number));
  return ranges.some(([from = NaN, to = from]) => from <= slot && slot <= to);
}

async function startNode(args: readonly string[], tls: RedisTls | undefined): Promise<Redis> {
  const bus = await freePort();
  return startRedis({
    persist: true,
    tls,
    args: ['--cluster-enabled', 'yes', '--cluster-port', `${bus}`, '--cluster-node-timeout', `${NODE_TIMEOUT_MS}`, '--repl-diskless-sync-delay', '0', ...args],
  });
}
