import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { parseConfig } from '../src/config/load';

/** docker-compose.yml and what it builds and mounts, as far as it can be judged without a container engine. */

type Named = Readonly<Record<string, unknown>>;

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly networks: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Named;
  readonly networks: Named;
}

const ROOT = join(__dirname, '..', '..', '..');
const read = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8');
const compose = parse(read('docker-compose.yml')) as Compose;
const services = Object.entries(compose.services);
const dockerfiles = services.flatMap(([, { build }]) => (build === undefined ? [] : [{ context: build, text: read(build, 'Dockerfile') }]));
const mounts = services.flatMap(([name, { volumes = [] }]) =>
  volumes.map((volume) => {
    const [source = '', target = '', mode] = volume.split(':');
    return { name, source, target, mode };
  }),
);

/** The programs of each image that the file relies upon, beside those of its own Dockerfile. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  prosody: ['bash', 'prosody', 'setpriv', 'openssl', 'install'], // Debian's essential packages and those that the Dockerfile installs
  redis: ['redis-server', 'redis-cli'],
  drachtio: ['/bin/sh', 'bash', 'cat', 'hostname', 'drachtio'], // Debian's essential packages; its own entry point is a bash script
  worker: ['node'],
};
/** Long options of drachtio-server 0.9.10 (its own --help), as far as they are used; another one is reported and ignored there. */
const DRACHTIO_OPTIONS = ['--file', '--contact', '--external-ip', '--local-net'];

describe('what is referred to exists', () => {
  test('the topology: Prosody, Redis, drachtio, workers', () => {
    expect(Object.keys(compose.services).sort()).toEqual(['drachtio', 'prosody', 'redis', 'worker']);
  });

  test.each(services)('%s: secrets, networks and services', (_name, service) => {
    for (const secret of service.secrets ?? []) expect(compose.secrets).toHaveProperty(secret);
    for (const network of service.networks) expect(compose.networks).toHaveProperty(network);
    for (const other of Object.keys(service.depends_on ?? {})) expect(compose.services).toHaveProperty(other);
  });

  test('every secret, named volume and network is used', () => {
    const used = (key: 'secrets' | 'networks') => new Set(services.flatMap(([, service]) => service[key] ?? []));
    expect([...used('secrets')].sort()).toEqual(Object.keys(compose.secrets).sort());
    expect([...used('networks')].sort()).toEqual(Object.keys(compose.networks).sort());
    const named = mounts.filter(({ source }) => !source.startsWith('.')).map(({ source }) => source);
    expect(named.sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  test('whoever waits for health waits for a service that has a health check', () => {
    for (const [, { depends_on = {} }] of services) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        expect(condition).toBe('service_healthy');
        expect(compose.services[other]?.healthcheck).toBeDefined();
      }
    }
  });

  test.each(mounts.filter(({ source }) => source.startsWith('.')))('$name mounts $source, which is in the repository, read-only', ({ source, mode }) => {
    expect(existsSync(join(ROOT, source))).toBe(true);
    expect(mode).toBe('ro');
  });

  test.each(dockerfiles)('the files that the Dockerfile of $context copies', ({ context, text }) => {
    const copies = [...text.matchAll(/^COPY (?!--from)(?:--\S+ )*(.+) \S+$/gm)].flatMap(([, sources = '']) => sources.split(' '));
    expect(copies.length).toBeGreaterThan(0);
    for (const source of copies) expect(existsSync(join(ROOT, context, source))).toBe(true);
  });

  test('the worker image gets nothing secret, and all that its Dockerfile copies passes .dockerignore', () => {
    const ignored = read('.dockerignore').trim().split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['.git', 'deploy']));
    for (const source of ['package.json', 'package-lock.json', 'tsconfig.json', 'packages']) expect(ignored).not.toContain(source);
  });
});

describe('images and programs', () => {
  const bases = dockerfiles.flatMap(({ text }) => [...text.matchAll(/^FROM (\S+)/gm)].map(([, image = '']) => image));
  const images = services.flatMap(([, { image }]) => (image === undefined ? [] : [image]));

  test.each([...images, ...bases])('%s is pinned to a full version', (image) => {
    expect(image).toMatch(/^[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z]+)*$/);
  });

  test.each(services)('%s: health check and entry point are programs of the image', (name, service) => {
    const programs = PROGRAMS[name] ?? [];
    const [kind, program] = service.healthcheck?.test ?? [];
    if (kind !== undefined) expect([kind, programs]).toEqual(['CMD', expect.arrayContaining([program])]);
    if (service.entrypoint !== undefined) expect(programs).toContain(service.entrypoint[0]);
  });

  test('the health check of a worker asks for the port that its image exposes', () => {
    expect(read('Dockerfile')).toMatch(/EXPOSE (\d+)\nHEALTHCHECK [^]*127\.0\.0\.1:\1\/readyz/);
  });

  test('the start script of Prosody uses programs of the image and can be run', () => {
    const script = read('deploy', 'prosody', 'start.sh');
    for (const program of ['setpriv', 'openssl', 'install', 'prosody']) expect(script).toMatch(new RegExp(`\\b${program} `));
    expect(read('deploy', 'prosody', 'Dockerfile')).toMatch(/apt-get install .*\bprosody\b.*\bopenssl\b/);
    expect(() => accessSync(join(ROOT, 'deploy', 'prosody', 'start.sh'), constants.X_OK)).not.toThrow();
  });
});

