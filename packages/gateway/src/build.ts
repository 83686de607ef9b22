import { writeError } from '@isthmus/codec';
import type { Store } from '@isthmus/store';
import { createSipLinks, LARGEST_REQUEST_BYTES, type SipLinks, type SipServer } from '@isthmus/sip';
import { createSipd, SipdOptionError, type Intake, type Observer, type Sipd } from '@isthmus/sipd';
import { createXmppLink, type XmppLink } from '@isthmus/xmpp';
import { addressingOf, preparedDomain, servedDomains, sipDomains } from './config/domain';
import { readSecret } from './config/load';
import type { Config } from './config/schema';
import { sipdLimits } from './config/sip-limits-schema';
import { toTables } from './config/tables';
import { nameToVerify, serverTls, sipTls, xmppTls } from './config/tls';
import { startHttp, type HttpServer, type Readiness } from './http';
import { newId } from './ids';
import { limitSettings } from './limits/build';
import type { Logger } from './log';
import { openStore } from './open-store';
import type { StoredPair } from './pairs/stored';
import { Peers } from './peers/peers';
import { peerSettings } from './peers/settings';
import { policySettings } from './policy/settings';
import type { Reloadable } from './reload';
import { preparedPattern, toRoute, type Route } from './routes';
import { systemDns } from './routing/dns';
import { UserListError } from './users/list-text';
import { openSipUsers } from './users/open';
import type { SipUsers } from './users/sip-users';
import { version } from './version';
import { Worker } from './worker';
import type { WorkerSettings } from './worker-parts';

/** The program cannot start; the message says why and what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

const LOOPBACK = '127.0.0.1';

/** All that a running worker is made of. */
export interface Parts {
  readonly log: Logger;
  readonly store: Store<StoredPair>;
  readonly sipd: Sipd | undefined;
  readonly xmpp: XmppLink;
  readonly sip: SipLinks;
  /** The list of SIP users; absent in mode basic. */
  readonly sipUsers: SipUsers | undefined;
  readonly peers: Peers;
  readonly worker: Worker;
  readonly http: HttpServer;
  /** What takes changed settings without a restart. */
  readonly reloadable: readonly Reloadable[];
}

/** Builds everything that can be built without waiting for a server. Undoes what was begun when something fails. */
export async function build(config: Config, file: string, name: string, log: Logger): Promise<Parts> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const instance = `${name}#${newId().slice(0, 8)}`;
    const store = await openStore(config, file, log);
    undo.push(() => store.close());
    const running: { worker?: Worker } = {};
    const intake: Intake = {
      message: (address, proven) => running.worker?.intake.message(address, proven) ?? 0,
      request: (address, method) => running.worker?.intake.request(address, method) ?? 0,
      isStranger: (address) => running.worker?.intake.isStranger(address) ?? false,
    };
    const observer: Observer = {
      limit: (reached) => running.worker?.metrics.limited.inc({ limit: `server_${reached}` }),
      tlsFailed: (opened) => running.worker?.metrics.tlsFailures.inc({ opened }),
    };
    const { sipd, servers } = await sipServers(config, file, log, { intake, observer });
    if (sipd !== undefined) undo.push(() => sipd.close());
    const sip = createSipLinks({ servers, workerName: name, limits: sipd === undefined ? 'drachtio' : 'none', log });
    undo.push(() => sip.stop());
    const xmpp = createXmppLink(xmppOptions(config, file, name, log));
    const dns = systemDns(config.sip.dnsServers);
    const peers = new Peers({ settings: peerSettings(config), log });
    undo.push(async () => peers.stop());
    await peers.start();
    const sipUsers = await openSipUsers(config, store.sipUsers, log);
    undo.push(async () => sipUsers?.stop());
    const worker = new Worker({ sipUsers, settings: workerSettings(config), instance, store, xmpp, sip, peers, dns, log });
    running.worker = worker;
    const readiness = () => readinessOf(xmpp, sip, store);
    const onError = (error: Error) => log.warn({ error }, 'http_failed');
    const http = await startHttp({ ...config.http, registry: worker.metrics.registry, readiness, onError }).catch((error: Error) => {
      throw new StartError(`cannot listen for HTTP on ${config.http.host}:${config.http.port} (${error.message}): change http.port or http.host`);
    });
    const reloadable = [
      { takes: ['sip.server.servers'], reload: (changed: Config) => sip.replaceServers(drachtioServers(changed, file)) },
      { takes: ['routes'], reload: (changed: Config) => void worker.replaceRoutes(routesOf(changed)) },
      { takes: ['sip.peers', 'sip.allow', 'sip.peerRefreshSeconds', 'routes'], reload: (changed: Config) => peers.replace(peerSettings(changed)) },
      { takes: ['limits.rates', 'limits.overload', 'limits.maxUserContacts', 'limits.maxUserWatchers', 'limits.maxUserUndecided'], reload: (changed: Config) => worker.changeLimits(limitSettings(changed)) },
    ];
    return { log, store, sipd, xmpp, sip, sipUsers, peers, worker, http, reloadable };
  } catch (error) {
    for (const each of undo.reverse()) await each();
    if (error instanceof UserListError) throw new StartError(`the list of SIP users cannot be used: ${error.message}`);
    throw error;
  }
}

