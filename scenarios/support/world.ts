import { Gateway } from './gateway';
import type { ConfigFile } from './gateway';
import { freePort } from './ports';
import { Ejabberd } from './ejabberd';
import { SERVER_UNDER_TEST } from './partitioned-server';
import type { ServerName } from './partitioned-server';
import { Prosody } from './prosody';
import type { ProsodyOptions } from './prosody';
import { SipPeer } from './raw-sip';
import { startRedis } from './redis';
import type { Redis, RedisOptions } from './redis';
import { DRACHTIO } from './sip-server-command';
import { SipServer } from './sipd';
import type { PartitionedServer, XmppServer } from './xmpp-server';
import { XmppUser } from './xmpp-user';

export const DOMAIN = 'example.com';
export const COMPONENT = 'isthmus.example.com';
export const SECRET = 'component-test-secret';
/** On a machine that is slow, or busy with something else, a worker is late all the time: it must not shed what a scenario asks of it. */
const NEVER_TOO_BUSY = {
  busyDelayMilliseconds: 60_000,
  overloadedDelayMilliseconds: 120_000,
  busyStoreMilliseconds: 60_000,
  overloadedStoreMilliseconds: 120_000,
};
const FAREWELLS = ['NOTIFY', 'SUBSCRIBE', 'BYE'];

type Dialect = 'microsoft' | 'simple';
type Section = Readonly<Record<string, unknown>>;

/** Where a SIP server on this machine is reached. */
export type SipServerPlace = Pick<SipServer, 'adminPort' | 'sipPort' | 'secret'>;

export interface WorldOptions {
  readonly dialect: Dialect;
  readonly variant?: 'lcs' | 'ocs' | 'lync';
  /** The richest document for Microsoft clients; default: by the variant. */
  readonly documents?: 'categories' | 'msrtc' | 'pidf';
  readonly transport?: 'udp' | 'tcp';
  /** Local parts of the XMPP accounts; the password is the same word. Default: ann and amy. */
  readonly users?: readonly string[];
  /** Where requests for SIP users go; default: a scripted peer, `world.peer`. */
  readonly nextHopPort?: number;
  /** Where the embedded SIP server listens, for a far side that must know it before; default: a free port. */
  readonly sipPort?: number;
  readonly store?: 'memory' | 'redis';
  /**
   * `embedded` in the worker, or a process of its own, as workers that share one need: by itself, or with an anchor in it. Default:
   * embedded, but with a drachtio-server (ISTHMUS_DRACHTIO_PROGRAM) a process.
   */
  readonly sipServer?: 'embedded' | 'process' | 'anchored';
  /** A SIP server that runs already, in the place of ours. */
  readonly foreignSipServer?: SipServerPlace;
  /** The section `store` of workers whose Redis the scenario has started. */
  readonly storeSection?: Section;
  /** How Redis keeps its data; default: synced at every write. */
  readonly redis?: RedisOptions;
  /** Workers to start; default 1. */
  readonly workers?: number;
  /** The XMPP server, for a scenario that is about one of them; default: the one that this run of the tests is for. */
  readonly server?: ServerName;
  readonly prosody?: Partial<ProsodyOptions>;
  /** In the place of ours; the world stops it. */
  readonly xmppServer?: XmppServer;
  /** The component's name; default: COMPONENT. */
  readonly component?: string;
  /** Further served domains and their XMPP accounts. */
  readonly furtherDomains?: ProsodyOptions['furtherDomains'];
  /** Sections of the configuration that differ from the defaults. */
  readonly route?: Section;
  /** In the place of the one route to the peer. */
  readonly routes?: readonly Section[];
  readonly messaging?: Section;
  readonly availability?: Section;
  readonly xmpp?: Section;
  readonly sip?: Section;
  readonly log?: Section;
  readonly policy?: Section;
  readonly limits?: Section;
  readonly routing?: Section;
  readonly federation?: Section;
  readonly subdomain?: Section;
  readonly administrators?: readonly string[];
  /** Arguments of Node for the workers. */
  readonly nodeArgs?: readonly string[];
  readonly tables?: Section;
}

