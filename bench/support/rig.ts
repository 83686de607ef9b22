import { Child } from './child';
import { CpuMeter } from './cpu';
import type { FarCommand, FarReport } from './far-protocol';
import { NO_LIMITS } from './no-limits';
import { percentile } from './report';
import { XmppLoad } from './xmpp-load';
import { SipServer } from '../../scenarios/support/sipd';
import { World, DOMAIN, type SipServerPlace } from '../../scenarios/support/world';

export type Far = Child<FarCommand, FarReport>;
export type Direction = 'XMPP->SIP' | 'SIP->XMPP';
export type StoreType = 'memory' | 'redis';

export const DIRECTIONS: readonly Direction[] = ['XMPP->SIP', 'SIP->XMPP'];

const USERS = ['u0', 'u1', 'u2', 'u3', 'u4'];
const CONTACTS_PER_USER = 20;
/** How long is waited for what has not arrived yet, milliseconds. */
const SETTLE_MS = 20_000;

const PAIRS = USERS.flatMap((_user, user) =>
  Array.from({ length: CONTACTS_PER_USER }, (_each, index) => ({ user, contact: `b${user}x${index}@${DOMAIN}` })),
);
const ADDRESSES = PAIRS.map(({ user, contact }) => ({ contact, user: `${USERS[user]}@${DOMAIN}` }));

export interface RigOptions {
  readonly store: StoreType;
  /** `microsoft` in sessions, `simple` out of dialog. */
  readonly dialect: 'microsoft' | 'simple';
  /** Workers; default 1. They share Prosody and the store. */
  readonly workers?: number;
  /** A SIP server that runs already, instead of sipd. */
  readonly sipServer?: SipServerPlace;
  /** How many sipd the workers share, each a process of its own; default 1. */
  readonly sipServers?: number;
  /** They choose a worker by the pair, and keep the dialogs of one that dies. */
  readonly anchor?: boolean;
  /** Arguments of Node for the worker, such as `--cpu-prof`. */
  readonly nodeArgs?: readonly string[];
}

export interface Run {
  readonly sent: number;
  readonly arrived: number;
  /** Came back to their senders as errors. */
  readonly returned: number;
  readonly p50: number;
  readonly p99: number;
  /** After the last message was sent, until the last one was there. */
  readonly backlogMs: number;
  /** Milliseconds by process. */
  readonly cpu: Readonly<Record<string, number>>;
}

/** Neither delivered nor returned: nobody was told (promise 1). */
export function lostIn({ sent, arrived, returned }: Run): number {
  return sent - arrived - returned;
}

/** A real Prosody with five users, workers, SIP servers in processes of their own, and a far SIP server: 100 pairs. */
export class Rig {
  private constructor(
    private readonly options: RigOptions,
    private readonly world: World,
    private readonly own: readonly SipServer[],
    private readonly far: Far,
    private readonly load: XmppLoad,
    private readonly meter: CpuMeter,
  ) {}

  static async start(options: RigOptions): Promise<Rig> {
    const far: Far = new Child('far-end.ts');
    const ready = await far.next();
    if (ready.is !== 'ready') throw new Error('the far end did not start');
    const { store, sipServer, sipServers = 1, anchor = false } = options;
    const own = await Promise.all(Array.from({ length: sipServer === undefined ? sipServers : 0 }, () => SipServer.start(0, 0, anchor)));
    const world = await worldOf(options, sipServer === undefined ? own : [sipServer], ready.port);
    const meter = new CpuMeter({
      worker: world.gateways.map(({ pid }) => pid),
      prosody: [world.server.pid],
      ...(own.length > 0 && { 'sip server': own.map(({ pid }) => pid) }),
      ...(store === 'redis' && { redis: [world.redis.pid] }),
    });
    const rig = new Rig(options, world, own, far, new XmppLoad(), meter);
    await rig.open().catch(async (error: unknown) => {
      await rig.stop();
      throw error;
    });
    return rig;
  }

  /** An even stream of texts over all pairs, until all have arrived or come back. */
  async run(direction: Direction, rate: number, seconds: number): Promise<Run> {
    const { load, far, meter } = this;
    load.reset();
    await far.run({ do: 'reset' });
    meter.start();
    const sent = Math.floor(rate * seconds);
    if (direction === 'XMPP->SIP') await load.pour(PAIRS, rate, seconds);
    else await far.run({ do: 'pour', rate, seconds, ...(this.options.dialect === 'simple' && { pairs: ADDRESSES }) });
    const begun = Date.now();
    let seen = await this.look(direction);
    while (seen.latencies.length + seen.returned < sent && Date.now() - begun < SETTLE_MS) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      seen = await this.look(direction);
    }
    const { latencies, returned } = seen;
    const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
    return { sent, arrived: latencies.length, returned, p50, p99, backlogMs: Date.now() - begun, cpu: meter.read() };
  }

  async stop(): Promise<void> {
    await this.load.signOut().catch(() => undefined);
    this.far.stop();
    await this.world.stop();
    await Promise.all(this.own.map((server) => server.stop()));
  }

  private async open(): Promise<void> {
    const { world, load, far } = this;
    await load.signIn(USERS, DOMAIN, world.server.c2sPort);
    const sipPorts = this.own.length > 0 ? this.own.map(({ sipPort }) => sipPort) : [world.sipPort];
    await far.run({ do: 'connect', sipPorts });
    if (this.options.dialect === 'microsoft') await far.run({ do: 'open', pairs: ADDRESSES });
  }

  private async look(direction: Direction): Promise<{ readonly latencies: readonly number[]; readonly returned: number }> {
    const [counts] = await this.far.run({ do: 'tell' });
    if (counts?.is !== 'counts') throw new Error('the far end did not tell its counts');
    if (direction === 'SIP->XMPP') return { latencies: this.load.latencies, returned: counts.refused };
    return { latencies: counts.latencies, returned: this.load.errors };
  }
}

function worldOf({ dialect, store, nodeArgs, workers = 1 }: RigOptions, places: readonly SipServerPlace[], nextHopPort: number): Promise<World> {
  const [first] = places;
  if (first === undefined) throw new Error('the workers need a SIP server');
  const servers = places.map(({ adminPort }, index) => ({ name: `d${index + 1}`, host: '127.0.0.1', port: adminPort, secret: { file: 'sipd-secret' } }));
  return World.start({
    dialect,
    users: USERS,
    nextHopPort,
    store,
    workers,
    foreignSipServer: first,
    sip: { server: { type: 'drachtio', servers } },
    redis: { sync: 'everysec' }, // as README.md has it
    prosody: { withoutModules: ['mam', 'carbons'], logLevel: 'warn' },
    log: { level: 'info' },
    limits: NO_LIMITS,
    ...(nodeArgs !== undefined && { nodeArgs }),
  });
}
