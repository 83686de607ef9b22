import { hostname } from 'node:os';
import { writeError } from '@isthmus/codec';
import { createRedisStore, MemoryStore, type Store } from '@isthmus/store';
import { createSipLinks, type SipLinks } from '@isthmus/sip';
import { createSipd, SipdOptionError, type Sipd } from '@isthmus/sipd';
import { createXmppLink, type XmppLink } from '@isthmus/xmpp';
import { readSecret } from './config/load';
import type { Config } from './config/schema';
import { startHttp, type HttpServer, type Readiness } from './http';
import { newId } from './ids';
import { createLog, type Logger } from './log';
import type { StoredPair } from './pairs/stored';
import { toRoute } from './routes';
import { version } from './version';
import { Worker, type WorkerSettings } from './worker';

/** The program cannot start; the message says why and what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** What a stopping worker may take to finish what it has in hand, milliseconds. */
const DRAIN_MS = 10_000;
const LOOPBACK = '127.0.0.1';
/** How long Redis may be missing at the start before a worker gives up waiting quietly and says so again. */
const STORE_RETRY_MS = 1_000;

interface Parts {
  readonly log: Logger;
  readonly store: Store<StoredPair>;
  readonly sipd: Sipd | undefined;
  readonly xmpp: XmppLink;
  readonly sip: SipLinks;
  readonly worker: Worker;
  readonly http: HttpServer;
}

/** Runs a worker until SIGTERM or SIGINT, or until it is refused for good; returns the exit code. */
export async function runProgram(config: Config, file: string): Promise<number> {
  const name = config.worker.name ?? defaultName();
  const log = createLog(config.log.level, name);
  const stopped = untilStopped();
  const parts = await build(config, file, name, log);
  log.info({ version, domain: config.domain, http: parts.http.port }, 'worker_starting');
  const failed = startLinks(parts, config);
  const cause = await Promise.race([stopped, failed]);
  log.info({ cause }, 'worker_stopping');
  await stop(parts);
  log.info({}, 'worker_stopped');
  return cause.startsWith('SIG') ? 0 : 1;
}

/** Host name and process id, in the letters that a worker's name may have. */
function defaultName(): string {
  const host = hostname().replace(/[^A-Za-z0-9_-]/g, '-').slice(0, 20);
  return `${host}-${process.pid}`;
}

/** Builds everything that can be built without waiting for a server. Undoes what was begun when something fails. */
async function build(config: Config, file: string, name: string, log: Logger): Promise<Parts> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const instance = `${name}#${newId().slice(0, 8)}`;
    const store = await openStore(config, file, log);
    undo.push(() => store.close());
    const { sipd, servers } = await sipServers(config, file, log);
    if (sipd !== undefined) undo.push(() => sipd.close());
    const sip = createSipLinks({ servers, workerName: name, limits: sipd === undefined ? 'drachtio' : 'none', log });
    undo.push(() => sip.stop());
    const xmpp = createXmppLink({
      host: config.xmpp.host,
      port: config.xmpp.port,
      domain: config.xmpp.component.toLowerCase(),
      secret: readSecret(config.xmpp.secret, 'xmpp.secret', file),
      userDomain: config.domain.toLowerCase(),
      workerName: name,
      mode: 'partitioned',
      selfTest: config.xmpp.selfTest,
      log,
      writeError,
    });
    const worker = new Worker({ settings: workerSettings(config), instance, store, xmpp, sip, log });
    const readiness = () => readinessOf(xmpp, sip, store);
    const onError = (error: Error) => log.warn({ error }, 'http_failed');
    const http = await startHttp({ ...config.http, registry: worker.metrics.registry, readiness, onError }).catch((error: Error) => {
      throw new StartError(`cannot listen for HTTP on ${config.http.host}:${config.http.port} (${error.message}): change http.port or http.host`);
    });
    return { log, store, sipd, xmpp, sip, worker, http };
  } catch (error) {
    for (const each of undo.reverse()) await each();
    throw error;
  }
}

function workerSettings(config: Config): WorkerSettings {
  const { availability, messaging, sip, xmpp, limits } = config;
  const domain = config.domain.toLowerCase();
  const routes = config.routes.map((route) => toRoute(route, domain));
  return {
    domain,
    component: xmpp.component.toLowerCase(),
    version,
    routes,
    allow: [...sip.allow, ...nextHopAddresses(config)],
    engine: { ...availability, ...messaging },
    maxMessageBytes: messaging.maxMessageBytes,
    inviteTimeoutMs: sip.inviteTimeoutSeconds * 1_000,
    requestTimeoutMs: sip.requestTimeoutSeconds * 1_000,
    healthIntervalMs: sip.healthIntervalSeconds * 1_000,
    xmppDownGraceMs: xmpp.downGraceSeconds * 1_000,
    accountCacheMs: availability.accountCacheSeconds * 1_000,
    maxPendingEvents: limits.maxPendingEvents,
    maxCachedPairs: limits.maxCachedPairs,
    recoveryPerSecond: limits.recoveryPerSecond,
  };
}

