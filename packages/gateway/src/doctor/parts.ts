import { createSipLinks, type SipLinks } from '@isthmus/sip';
import { placeOf } from '@isthmus/store';
import { examineXmpp } from '@isthmus/xmpp';
import { sipServers, StartError, xmppOptions } from '../build';
import { redisPlaces } from '../config/about-store';
import type { Config } from '../config/schema';
import type { Readiness } from '../http';
import { createLog, type Logger } from '../log';
import { openStore } from '../open-store';
import { isHostName } from '../peers/networks';
import { ok, problem, warning, type Finding } from './finding';
import { QUESTION_MS, resolve, wordsFor, within } from './network';
import { examineOrphans } from './orphans';

/** What every check is given. */
export interface Patient {
  readonly config: Config;
  /** The configuration file: secrets are found relative to nothing else. */
  readonly file: string;
}

/** Clocks may differ by so much before times in the logs and in records lead astray, milliseconds. */
const CLOCK_TOLERANCE_MS = 2_000;
const NAME = 'doctor';

/** The doctor tells by its findings; what the parts log meanwhile would only say the same in other words. */
const quiet = (): Logger => createLog('fatal', NAME, { write: () => undefined });

/** The store: reachable, allowed, safe, and of one mind about the time. */
export async function examineStore({ config, file }: Patient): Promise<readonly Finding[]> {
  const store = await openStore(config, file, quiet());
  try {
    const { state } = store;
    if (state.is !== 'ready') return [problem('store', 'why' in state ? state.why : state.is, 'start Redis, or correct where the section store says that it is, and its password')];
    const asked = Date.now();
    const { clock, risks } = await store.examine();
    const ahead = Math.round(clock - (asked + Date.now()) / 2);
    const time =
      Math.abs(ahead) > CLOCK_TOLERANCE_MS
        ? [warning('clock', `the clock of the store is ${Math.abs(ahead)} ms ${ahead > 0 ? 'ahead of' : 'behind'} this one`, 'let NTP set the clocks of all machines')]
        : [ok('clock', 'this machine and the store agree')];
    const orphans = config.store.type === 'memory' ? [] : await examineOrphans(store);
    const cure = config.store.type === 'memory' ? 'set store.type: redis' : 'settings are changed in redis.conf, or by redis-cli: config set, then config rewrite';
    const what = config.store.type === 'memory' ? 'in memory' : `Redis at ${placeOf(redisPlaces(config.store))}`;
    return [ok('store', `${what} can be used`), ...risks.map((risk) => warning('store', risk, cure)), ...orphans, ...time];
  } catch (error) {
    return [problem('store', wordsFor(error), 'look at the log of Redis')];
  } finally {
    await store.close();
  }
}

/**
 * The XMPP server: secret, plug-in at each domain, and a guard that refuses a foreign name. A server without the plug-in takes a
 * component once: there a worker that is connected is believed.
 */
export async function examineXmppSide({ config, file }: Patient, worker: WorkerState): Promise<readonly Finding[]> {
  const where = `${config.xmpp.host}:${config.xmpp.port}`;
  if (config.xmpp.mode === 'subdomain' && worker.readyParts.has('xmpp')) return [ok('xmpp', `the worker is connected to the server at ${where}`)];
  const { refusal, domains } = await examineXmpp(xmppOptions(config, file, NAME, quiet()));
  const paste = 'isthmus print-config prosody, or ejabberd, shows what belongs there';
  if (refusal !== undefined) return [problem('xmpp', refusal, `start the XMPP server, or correct xmpp.host, port, component and secret; ${paste}`)];
  return [
    ok('xmpp', `the server at ${where} takes the component ${config.xmpp.component}`),
    ...domains.map(({ domain, problem: why }) =>
      why === undefined ? ok('plug-in', `${domain}: loaded; it refuses the name of a local account`) : problem('plug-in', `${domain}: ${why}`, paste),
    ),
  ];
}

