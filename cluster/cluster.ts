import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { a, DnsServer } from '../packages/gateway/test/support/dns-server';
import { Hosts } from '../scenarios/support/namespaces';
import { Build, writeShared } from './build';
import { exampleEnvironment, namesOf, readCompose, ROOT, servicesOf, volumesOf } from './compose';
import type { Compose, Environment, Service } from './compose';
import { Container } from './container';
import { commandOf, dockerfileOf, imageOf } from './image';
import type { Mount } from './image';
import { identityOf } from './jail';

export interface ClusterOptions {
  /** The profile: which XMPP server. */
  readonly server: 'prosody' | 'ejabberd';
  /** Workers; default: what the file says. */
  readonly workers?: number;
  /** Output of the containers, line by line. */
  readonly hears?: (container: string, line: string) => void;
}

/** The far SIP server's host: this machine under an address of its own. */
const FAR = 'far';
const HEALTHY_MS = 90_000;
/** Addresses that stand in the files for those of the administrator. */
const EXAMPLE_SIP_SERVER = '192.0.2.10';
const CONFIGURATION = './deploy/isthmus.yaml';
const DNS_PORT = 53;

interface Place {
  /** Of the host, the container and the namespace: the service's name, with a number where there are several. */
  readonly host: string;
  readonly service: string;
  readonly definition: Service;
}

/**
 * What docker-compose.yml describes, run on this machine without a container engine: each service in namespaces of its own,
 * with the programs of the distribution's packages in the place of those of the images, and sipd in the place of drachtio.
 */
export class Cluster {
  readonly containers = new Map<string, Container>();

  private constructor(
    private readonly options: ClusterOptions,
    private readonly hosts: Hosts,
    private readonly compose: Compose,
    private readonly places: readonly Place[],
    /** By their Dockerfiles. */
    private readonly builds: ReadonlyMap<string, Build>,
    private readonly folder: string,
    private readonly dns: DnsServer,
  ) {}

  /** Resolves when every container is running; `healthy` waits for the rest. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const services = servicesOf(readCompose(environmentOf('192.0.2.1', EXAMPLE_SIP_SERVER, options)), options.server);
    const hostNames = placesOf(services, options).map(({ host }) => host);
    const builds = await buildAll(services.map(([, definition]) => definition));
    const hosts = Hosts.with(hostNames, [FAR]);
    const environment = environmentOf(hosts.address('haproxy'), hosts.address(FAR), options);
    const compose = readCompose(environment);
    const folder = mkdtempSync(join(tmpdir(), 'isthmus-cluster-'));
    const places = placesOf(servicesOf(compose, options.server), options);
    const dns = await DnsServer.start(hosts.gateway, DNS_PORT);
    const cluster = new Cluster(options, hosts, compose, places, builds, folder, dns);
    try {
      await cluster.run();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Address of a container, or of the far SIP server (`far`). */
  address(host: string): string {
    return this.hosts.address(host);
  }

  container(name: string): Container {
    const container = this.containers.get(name);
    if (container === undefined) throw new Error(`there is no container ${name}`);
    return container;
  }

  /** The containers of a service. */
  of(service: string): readonly Container[] {
    return this.places.filter((place) => place.service === service).map(({ host }) => this.container(host));
  }

  /** What a command is written behind to run on a container's host. */
  enter(host: string): readonly string[] {
    return this.hosts.enter(host);
  }

  /** Resolves when every health check of the file succeeds, all of them at one time: haproxy believes in its servers until it has asked them. */
  async healthy(): Promise<void> {
    for (;;) {
      const failures = await Promise.all([...this.containers.values()].map((container) => container.healthy(HEALTHY_MS)));
      if (failures.every((count) => count === 0)) return;
    }
  }