/** Next hops that are written as addresses may speak to us without being listed again. */
function nextHopAddresses(config: Config): string[] {
  return config.routes.map((route) => route.host.replace(/^\[(.*)\]$/, '$1')).filter((host) => /^[\d.]+$|:/.test(host));
}

async function openStore(config: Config, file: string, log: Logger): Promise<Store<StoredPair>> {
  if (config.store.type === 'memory') return new MemoryStore<StoredPair>();
  const { host, port, database, prefix, password } = config.store;
  const secret = password === undefined ? {} : { password: readSecret(password, 'store.password', file) };
  const store = await createRedisStore<StoredPair>({ host, port, db: database, prefix, ...secret });
  const tell = () => {
    const { state } = store;
    const why = 'why' in state ? state.why : 'warning' in state ? state.warning : undefined;
    if (state.is === 'ready') log[why === undefined ? 'info' : 'warn']({ host, port, why }, 'store_ready');
    else if (state.is !== 'closed') log.error({ host, port, state: state.is, why }, 'store_unavailable');
  };
  tell();
  store.onState(tell);
  return store;
}

/** The drachtio servers to connect to; the embedded server is started and is the only one. */
async function sipServers(config: Config, file: string, log: Logger): Promise<{ sipd: Sipd | undefined; servers: Parameters<typeof createSipLinks>[0]['servers'] }> {
  const { server } = config.sip;
  if (server.type === 'drachtio') {
    const servers = server.servers.map((each, index) => ({
      ...each,
      secret: readSecret(each.secret, `sip.server.servers.${index}.secret`, file),
    }));
    return { sipd: undefined, servers };
  }
  const secret = newId();
  const sip = server.listen.map(({ transport, host, port }) => ({ protocol: transport, host, port }));
  try {
    const sipd = await createSipd({
      admin: { host: LOOPBACK, port: 0 },
      secret,
      sip,
      strict: true,
      log: (level, event, fields) => log[level](fields, event),
    });
    log.info({ listen: sipd.sip }, 'sip_listening');
    return { sipd, servers: [{ name: 'embedded', host: LOOPBACK, port: sipd.admin.port, secret }] };
  } catch (error) {
    if (error instanceof SipdOptionError) throw new StartError(`the embedded SIP server cannot start: ${error.message}`);
    throw error;
  }
}

/** Connects everything; resolves with the reason when a server refuses this worker for good. */
function startLinks(parts: Parts, config: Config): Promise<string> {
  const { xmpp, sip, worker, store, log } = parts;
  return new Promise((resolve) => {
    let told = false;
    const look = () => {
      const ready = readinessOf(xmpp, sip, store).every((part) => part.ready);
      if (ready && !told) log.info({ domain: config.domain }, 'worker_ready');
      told = ready;
    };
    store.onState(look);
    xmpp.onChange((change) => {
      if (change.is === 'up') worker.xmppUp();
      if (change.is === 'down') worker.xmppDown();
      if (change.is === 'failed') {
        log.fatal({ why: change.why }, 'xmpp_refused');
        resolve('xmpp_refused');
      }
      look();
    });
    sip.onChange(() => {
      worker.sipChanged();
      look();
    });
    xmpp.start().catch(() => undefined); // told by onChange
    sip.start();
    void startWorker(parts, look);
  });
}

/** The worker joins the others as soon as the store is there. */
async function startWorker({ worker, store, log }: Parts, look: () => void): Promise<void> {
  while (store.state.is !== 'closed') {
    try {
      await worker.start();
      return look();
    } catch (error) {
      log.debug({ error }, 'store_awaited');
      await new Promise((resolve) => setTimeout(resolve, STORE_RETRY_MS).unref());
    }
  }
}

/** Nothing new comes in; what is in hand is finished; then everything is closed (XD-10). */
async function stop({ xmpp, sip, worker, http, store, sipd, log }: Parts): Promise<void> {
  const step = async (what: string, work: () => unknown) => {
    try {
      await work();
    } catch (error) {
      log.warn({ what, error }, 'stop_failed');
    }
  };
  await step('xmpp drain', () => xmpp.drain());
  await step('sip drain', () => sip.drain());
  await step('worker', () => worker.stop(DRAIN_MS));
  await step('xmpp', () => xmpp.stop());
  await step('sip', () => sip.stop());
  await step('sip server', () => sipd?.close());
  await step('store', () => store.close());
  await step('http', () => http.close());
}

function readinessOf(xmpp: XmppLink, sip: SipLinks, store: Store<StoredPair>): readonly Readiness[] {
  const { state } = store;
  return [
    part('xmpp', xmpp.status === 'online', `the XMPP link is ${xmpp.status}`),
    part('sip', sip.connections().length > 0, 'no SIP server is connected'),
    part('store', state.is === 'ready', 'why' in state ? state.why : `the store is ${state.is}`),
  ];
}

function part(name: string, ready: boolean, why: string): Readiness {
  return ready ? { name, ready } : { name, ready, why };
}

function untilStopped(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
}
