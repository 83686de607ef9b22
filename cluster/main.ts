/**
 * `npm run cluster [-- --server prosody|ejabberd] [--workers N] [--check [--kill]] [--verbose]`
 *
 * What docker-compose.yml describes, on this machine without a container engine (docs/docker-compose.md says what differs). Needs root.
 * Prints where to connect and runs until Ctrl-C; with --check it plays texts and presence through everything instead, and the
 * exit code says whether all of it worked; with --kill, once more after each SIP server has lost one of its two processes.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { SipPeer } from '../scenarios/support/raw-sip';
import { Check, DOMAIN, farServer, routed } from './check';
import { Cluster } from './cluster';
import type { ClusterOptions } from './cluster';
import type { Container } from './container';

const USAGE = 'usage: npm run cluster -- [--server prosody|ejabberd] [--workers N] [--check [--kill]] [--verbose]\n';
const SERVERS = ['prosody', 'ejabberd'] as const;
const MAX_WORKERS = 32;
const USERS = ['ann', 'amy'];

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const ok = (what: string): void => say(`ok: ${what}`);

interface Settings extends ClusterOptions {
  readonly check: boolean;
  readonly kill: boolean;
}

function settings(): Settings | undefined {
  const { values } = parseArgs({ options: { server: { type: 'string' }, workers: { type: 'string' }, check: { type: 'boolean' }, kill: { type: 'boolean' }, verbose: { type: 'boolean' } } });
  const server = SERVERS.find((each) => each === (values.server ?? 'prosody'));
  const workers = values.workers === undefined ? undefined : Number(values.workers);
  if (server === undefined || (workers !== undefined && !(Number.isInteger(workers) && workers >= 1 && workers <= MAX_WORKERS))) return undefined;
  const hears = values.verbose === true ? { hears: (container: string, line: string) => say(`${container.padEnd(10)} | ${line}`) } : {};
  return { server, ...(workers !== undefined && { workers }), check: values.check === true, kill: values.kill === true, ...hears };
}

async function main(): Promise<number> {
  const wanted = settings();
  if (wanted === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  if (process.getuid?.() !== 0) {
    process.stderr.write('cluster: network namespaces and mounts are made by root: run it as root\n');
    return 1;
  }
  // The XMPP server makes its own certificate; who it is needs no proof here.
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  process.removeAllListeners('warning');
  const stopped = new Promise<void>((resolve) => ['SIGINT', 'SIGTERM'].forEach((signal) => process.once(signal, () => resolve())));
  say(`starting ${wanted.server}, Redis, two SIP servers with their anchors, haproxy and the workers ...`);
  const interrupted = stopped.then(() => Promise.reject(new Error('interrupted')));
  interrupted.catch(() => undefined);
  const cluster = await Cluster.start(wanted);
  let peer: SipPeer | undefined;
  try {
    if (wanted.check) peer = await farServer(cluster);
    await Promise.race([cluster.healthy(), interrupted]);
    const password = await accounts(cluster, wanted.server);
    if (peer === undefined) {
      places(cluster, wanted.server, password);
      await stopped;
    } else {
      for (const name of cluster.containers.keys()) ok(`${name} is healthy`);
      await Promise.race([check(cluster, peer, { password, kill: wanted.kill }), interrupted]);
    }
    return 0;
  } finally {
    say('stopping ...');
    await peer?.stop();
    await cluster.stop();
  }
}

async function check(cluster: Cluster, peer: SipPeer, { password, kill }: { readonly password: string; readonly kill: boolean }): Promise<void> {
  const people = new Check(cluster, peer, password, ok);
  await routed(cluster);
  await people.meet();
  if (!kill) return;
  await losesBoth(cluster.container('sip1'), /^(node \S*)?drachtio /);
  ok('sip1: its drachtio was killed, its anchor went with it, and both began anew');
  await losesBoth(cluster.container('sip2'), /^node \S*isthmus anchor /);
  ok('sip2: its anchor was killed, its drachtio went with it, and both began anew');
  await cluster.healthy();
  await routed(cluster);
  await people.meetAgain();
}

/** One of the two processes of a SIP server is killed: no process of the old pair is left when the container has been started anew. */
async function losesBoth(container: Container, victim: RegExp): Promise<void> {
  const before = await container.processes();
  const { restarts } = container;
  await container.killInside(victim);
  await container.restarted(restarts);
  const left = before.filter(({ pid }) => existsSync(`/proc/${pid}`));
  if (left.length > 0) throw new Error(`${container.name}: ${left.map(({ command }) => command).join('; ')} outlived the others`);
}

/** Made by the commands that docs/docker-compose.md names. */
async function accounts(cluster: Cluster, server: 'prosody' | 'ejabberd'): Promise<string> {
  const password = randomBytes(6).toString('hex');
  for (const user of USERS) {
    const command = [...(server === 'prosody' ? ['prosodyctl'] : ['as-ejabberd', 'ejabberdctl']), 'register', user, DOMAIN, password];
    await cluster.container(server).exec(command);
  }
  return password;
}

function places(cluster: Cluster, server: string, password: string): void {
  say(`
XMPP clients          ${cluster.address(server)}:5222, TLS with a self-signed certificate
  accounts            ${USERS.map((user) => `${user}@${DOMAIN}`).join(', ')}; password ${password}
SIP (TCP)             ${cluster.address('haproxy')}:5060, for a SIP server at ${cluster.address('far')}
SIP (TCP, UDP)        ${cluster.address('sip1')}:5062 and ${cluster.address('sip2')}:5064
the far SIP server    is expected at ${cluster.address('far')}:5060 (TCP); this machine has that address
a worker's page       ${cluster.enter('worker-1').join(' ')} curl -s http://127.0.0.1:9470/readyz

Ctrl-C stops everything.
`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`cluster: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
