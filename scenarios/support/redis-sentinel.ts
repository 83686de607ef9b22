import { rm } from 'node:fs/promises';

import { freePort, LOOPBACK } from './ports';
import { Program, temporaryDirectory } from './process';
import { startRedis, type Redis } from './redis';
import { redisCliOver } from './redis-cli';
import { tlsSettings, type RedisTls } from './redis-tls';
import { until } from './until';

const SENTINELS = 3;
/** A master that does not answer for so long is down in the eyes of one Sentinel, milliseconds. Shorter, and one on a busy machine looks dead. */
export const DOWN_AFTER_MS = 3_000;

interface Sentinel {
  readonly port: number;
  readonly program: Program;
  readonly directory: string;
}

/** A master with one replica or more, and three Sentinels that put a replica in its place when it is gone. */
export class RedisSentinels {
  readonly masterName = 'isthmus';

  private constructor(
    readonly servers: readonly Redis[],
    private readonly sentinels: readonly Sentinel[],
    private readonly tls: RedisTls | undefined,
  ) {}

  static async start({ replicas = 1, args = [], tls }: { readonly replicas?: number; readonly args?: readonly string[]; readonly tls?: RedisTls } = {}): Promise<RedisSentinels> {
    const first = await startRedis({ persist: true, tls, args: ['--repl-diskless-sync-delay', '0', ...args] });
    const rest = await Promise.all(
      Array.from({ length: replicas }, () => startRedis({ persist: true, tls, args: ['--replicaof', LOOPBACK, `${first.port}`, '--repl-diskless-sync-delay', '0', ...args] })),
    );
    await until('the replicas follow', async () => (await redisCliOver(tls, first.port, 'INFO', 'replication')).split('state=online').length === replicas + 1);
    const sentinels = await Promise.all(Array.from({ length: SENTINELS }, () => startSentinel(first.port, tls)));
    const all = new RedisSentinels([first, ...rest], sentinels, tls);
    await Promise.all(sentinels.map((each) => until('a Sentinel knows the others and the replicas', () => all.isComplete(each))));
    return all;
  }

  get places(): readonly { readonly host: string; readonly port: number }[] {
    return this.sentinels.map(({ port }) => ({ host: LOOPBACK, port }));
  }

  /** The master by the word of the first Sentinel. */
  async master(): Promise<Redis> {
    const [sentinel] = this.sentinels;
    const [, port] = (await redisCliOver(this.tls, sentinel?.port ?? 0, 'SENTINEL', 'get-master-addr-by-name', this.masterName)).split('\n');
    const master = this.servers.find((each) => each.port === Number(port));
    if (master === undefined) throw new Error(`the master is at port ${port}, which is none of ours`);
    return master;
  }

  async stop(): Promise<void> {
    await Promise.all(this.sentinels.map(async ({ program, directory }) => program.stop().then(() => rm(directory, { recursive: true, force: true }))));
    await Promise.all(this.servers.map((each) => each.stop()));
  }

  private async isComplete({ port }: Sentinel): Promise<boolean> {
    const info = await redisCliOver(this.tls, port, 'INFO', 'sentinel');
    return info.includes(`slaves=${this.servers.length - 1},sentinels=${SENTINELS}`) && info.includes('status=ok');
  }
}

/** It writes into its own configuration file what it learns. */
async function startSentinel(masterPort: number, tls: RedisTls | undefined): Promise<Sentinel> {
  const port = await freePort();
  const directory = await temporaryDirectory('sentinel');
  const lines = [
    ...(tls === undefined ? [`port ${port}`] : ['port 0', `tls-port ${port}`, ...tlsSettings(tls).map((setting) => setting.join(' '))]),
    `bind ${LOOPBACK}`,
    `dir ${directory}`,
    `sentinel monitor isthmus ${LOOPBACK} ${masterPort} 2`,
    `sentinel down-after-milliseconds isthmus ${DOWN_AFTER_MS}`,
    'sentinel failover-timeout isthmus 5000',
  ];
  const program = await Program.start({
    name: 'sentinel',
    command: 'redis-server',
    directory,
    files: () => ({ 'sentinel.conf': `${lines.join('\n')}\n` }),
    args: () => [`${directory}/sentinel.conf`, '--sentinel'],
    ready: /\+monitor master/,
  });
  return { port, program, directory };
}