/**
 * One domain, two servers: a real Prosody or ejabberd with the plug-in, the real program, the SIP server, Redis where wanted, and a
 * scripted peer in the place of the far SIP server unless the scenario brings a real one.
 */
export class World {
  readonly gateways: Gateway[] = [];
  readonly people: XmppUser[] = [];

  private constructor(
    private readonly options: WorldOptions,
    readonly xmppServer: XmppServer,
    /** The port at which the SIP side reaches isthmus, UDP and TCP. */
    readonly sipPort: number,
    private readonly ownPeer: SipPeer | undefined,
    private readonly ownRedis: Redis | undefined,
    public sipServer: SipServer | undefined,
  ) {}

  static async start(options: WorldOptions): Promise<World> {
    const { users = ['ann', 'amy'], transport = 'tcp' } = options;
    const accounts = Object.fromEntries(users.map((user) => [user, user]));
    const [xmppServer, redis, peer, sipServer, embeddedPort] = await Promise.all([
      options.xmppServer ?? startServer(options, accounts),
      options.store === 'redis' ? startRedis({ persist: true, ...options.redis }) : undefined,
      options.nextHopPort === undefined ? SipPeer.start({ name: 'far SIP server' }) : undefined,
      startSipServer(options),
      options.sipPort ?? freePort(),
    ]);
    const sipPort = options.foreignSipServer?.sipPort ?? sipServer?.sipPort ?? embeddedPort;
    if (peer !== undefined) {
      peer.nextHop = { port: sipPort, transport };
      peer.serve('OPTIONS', (incoming) => peer.reply(incoming, 200));
    }
    const world = new World(options, xmppServer, sipPort, peer, redis, sipServer);
    try {
      for (let number = 1; number <= (options.workers ?? 1); number += 1) await world.startWorker(`w${number}`);
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  /** The scripted peer in the place of the far SIP server. */
  get peer(): SipPeer {
    if (this.ownPeer === undefined) throw new Error('this world has a real SIP peer');
    return this.ownPeer;
  }

  /** The XMPP server, unless the scenario has brought another one. */
  get server(): PartitionedServer {
    const { xmppServer } = this;
    if (!(xmppServer instanceof Prosody || xmppServer instanceof Ejabberd)) throw new Error('this world has another XMPP server');
    return xmppServer;
  }

  get redis(): Redis {
    if (this.ownRedis === undefined) throw new Error('this world has no Redis');
    return this.ownRedis;
  }

  /** The SIP server that the workers share; undefined where it is embedded. */
  private get sharedSipServer(): SipServerPlace | undefined {
    return this.options.foreignSipServer ?? this.sipServer;
  }

  /** The first worker. */
  get gateway(): Gateway {
    const [first] = this.gateways;
    if (first === undefined) throw new Error('no worker runs');
    return first;
  }

  /** Starts one more worker. */
  async startWorker(name: string, until?: RegExp): Promise<Gateway> {
    const files = { 'component-secret': SECRET, 'sipd-secret': this.sharedSipServer?.secret ?? 'unused' };
    const { nodeArgs } = this.options;
    const gateway = await Gateway.start({ config: this.config(name), files, ...(until && { until }), ...(nodeArgs && { nodeArgs }) });
    this.gateways.push(gateway);
    return gateway;
  }

  /** The configuration of a worker of this world. */
  config(name: string): ConfigFile {
    const { options, sharedSipServer, ownRedis } = this;
    const port = options.nextHopPort ?? this.ownPeer?.port;
    const embedded = ['tcp', 'udp'].map((transport) => ({ transport, host: '127.0.0.1', port: this.sipPort }));
    const shared = { name: 'd1', host: '127.0.0.1', port: sharedSipServer?.adminPort, secret: { file: 'sipd-secret' } };
    return {
      domain: DOMAIN,
      domains: Object.keys(options.furtherDomains ?? {}),
      worker: { name },
      xmpp: { host: '127.0.0.1', port: this.xmppServer.componentPort, component: options.component ?? COMPONENT, secret: { file: 'component-secret' }, downGraceSeconds: 1, ...options.xmpp },
      sip: {
        server: sharedSipServer === undefined ? { type: 'embedded', listen: embedded } : { type: 'drachtio', servers: [shared] },
        healthIntervalSeconds: 1,
        downGraceSeconds: 1,
        requestTimeoutSeconds: 5,
        ...options.sip,
      },
      routes: options.routes ?? [{ name: 'far', host: '127.0.0.1', port, transport: options.transport ?? 'tcp', streamOnly: options.transport !== 'udp', ...this.manner() }],
      store: options.storeSection ?? (ownRedis === undefined ? { type: 'memory' } : { type: 'redis', port: ownRedis.port }),
      messaging: options.messaging ?? {},
      // Scenarios change states faster than people do; the one about PRES-32 sets it.
      availability: { notifyIntervalSeconds: 0, ...options.availability },
      policy: options.policy ?? {},
      limits: { overload: NEVER_TOO_BUSY, ...options.limits },
      routing: options.routing ?? {},
      federation: options.federation ?? {},
      subdomain: options.subdomain ?? {},
      administrators: options.administrators ?? [],
      log: { level: 'debug', ...options.log },
      tables: options.tables ?? {},
    };
  }

  /** How the far side speaks. */
  private manner(): Section {
    const { dialect, variant, documents, route } = this.options;
    return { dialect, ...(variant && { variant }), ...(documents && { documents }), ...route };
  }

  /** An XMPP user signs in with a real client and says that he is there. */
  async signIn(user = 'ann', resource = 'desk', domain = DOMAIN): Promise<XmppUser> {
    const person = await XmppUser.connect({ user, password: user, domain, port: this.xmppServer.c2sPort, resource });
    this.people.push(person);
    await person.roster();
    await person.sendPresence();
    return person;
  }

  async stop(): Promise<void> {
    const peer = this.ownPeer;
    // Farewells find an open ear, so that no worker waits for answers.
    for (const method of FAREWELLS) peer?.serve(method, (incoming) => peer.reply(incoming, 200));
    await Promise.allSettled(this.people.map((person) => person.stop()));
    await Promise.allSettled(this.gateways.map((gateway) => gateway.stop()));
    await Promise.allSettled([this.xmppServer.stop(), this.ownRedis?.stop(), this.ownPeer?.stop(), this.sipServer?.stop()]);
  }
}

async function startSipServer({ sipServer = DRACHTIO === undefined ? 'embedded' : 'process', sipPort, foreignSipServer }: WorldOptions): Promise<SipServer | undefined> {
  return sipServer === 'embedded' || foreignSipServer !== undefined ? undefined : SipServer.start(sipPort, 0, sipServer === 'anchored');
}

/** Further options are Prosody's; the same are made of them for ejabberd, as far as it has them. */
function startServer(options: WorldOptions, users: Readonly<Record<string, string>>): Promise<PartitionedServer> {
  const { component = COMPONENT, furtherDomains, prosody, server = SERVER_UNDER_TEST } = options;
  const common = { domain: DOMAIN, component, secret: SECRET, users, ...(furtherDomains && { furtherDomains }) };
  if (server === 'prosody') return Prosody.start({ ...common, ...prosody });
  const { partitioned = true, extraModules = [] } = prosody ?? {};
  return Ejabberd.start({ ...common, ...(prosody?.furtherDomains && { furtherDomains: prosody.furtherDomains }), partitioned, streamManagement: extraModules.includes('smacks') });
}