describe('drachtio', () => {
  const service = compose.services['drachtio'];
  const line = service?.command?.join(' ') ?? '';

  test('the command line has options that drachtio knows', () => {
    const used = [...line.matchAll(/(?<= )--[a-z-]+/g)].map(([option]) => option);
    expect(used).toEqual(DRACHTIO_OPTIONS);
  });

  test('the secret is read from the mounted file, and appears on no command line (DR-31)', () => {
    expect(service?.secrets).toEqual(['drachtio']);
    expect(line).toMatch(/^DRACHTIO_SECRET="\$\$\(cat \/run\/secrets\/drachtio\)" exec drachtio /);
  });

  test('its configuration: admin port as the workers expect it, no secret, no debug', () => {
    const xml = read('deploy', 'drachtio', 'drachtio.conf.xml');
    expect(xml).toMatch(/<admin port="9022">0\.0\.0\.0<\/admin>/);
    expect(xml).not.toMatch(/secret="/);
    expect(xml).toMatch(/<loglevel>info<\/loglevel>/);
  });

  test('the admin port is not published (DR-30)', () => {
    expect(service?.ports?.every((port) => port.startsWith('5060:5060/'))).toBe(true);
  });
});

describe('the workers', () => {
  const file = 'deploy/isthmus.yaml';
  const config = parseConfig(read(file), file);
  const secretsOf = (name: string) => (compose.services[name]?.secrets ?? []).map((secret) => `/run/secrets/${secret}`);

  test('their configuration is right, and names servers of this topology', () => {
    expect(config.sip.server.type).toBe('drachtio');
    const servers = config.sip.server.type === 'drachtio' ? config.sip.server.servers.map(({ host }) => host) : [];
    const store = config.store.type === 'redis' ? [config.store.host ?? ''] : [];
    for (const host of [config.xmpp.host, ...servers, ...store]) expect(compose.services).toHaveProperty(host);
    expect(store).toHaveLength(1);
  });

  test('every secret that it names is mounted', () => {
    const server = config.sip.server;
    const files = [config.xmpp.secret.file, ...(server.type === 'drachtio' ? server.servers.map(({ secret }) => secret.file) : [])];
    expect(secretsOf('worker')).toEqual(expect.arrayContaining(files));
  });

  test('it is mounted where the image looks for it', () => {
    const target = mounts.find(({ source }) => source === `./${file}`)?.target ?? 'nowhere';
    expect(read('Dockerfile')).toContain(`CMD ["run", "--config", "${target}"]`);
  });

  test('domain and component are those of Prosody, unless the environment says otherwise', () => {
    expect(compose.services['prosody']?.environment).toEqual({
      ISTHMUS_DOMAIN: `\${ISTHMUS_DOMAIN:-${config.domain}}`,
      ISTHMUS_COMPONENT: `\${ISTHMUS_COMPONENT:-${config.xmpp.component}}`,
    });
  });
});

describe('Prosody', () => {
  const lua = read('deploy', 'prosody', 'prosody.cfg.lua');

  test('it looks for the plug-in where it is mounted, and the mounted folder has file and libraries', () => {
    const { source = '', target = '' } = mounts.find(({ source }) => source === './plugins/prosody') ?? {};
    expect(lua).toContain(`plugin_paths = { "${target}" }`);
    expect(statSync(join(ROOT, source, 'mod_isthmus.lua')).isFile()).toBe(true);
    expect(statSync(join(ROOT, source, 'isthmus')).isDirectory()).toBe(true);
  });

  test('the component port is the one that the workers use, and not published', () => {
    expect(lua).toContain('component_ports = { 5347 }');
    expect(compose.services['prosody']?.ports).toEqual(['5222:5222']);
  });

  test('its start script reads the mounted secret and hands it over under the name that the configuration asks for', () => {
    const script = read('deploy', 'prosody', 'start.sh');
    expect(compose.services['prosody']?.secrets).toEqual(['component']);
    expect(script).toContain('COMPONENT_SECRET=$(cat /run/secrets/component)');
    expect(lua).toContain('os.getenv("COMPONENT_SECRET")');
  });
});
