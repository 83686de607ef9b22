import { hostname } from 'node:os';
import { build, readinessOf, type Parts } from './build';
import { checkSecrets, loadConfig, readSecret } from './config/load';
import type { Config } from './config/schema';
import { Hangups } from './hangups';
import { createLog } from './log';
import { keyedPseudonym, type Pseudonym } from './pseudonym';
import { Reloader } from './reload';
import { version } from './version';

/** What a stopping worker may take to finish what it has in hand, milliseconds. */
const DRAIN_MS = 10_000;
/** How long Redis may be missing at the start before a worker gives up waiting quietly and says so again. */
const STORE_RETRY_MS = 1_000;

/**
 * Runs a worker until SIGTERM or SIGINT (SIGHUP: it reads its configuration again), or until it is refused for good; returns the exit code.
 * @param amend what the command line sets in the place of the file, at the start and whenever it is read again
 */
export async function runProgram(given: Config, file: string, amend: (config: Config) => Config = (config) => config): Promise<number> {
  const hangups = new Hangups();
  const config = amend(given);
  // drachtio-srf looks at the environment once for each header of each message: an object of ours answers at once.
  process.env = { ...process.env };
  const name = config.worker.name ?? defaultName();
  const log = createLog(config.log.level, name, undefined, pseudonymOf(config, file));
  const stopped = untilStopped();
  const parts = await build(config, file, name, log);
  log.info({ version, domain: config.domain, http: parts.http.port }, 'worker_starting');
  const reloader = new Reloader(config, { load: () => amend(checked(file)), parts: parts.reloadable, log });
  const reload = (): void => {
    reloader.reload();
    parts.sipd?.reloadCertificates();
    parts.sipUsers?.refresh();
  };
  hangups.tellTo(reload);
  await parts.worker.prepare();
  const failed = startLinks(parts, config);
  const cause = await Promise.race([stopped, failed]);
  log.info({ cause }, 'worker_stopping');
  hangups.ignore();
  await stop(parts);
  log.info({}, 'worker_stopped');
  return cause.startsWith('SIG') ? 0 : 1;
}

/** All workers of a component know its secret, and nobody else does. */
function pseudonymOf({ log, xmpp }: Config, file: string): Pseudonym | undefined {
  return log.addresses === 'hashed' ? keyedPseudonym(readSecret(xmpp.secret, 'xmpp.secret', file)) : undefined;
}

function checked(file: string): Config {
  const config = loadConfig(file);
  checkSecrets(config, file);
  return config;
}

/** Host name and process id, in the letters that a worker's name may have. */
function defaultName(): string {
  const host = hostname().replace(/[^A-Za-z0-9_-]/g, '-').slice(0, 20);
  return `${host}-${process.pid}`;
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
async function stop({ xmpp, sip, peers, worker, http, store, sipd, log, sipUsers }: Parts): Promise<void> {
  const step = async (what: string, work: () => unknown) => {
    try {
      await work();
    } catch (error) {
      log.warn({ what, error }, 'stop_failed');
    }
  };
  await step('drain', () => worker.drain());
  await step('xmpp drain', () => xmpp.drain());
  await step('sip drain', () => sip.drain());
  await step('worker', () => worker.stop(DRAIN_MS));
  // Requests in dialogs of this connection come until it is closed, and want the XMPP server.
  await step('sip', () => sip.stop());
  await step('peers', () => peers.stop());
  await step('xmpp', () => xmpp.stop());
  await step('sip server', () => sipd?.close());
  await step('list of SIP users', () => sipUsers?.stop());
  await step('store', () => store.close());
  await step('http', () => http.close());
}

function untilStopped(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
}