  /** Workers first, so that they can say goodbye. */
  async stop(): Promise<void> {
    const workers = this.places.filter(({ service }) => service === 'worker').flatMap(({ host }) => this.containers.get(host) ?? []);
    await Promise.allSettled(workers.map((container) => container.stop()));
    await Promise.allSettled([...this.containers.values()].filter((container) => !workers.includes(container)).map((container) => container.stop()));
    await this.dns.stop();
    await this.hosts.remove();
    for (const build of this.builds.values()) build.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async run(): Promise<void> {
    const records = this.places.flatMap(({ host, service, definition }) => namesOf(service, definition).map((name) => ({ name, address: this.address(host) })));
    this.dns.records = records.map(({ name, address }) => a(name, address));
    writeShared(join(this.folder, 'resolv.conf'), `nameserver ${this.hosts.gateway}\n`);
    for (const name of Object.keys(this.compose.secrets)) writeShared(join(this.folder, 'secrets', name), `${randomBytes(24).toString('hex')}\n`);
    const text = readFileSync(join(ROOT, CONFIGURATION), 'utf8').replaceAll(EXAMPLE_SIP_SERVER, this.address(FAR));
    writeShared(join(this.folder, 'isthmus.yaml'), text);
    await Promise.all(this.places.map((place) => this.launch(place)));
  }

  private async launch({ host, definition }: Place): Promise<void> {
    const image = imageOf(definition, this.builds.get(dockerfileOf(definition) ?? ''));
    const environment = { ...image.environment, ...definition.environment, HOSTNAME: host };
    const { user = image.user, cap_drop: capDrop = [], cap_add: capAdd = [], security_opt: security = [] } = definition;
    const identity = identityOf({ user, workdir: image.workdir, environment, capDrop, capAdd, noNewPrivileges: security.includes('no-new-privileges:true') });
    const jail = {
      name: host,
      mounts: [...image.mounts, ...this.mountsOf(host, definition, user)],
      tmpfs: definition.tmpfs ?? [],
      readOnly: definition.read_only === true,
      identity,
      command: commandOf(definition, image),
    };
    const hears = (line: string): void => this.options.hears?.(host, line);
    const healthcheck = definition.healthcheck?.test ?? image.healthcheck;
    this.containers.set(host, await Container.start({ jail, behind: this.hosts.enter(host), healthcheck, restarts: definition.restart === 'unless-stopped', hears }));
  }

  /** Volumes, secrets, and what an engine gives to each container: names of others, its own name. */
  private mountsOf(host: string, definition: Service, user: string | undefined): readonly Mount[] {
    const own = writeShared(join(this.folder, 'hosts', host), `127.0.0.1 localhost\n${this.address(host)} ${host}\n`);
    const volumes = volumesOf(definition).map(({ source, target, readOnly }) => ({ source: this.sourceOf(source, target, user), target, writable: !readOnly }));
    const secrets = (definition.secrets ?? []).map((name) => ({ source: join(this.folder, 'secrets', name), target: `/run/secrets/${name}` }));
    return [...volumes, ...secrets, { source: own, target: '/etc/hosts' }, { source: join(this.folder, 'resolv.conf'), target: '/etc/resolv.conf' }];
  }

  private sourceOf(source: string, target: string, user: string | undefined): string {
    if (source === CONFIGURATION) return join(this.folder, 'isthmus.yaml');
    if (source.startsWith('.')) return join(ROOT, source);
    const volume = join(this.folder, 'volumes', source);
    if (existsSync(volume)) return volume;
    mkdirSync(volume, { recursive: true });
    // A new volume belongs to whom the folder of the image belongs to.
    const [uid, gid] = user?.split(':').map(Number) ?? [];
    const owner = existsSync(target) ? statSync(target) : { uid: uid ?? 0, gid: gid ?? 0 };
    chownSync(volume, owner.uid, owner.gid);
    return volume;
  }
}

async function buildAll(services: readonly Service[]): Promise<ReadonlyMap<string, Build>> {
  const builds = new Map<string, Build>();
  for (const file of services.map(dockerfileOf)) if (file !== undefined && !builds.has(file)) builds.set(file, await Build.make(join(ROOT, file)));
  return builds;
}

function placesOf(services: readonly (readonly [string, Service])[], { workers }: ClusterOptions): readonly Place[] {
  return services.flatMap(([service, definition]) => {
    const count = service === 'worker' ? (workers ?? definition.deploy?.replicas ?? 1) : 1;
    const isScaled = definition.deploy?.replicas !== undefined;
    return Array.from({ length: count }, (_each, index) => ({ service, definition, host: isScaled ? `${service}-${index + 1}` : service }));
  });
}

/** .env as an administrator would fill it in. */
const environmentOf = (sipAddress: string, far: string, { server }: ClusterOptions): Environment => ({
  ...exampleEnvironment(),
  COMPOSE_PROFILES: server,
  ISTHMUS_SIP_ADDRESS: sipAddress,
  ISTHMUS_SIP_PEERS: far,
});