/** How this configuration connects to the XMPP server. */
export function xmppOptions(config: Config, file: string, name: string, log: Logger): Parameters<typeof createXmppLink>[0] {
  const [userDomain = '', ...furtherDomains] = servedDomains(config);
  const tls = xmppTls(config);
  return {
    host: config.xmpp.host,
    port: config.xmpp.port,
    domain: preparedDomain(config.xmpp.component),
    secret: readSecret(config.xmpp.secret, 'xmpp.secret', file),
    ...(tls !== undefined && { tls }),
    userDomain,
    furtherDomains,
    workerName: name,
    mode: config.xmpp.mode,
    selfTest: config.xmpp.selfTest,
    log,
    writeError,
  };
}

function workerSettings(config: Config): WorkerSettings {
  const { availability, messaging, sip, xmpp, limits } = config;
  const { xmppDomains, sipToXmpp } = config.federation;
  return {
    domains: servedDomains(config),
    sipDomains: sipDomains(config),
    partitioned: xmpp.mode === 'partitioned',
    addressing: addressingOf(config),
    federation: { xmppDomains: xmppDomains.map(preparedPattern), sipToXmpp: sipToXmpp.map(preparedPattern) },
    unlistedSenders: config.routing.unlistedSenders,
    component: preparedDomain(xmpp.component),
    version,
    routes: routesOf(config),
    engine: { ...availability, ...messaging },
    tables: toTables(config),
    maxMessageBytes: messaging.maxMessageBytes,
    ...(sip.server.type === 'drachtio' && { maxRequestBytes: LARGEST_REQUEST_BYTES }),
    content: messaging,
    inviteTimeoutMs: sip.inviteTimeoutSeconds * 1_000,
    requestTimeoutMs: sip.requestTimeoutSeconds * 1_000,
    nextHopTimeoutMs: sip.nextHopTimeoutSeconds * 1_000,
    keepTlsNames: sip.server.type === 'drachtio',
    hostRefreshMs: sip.peerRefreshSeconds * 1_000,
    maxRetryAfterMs: sip.maxRetryAfterSeconds * 1_000,
    healthIntervalMs: sip.healthIntervalSeconds * 1_000,
    xmppDownGraceMs: xmpp.downGraceSeconds * 1_000,
    routeDownGraceMs: sip.downGraceSeconds * 1_000,
    accountCacheMs: availability.accountCacheSeconds * 1_000,
    maxPendingEvents: limits.maxPendingEvents,
    maxCachedPairs: limits.maxCachedPairs,
    recoveryPerSecond: limits.recoveryPerSecond,
    limits: limitSettings(config),
    policy: policySettings(config),
  };
}

/** The routes as the worker uses them, the names that certificates must show filled in. */
export function routesOf(config: Config): readonly Route[] {
  const served = sipDomains(config);
  return config.routes.map((route) => {
    const name = nameToVerify(route, config);
    return toRoute(name === undefined ? route : { ...route, tls: { name } }, served);
  });
}

/** The drachtio servers, or anchors, of the configuration; none where the server is embedded. */
function drachtioServers({ sip: { server } }: Config, file: string): SipServer[] {
  if (server.type !== 'drachtio') return [];
  return server.servers.map(({ tls, secret, ...place }, index) => ({
    ...place,
    secret: readSecret(secret, `sip.server.servers.${index}.secret`, file),
    ...serverTls(tls),
  }));
}

/** The drachtio servers to connect to; the embedded server is started and is the only one. */
export async function sipServers(config: Config, file: string, log: Logger, hooks: { readonly intake?: Intake; readonly observer?: Observer } = {}): Promise<{ sipd: Sipd | undefined; servers: readonly SipServer[] }> {
  const { server } = config.sip;
  if (server.type === 'drachtio') return { sipd: undefined, servers: drachtioServers(config, file) };
  const secret = newId();
  const tls = sipTls(config);
  const sip = server.listen.map(({ transport, host, port }) => ({ protocol: transport, host, port }));
  try {
    const sipd = await createSipd({
      admin: { host: LOOPBACK, port: 0 },
      secret,
      sip,
      ...(tls !== undefined && { tls }),
      strict: true,
      limits: sipdLimits(server.limits),
      ...hooks,
      log: (level, event, fields) => log[level](fields, event),
    });
    log.info({ listen: sipd.sip }, 'sip_listening');
    return { sipd, servers: [{ name: 'embedded', host: LOOPBACK, port: sipd.admin.port, secret }] };
  } catch (error) {
    if (error instanceof SipdOptionError) throw new StartError(`the embedded SIP server cannot start: ${error.message}`);
    throw error;
  }
}

/** What the worker needs, and what of it is missing. */
export function readinessOf(xmpp: XmppLink, sip: SipLinks, store: Store<StoredPair>): readonly Readiness[] {
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
