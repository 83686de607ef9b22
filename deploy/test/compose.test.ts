import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printConfig } from '../../packages/gateway/src/print-config';
import { parseConfig } from '../../packages/gateway/src/config/load';
import { composeText, exampleEnvironment, networksOf, readCompose, ROOT, servicesOf, volumesOf } from '../../cluster/compose';
import type { Service } from '../../cluster/compose';

/** docker-compose.yml and what it names, as far as it can be judged without a container engine. `npm run cluster` runs it. */

const environment = exampleEnvironment();
const compose = readCompose(environment);
const services = Object.entries(compose.services);
const service = (name: string): Service => {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`there is no service ${name}`);
  return found;
};
const read = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8');
const config = parseConfig(read('deploy/isthmus.yaml'), 'deploy/isthmus.yaml');
const scratch = mkdtempSync(join(tmpdir(), 'isthmus-compose-'));
afterAll(() => rmSync(scratch, { recursive: true }));

describe('the file', () => {
  test('docker-compose reads it with .env.example: the Compose Specification\'s schema, variables, merging', () => {
    const written = execFileSync('docker-compose', ['--project-directory', ROOT, '--env-file', join(ROOT, '.env.example'), '-f', join(ROOT, 'docker-compose.yml'), 'config', '--services'], { encoding: 'utf8' });
    expect(written.trim().split('\n').sort()).toEqual(Object.keys(compose.services).sort());
  });

  test.each([
    ['a setting that there is none of', (text: string) => text.replace('stop_grace_period', 'stop_grace_perod'), /Unsupported config option.*stop_grace_perod/],
    ['a value of another type', (text: string) => text.replace('replicas: 2', 'replicas: two'), /replicas to appropriate type/],
  ])('and would refuse %s', (_what, change, words) => {
    const file = join(scratch, 'docker-compose.yml');
    const text = change(composeText());
    expect(text).not.toBe(composeText());
    writeFileSync(file, text);
    const asked = () => execFileSync('docker-compose', ['--project-directory', ROOT, '--env-file', join(ROOT, '.env.example'), '-f', file, 'config', '-q'], { stdio: 'pipe' });
    expect(asked).toThrow(words);
  });

  test('every variable is set in .env.example, and every one there is used', () => {
    const used = new Set([...composeText().matchAll(/\$\{(\w+)/g)].map(([, name]) => name));
    const forCompose = ['COMPOSE_PROJECT_NAME', 'COMPOSE_PROFILES'];
    expect([...used, ...forCompose].sort()).toEqual(Object.keys(environment).sort());
  });

  test('what must be set and is not is said', () => {
    expect(() => readCompose({})).toThrow(/^ISTHMUS_SIP_\w+: set it in \.env/);
  });

  test('every secret, volume and network is used', () => {
    const used = (names: readonly string[]) => [...new Set(names)].sort();
    expect(used(services.flatMap(([, { secrets = [] }]) => secrets))).toEqual(Object.keys(compose.secrets).sort());
    expect(used(services.flatMap(([, each]) => networksOf(each)))).toEqual(Object.keys(compose.networks).sort());
    const named = services.flatMap(([, each]) => volumesOf(each)).filter(({ source }) => !source.startsWith('.'));
    expect(used(named.map(({ source }) => source))).toEqual(Object.keys(compose.volumes).sort());
  });

  const mounts = services.flatMap(([name, each]) => volumesOf(each).map((volume) => ({ name, ...volume }))).filter(({ source }) => source.startsWith('.'));
  test.each(mounts)('$name mounts $source, which is here and readable for other users, read-only', ({ source, readOnly }) => {
    expect(readOnly).toBe(true);
    expect(statSync(join(ROOT, source)).mode & 0o004).toBe(0o004);
  });
});

describe('each service', () => {
  test.each(services)('%s: may do no more than it needs, writes where it is told to, and comes back', (_name, each) => {
    expect(each).toMatchObject({ restart: 'unless-stopped', read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect(each.deploy?.resources.limits).toEqual({ cpus: expect.stringMatching(/^\d/), memory: expect.stringMatching(/^\d+[MG]$/) });
    expect(each.logging).toEqual({ driver: 'json-file', options: { 'max-size': expect.any(String), 'max-file': expect.any(String) } });
  });

  test('only the XMPP servers may take another identity, and only to give up root', () => {
    const added = services.filter(([, { cap_add: capAdd }]) => capAdd !== undefined).map(([name]) => name);
    expect(added.every((name) => ['prosody', 'ejabberd'].includes(name))).toBe(true);
  });

  test('secrets come as files: no variable holds one', () => {
    const values = services.flatMap(([, { environment: variables = {} }]) => Object.entries(variables));
    expect(values.map(([name]) => name).filter((name) => /SECRET|PASSWORD|TOKEN|KEY/.test(name))).toEqual([]);
    for (const { file } of Object.values(compose.secrets)) expect(file).toMatch(/^\.\/deploy\/secrets\//);
    expect(read('.gitignore').split('\n')).toEqual(expect.arrayContaining(['deploy/secrets/', '/.env']));
    expect(read('.dockerignore').split('\n')).toEqual(expect.arrayContaining(['deploy/secrets', 'deploy/certs', '.env', '.git']));
  });

  test('only clients and SIP peers get in from outside, to no control port (DR-30)', () => {
    const published = services.flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`));
    const expected = ['haproxy 5060:5060/tcp', 'prosody 5222:5222', 'sip1 5062:5062/tcp', 'sip1 5062:5062/udp', 'sip2 5064:5064/tcp', 'sip2 5064:5064/udp'];
    expect(published.filter((each) => !each.startsWith('ejabberd')).sort()).toEqual(expected);
    expect(read('deploy/drachtio/drachtio.conf.xml')).toMatch(/<admin port="9022">127\.0\.0\.1<\/admin>/);
  });

  test('the store is on a network of its own, with the workers alone', () => {
    const there = services.filter(([, each]) => networksOf(each).includes('store')).map(([name]) => name);
    expect(there.sort()).toEqual(['redis', 'worker']);
    expect(compose.networks['store']).toEqual({ internal: true });
  });

  test('nothing stands in the way of --scale worker=4: no name, no port of the host, no address', () => {
    expect(service('worker').container_name).toBeUndefined();
    expect(service('worker').ports).toBeUndefined();
    expect(config.worker.name).toBeUndefined();
    expect(config.http.host).toBe('127.0.0.1');
  });

  test('one XMPP server runs, the one of the profile, and the workers find it under one name', () => {
    for (const server of ['prosody', 'ejabberd'].filter((name) => name in compose.services)) {
      const chosen = servicesOf(compose, server).filter(([, { profiles }]) => profiles !== undefined);
      expect(chosen.map(([name]) => name)).toEqual([server]);
      expect(chosen.map(([, { networks }]) => networks)).toEqual([{ inside: { aliases: [config.xmpp.host] } }]);
    }
    expect(environment['COMPOSE_PROFILES']).toBe('prosody');
  });

  test('it needs no order at the start', () => {
    for (const [, each] of services) expect(each.depends_on).toBeUndefined();
  });
});

describe('the workers\' configuration', () => {
  test('it names servers of this topology, at their ports', () => {
    if (config.sip.server.type !== 'drachtio' || config.store.type !== 'redis') throw new Error('several workers need drachtio and Redis');
    expect(config.sip.server.servers.map(({ host }) => host)).toEqual(['sip1', 'sip2']);
    const start = read('deploy/drachtio/start.sh');
    for (const { port } of config.sip.server.servers) expect(start).toContain(`--listen "$address:${port}"`);
    expect(compose.services).toHaveProperty((config.store as { host: string }).host);
  });

  test('every secret that it names is mounted', () => {
    const named = [...read('deploy/isthmus.yaml').matchAll(/file: (\S+?) \}/g)].map(([, file]) => file);
    const mounted = (service('worker').secrets ?? []).map((name) => `/run/secrets/${name}`);
    expect([...new Set(named)].sort()).toEqual(mounted.sort());
  });

  test('domain and component are those of .env.example', () => {
    expect(environment).toMatchObject({ ISTHMUS_DOMAIN: config.domain, ISTHMUS_COMPONENT: config.xmpp.component });
    expect(service('prosody').environment).toEqual({ ISTHMUS_DOMAIN: config.domain, ISTHMUS_COMPONENT: config.xmpp.component });
  });

  test('what comes through haproxy is taken', () => {
    expect(config.sip.allow).toContain('haproxy');
  });
});

describe('haproxy', () => {
  const text = read('deploy/haproxy/haproxy.cfg');

  test('takes its configuration', () => {
    const file = join(scratch, 'haproxy.cfg');
    // Names of containers mean nothing here, and are looked up later too (init-addr none).
    writeFileSync(file, text);
    const variables = { ...process.env, ISTHMUS_SIP_PEERS: '192.0.2.10 198.51.100.0/24' };
    expect(() => execFileSync('haproxy', ['-c', '-f', file], { env: variables, stdio: 'pipe' })).not.toThrow();
    expect(() => execFileSync('haproxy', ['-c', '-f', file], { env: { ...variables, ISTHMUS_SIP_PEERS: 'no address' }, stdio: 'pipe' })).toThrow(/Command failed/);
  });

  test('asks the SIP servers as print-config haproxy says', () => {
    const lines = (all: string): string[] => all.split('\n').map((line) => line.trim()).filter((line) => /^(tcp-check|option|balance|timeout|tcp-request)/.test(line));
    const printed = lines(printConfig('haproxy', config).replaceAll(config.domain, 'haproxy.invalid'));
    expect(lines(text)).toEqual(expect.arrayContaining(printed));
  });

  test('its servers are those of the file, at the ports that they are told', () => {
    const told = ['sip1', 'sip2'].map((name) => `${name} ${name}:${service(name).environment?.['ISTHMUS_SIP_PORT']}`);
    expect([...text.matchAll(/^ {2}server (\S+ \S+)/gm)].map(([, place]) => place)).toEqual(told);
  });
});

describe('the others', () => {
  test('Redis takes its settings: it keeps its data, and refuses instead of forgetting', () => {
    const text = read('deploy/redis/redis.conf');
    expect(text).toMatch(/^appendonly yes$/m);
    expect(text).toMatch(/^maxmemory-policy noeviction$/m);
    const megabytes = Number(/^maxmemory (\d+)mb$/m.exec(text)?.[1]);
    expect(megabytes).toBeLessThanOrEqual(512); // half of its container's: a rewrite of its file forks
    expect(service('redis').deploy?.resources.limits['memory']).toBe('1G');
  });

  test('Prosody finds the plug-in where it is mounted', () => {
    const lua = read('deploy/prosody/prosody.cfg.lua');
    const plugins = volumesOf(service('prosody')).find(({ source }) => source === './plugins/prosody');
    expect(lua).toContain(`plugin_paths = { "${plugins?.target}" }`);
    for (const name of ['mod_isthmus.lua', 'isthmus']) expect(existsSync(join(ROOT, 'plugins/prosody', name))).toBe(true);
  });

  test('drachtio: the command line has options that it knows, its secret stands on none, and it logs no bodies (DR-31)', () => {
    const start = read('deploy/drachtio/start.sh');
    const line = start.slice(start.indexOf('-- drachtio'));
    expect([...line.matchAll(/ (--[a-z-]+)/g)].map(([, option]) => option)).toEqual(['--file', '--contact', '--external-ip', '--local-net']);
    expect(start).toContain('export DRACHTIO_SECRET');
    expect(read('deploy/drachtio/drachtio.conf.xml')).toMatch(/<loglevel>info<\/loglevel>/);
  });
});
