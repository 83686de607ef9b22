import { rm } from 'node:fs/promises';

import { Disk } from './disk';
import type { Link } from './link';
import { Hosts } from './namespaces';
import { Part } from './part';
import { temporaryDirectory, type Program } from './process';
import { prepareProsody, runProsody, type ProsodyOptions } from './prosody';
import { runRedis } from './redis';
import { runSipServer } from './sipd';
import { ADMIN_PORT, ANCHOR_PORT, C2S_PORT, COMPONENT_PORT, HTTP_PORT, REDIS_PORT, runAnchoredSipServer, runWorker, SIP_PORT, workerConfig, type WorkerSections } from './topology-config';
import { COMPONENT, DOMAIN, SECRET } from './world';

export interface TopologyOptions {
  /** XMPP accounts, by local part; the password is the same word. */
  readonly users: readonly string[];
  readonly workers?: number;
  /** Hosts without a worker yet, for `addWorker`. */
  readonly spareWorkers?: number;
  readonly sipServers?: number;
  /** Each SIP server behind an anchor that lives and dies with it (default), or by itself. */
  readonly anchors?: boolean;
  readonly dialect?: 'microsoft' | 'simple';
  /** Sections of the workers' configuration that differ. */
  readonly config?: WorkerSections;
  readonly prosody?: Partial<ProsodyOptions>;
  /** Size of the disk that Redis writes to, MB; default: the machine's. */
  readonly redisDiskMegabytes?: number;
  /** With `always` (the default) Redis ends when it cannot write, with `everysec` it refuses writes. */
  readonly redisSync?: 'always' | 'everysec';
}

/** Hosts that are this machine: XMPP clients (every connection that the test opens), and the far SIP server. */
export const CLIENTS = 'clients';
export const FAR = 'far';

const WORKERS = 2;
const SIP_SERVERS = 2;

/**
 * All of a deployment on one machine, each part on a host (network namespace) of its own: the XMPP server, Redis, SIP
 * servers, workers. Parts are killed, stopped, stalled and started again; links between any two are cut and slowed.
 * The far SIP server is whoever listens on `far`, port 5060.
 */
export class Topology {
  private readonly all = new Map<string, Part>();

  private constructor(
    private readonly options: TopologyOptions,
    private readonly hosts: Hosts,
    private readonly directories: readonly string[],
    /** What Redis writes to, where it has a size. */
    readonly disk: Disk | undefined,
  ) {}

  /** Makes the hosts; nothing runs yet, so that what is to stand on `far` can be there first. Ended by `stop`. */
  static async lay(options: TopologyOptions): Promise<Topology> {
    const { workers = WORKERS, spareWorkers = 1, sipServers = SIP_SERVERS, redisDiskMegabytes } = options;
    const hosts = Hosts.with(['prosody', 'redis', ...numbered('sip', sipServers), ...numbered('w', workers + spareWorkers)], [FAR]);
    const directories = [await temporaryDirectory('prosody'), await temporaryDirectory('redis')] as const;
    const disk = redisDiskMegabytes === undefined ? undefined : Disk.mount(directories[1], redisDiskMegabytes);
    const topology = new Topology(options, hosts, directories, disk);
    await topology.prepare(directories);
    return topology;
  }

  /** Starts the servers, then the workers, and waits until all are up. */
  async start(): Promise<void> {
    await Promise.all(this.parts.map((part) => part.start()));
    await Promise.all(numbered('w', this.options.workers ?? WORKERS).map((name) => this.addWorker(name)));
  }

  get parts(): readonly Part[] {
    return [...this.all.values()];
  }

  get workers(): readonly Part[] {
    return this.parts.filter(({ name }) => /^w\d+$/.test(name));
  }

  /** `prosody`, `redis`, `sip1` ..., `w1` ... */
  part(name: string): Part {
    const part = this.all.get(name);
    if (part === undefined) throw new Error(`there is no part ${name}`);
    return part;
  }

  /** Address of a host: of the parts, `clients`, and `far`. */
  address(host: string): string {
    return this.hosts.address(host === CLIENTS ? 'gateway' : host);
  }

  get c2sPort(): number {
    return C2S_PORT;
  }

  get sipPort(): number {
    return SIP_PORT;
  }

  /** What lies between two hosts; at most one of them is `clients` or `far`. */
  link(one: string, other: string): Link {
    const [a = one, b = other] = [one, other].map((host) => (host === CLIENTS ? 'gateway' : host));
    return this.hosts.link(a, b);
  }

  /** A further worker joins; its host has been there from the start (`spareWorkers`). */
  async addWorker(name: string): Promise<Part> {
    const worker = this.add(name, name, () => {
      const place = { name, address: this.address(name), prosody: this.address('prosody'), redis: this.address('redis'), far: this.address(FAR) };
      const sipServers = this.parts.filter((part) => part.name.startsWith('sip')).map((part) => ({ name: part.name, host: this.address(part.host), port: this.options.anchors === false ? ADMIN_PORT : ANCHOR_PORT }));
      return runWorker(workerConfig({ ...place, sipServers, dialect: this.options.dialect ?? 'microsoft' }, this.options.config), this.hosts.enter(name));
    });
    await worker.start();
    return worker;
  }

  /** Process id of the SIP server behind an anchor. */
  serverPid(anchor: string): number {
    const pids = [...this.part(anchor).log.matchAll(/"pid":(\d+),"event":"sip_server_started"/g)];
    return Number(pids.at(-1)?.[1]);
  }

  /** What a worker says of itself at /metrics. */
  async metrics(worker: string): Promise<string> {
    return (await fetch(`http://${this.address(worker)}:${HTTP_PORT}/metrics`)).text();
  }

  async stop(): Promise<void> {
    for (const part of this.parts) if (part.isRunning) part.resume();
    await Promise.allSettled(this.workers.map((part) => part.stop()));
    await Promise.allSettled(this.parts.map((part) => part.stop()));
    await this.hosts.remove();
    this.disk?.unmount();
    for (const directory of this.directories) await rm(directory, { recursive: true, force: true });
  }

  /** Everything but the workers, which need to meet it. */
  private async prepare([prosody, redis]: readonly [string, string]): Promise<void> {
    const { users, prosody: further, redisSync = 'always' } = this.options;
    const xmpp = { domain: DOMAIN, component: COMPONENT, secret: SECRET, users: Object.fromEntries(users.map((user) => [user, user])), ...further };
    const at = (host: string): { readonly address: string; readonly behind: readonly string[] } => ({ address: this.address(host), behind: this.hosts.enter(host) });
    const place = { directory: prosody, c2sPort: C2S_PORT, componentPort: COMPONENT_PORT, ...at('prosody') };
    await prepareProsody(xmpp, place);
    this.add('prosody', 'prosody', () => runProsody(place));
    this.add('redis', 'redis', () => runRedis({ directory: redis, port: REDIS_PORT, ...at('redis') }, { persist: true, sync: redisSync }));
    for (const host of numbered('sip', this.options.sipServers ?? SIP_SERVERS)) {
      this.add(host, host, () => (this.options.anchors === false ? runSipServer({ sipPort: SIP_PORT, adminPort: ADMIN_PORT, ...at(host) }) : runAnchoredSipServer(at(host))));
    }
  }

  private add(host: string, name: string, begin: () => Promise<Program>): Part {
    const part = new Part(host, name, begin);
    this.all.set(name, part);
    return part;
  }
}

const numbered = (name: string, count: number): string[] => Array.from({ length: count }, (_each, index) => `${name}${index + 1}`);