/** The SIP servers that isthmus itself uses. With their links, for the routes to be asked through them. */
export async function examineSipServers({ config, file }: Patient, worker: WorkerState): Promise<{ readonly findings: readonly Finding[]; readonly links?: SipLinks; close(): Promise<void> }> {
  const log = quiet();
  try {
    if (config.http.port !== 0 && !worker.answers) await tryPorts(config, file, log);
    const { sipd, servers } = await sipServers(anyPort(config), file, log);
    const links = createSipLinks({ servers, workerName: NAME, takesRequests: false, limits: sipd === undefined ? 'drachtio' : 'none', log });
    const settled = new Promise<void>((resolve) => {
      links.onChange(() => {
        if (links.servers().every(({ up }) => up)) resolve();
      });
    });
    links.start();
    await within(settled).catch(() => undefined);
    const findings = sipd === undefined ? links.servers().flatMap((server) => serverFinding(server, config)) : [ok('sip', 'the built-in SIP server can listen')];
    return {
      findings,
      links,
      close: async () => {
        await links.stop();
        await sipd?.close();
      },
    };
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return { findings: [problem('sip', error.message, 'correct sip.server.listen')], close: async () => undefined };
  }
}

/** No worker holds the ports of the built-in SIP server: can it have them? Rejects with `StartError`. */
async function tryPorts(config: Config, file: string, log: Logger): Promise<void> {
  if (config.sip.server.type !== 'embedded') return;
  const { sipd } = await sipServers(config, file, log);
  await sipd?.close();
}

/** A worker that runs has the ports; ours need only be at the same addresses, since peers are known by these. */
function anyPort(config: Config): Config {
  const { server } = config.sip;
  if (server.type !== 'embedded') return config;
  return { ...config, sip: { ...config.sip, server: { ...server, listen: server.listen.map((each) => ({ ...each, port: 0 })) } } };
}

function serverFinding(server: ReturnType<SipLinks['servers']>[number], config: Config): readonly Finding[] {
  const part = `sip ${server.name}`;
  if (!server.up) {
    return [problem(part, server.why ?? 'it does not answer at its admin port', 'start drachtio; its admin port, host and secret must be those under sip.server (isthmus print-config drachtio)')];
  }
  const offered = new Set(server.addresses.map((address) => address.split('/')[0]));
  const missing = [...new Set(config.routes.filter(({ enabled }) => enabled).map(({ transport }) => transport))].filter((transport) => !offered.has(transport));
  return [
    ok(part, `connected; it takes SIP at ${server.addresses.join(', ')}`),
    ...missing.map((transport) => problem(part, `a route wants ${transport}, and this server has no such transport`, 'add a contact of it (isthmus print-config drachtio)')),
  ];
}

/** What the worker's health page says. */
export interface WorkerState {
  /** Does one answer at the health page? */
  readonly answers: boolean;
  readonly findings: readonly Finding[];
  readonly readyParts: ReadonlySet<string>;
}

/** The worker of this configuration, by its own health page. */
export async function examineWorker({ config }: Patient): Promise<WorkerState> {
  const { host, port } = config.http;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/readyz`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(QUESTION_MS) });
    const { ready, parts } = (await response.json()) as { ready: boolean; parts: readonly Readiness[] };
    const readyParts = new Set(parts.filter((part) => part.ready).map(({ name }) => name));
    const why = parts.filter((part) => !part.ready).map(({ name, why: reason = 'not ready' }) => `${name}: ${reason}`);
    const finding = ready ? ok('worker', `runs and is ready (${url})`) : problem('worker', `runs and is not ready: ${why.join('; ')}`, 'the findings above say why');
    return { answers: true, findings: [finding], readyParts };
  } catch {
    return { findings: [warning('worker', `none answers at ${url}`, 'start it: isthmus run --config FILE; to one that was started with --http lead the doctor by the same flag')], readyParts: new Set(), answers: false };
  }
}

/** Host names among the peers: one that DNS does not know lets nobody in. */
export async function examinePeers({ config }: Patient): Promise<readonly Finding[]> {
  const { allow, peers } = config.sip;
  const names = [...new Set([...allow, ...peers.flatMap(({ from }) => from ?? [])])].filter(isHostName);
  const found = await Promise.all(names.map(async (name) => ({ name, answer: await resolve(name) })));
  return found.map(({ name, answer }) =>
    'why' in answer
      ? problem('peers', `${name}: ${answer.why}`, 'correct the name under sip.peers or sip.allow, or the DNS of this machine; until then nobody comes in by it')
      : ok('peers', `${name} is ${answer.addresses.join(', ')}`),
  );
}
