import { type Anchor, AnchorOptionError, createAnchor } from '@isthmus/anchor';
import { StartError } from '../build';
import { startHttp, type HttpServer } from '../http';
import { Hangups } from '../hangups';
import { createLog, type Logger } from '../log';
import { version } from '../version';
import { anchorMetrics } from './metrics';
import { ServerProcess } from './server-process';
import { anchorOptions, readAnchorSettings, type AnchorSettings } from './settings';

/**
 * `isthmus anchor`: runs until SIGTERM or SIGINT (SIGHUP: the certificate is read again), or until the SIP server that it has
 * started ends; returns the exit code.
 */
export async function runAnchor(args: readonly string[]): Promise<number> {
  const hangups = new Hangups();
  const settings = readAnchorSettings(args);
  const log = createLog(settings.log.level, 'anchor');
  const options = anchorOptions(settings);
  const stopped = untilStopped();
  const { command } = settings.anchor;
  const server = command.length === 0 ? undefined : new ServerProcess(command);
  if (server !== undefined) log.info({ pid: server.pid }, 'sip_server_started');
  const running: { anchor?: Anchor; http?: HttpServer } = {};
  try {
    // A server that has lost us knows dialogs whose owner is gone: ours is ended and begins anew with us.
    let tell: (cause: string) => void = () => undefined;
    const lost = new Promise<string>((resolve) => (tell = resolve));
    const onServerLost = (): void => (server === undefined ? undefined : tell('sip_server_lost'));
    const anchor = await createAnchor({ ...options, onServerLost, log: (level, event, fields) => log[level](fields, event) });
    running.anchor = anchor;
    const http = await openHttp(settings, anchor, log);
    running.http = http;
    log.info({ version, host: anchor.place.host, port: anchor.place.port, http: http.port }, 'anchor_started');
    return await untilOver(anchor, { settings, log, hangups, stopped, lost, ended: server?.ended });
  } catch (error) {
    if (error instanceof AnchorOptionError) throw new StartError(`the anchor cannot start: ${error.message}`);
    throw error;
  } finally {
    await running.anchor?.close();
    await server?.stop();
    await running.http?.close();
  }
}

interface Running {
  readonly settings: AnchorSettings;
  readonly log: Logger;
  readonly hangups: Hangups;
  readonly stopped: Promise<string>;
  /** The connection to the SIP server that it has started. */
  readonly lost: Promise<string>;
  /** Of the SIP server that it has started. */
  readonly ended: Promise<string> | undefined;
}

async function untilOver(anchor: Anchor, { settings, log, hangups, stopped, lost, ended }: Running): Promise<number> {
  let over = false;
  hangups.tellTo(() => anchor.reloadCertificate());
  const gone = ended?.then((why) => {
    if (!over) log.error({ why }, 'sip_server_ended');
    return 'sip_server_ended';
  });
  const cause = await Promise.race([stopped, lost, ...(gone === undefined ? [] : [gone])]);
  over = true;
  log.info({ cause }, 'anchor_stopping');
  if (cause.startsWith('SIG')) await anchor.drain(settings.anchor.drainSeconds * 1_000);
  hangups.ignore();
  return cause.startsWith('SIG') ? 0 : 1;
}

async function openHttp({ http }: AnchorSettings, anchor: Anchor, log: Logger): Promise<HttpServer> {
  const ready = (name: string, is: boolean, why: string) => (is ? { name, ready: is } : { name, ready: is, why });
  const readiness = () => [
    ready('server', anchor.up, `the SIP server is not connected: ${anchor.why}`),
    ready('workers', anchor.counts().ready > 0, 'no worker takes requests'),
  ];
  const onError = (error: Error): void => log.warn({ error }, 'http_failed');
  return startHttp({ ...http, registry: anchorMetrics(anchor), readiness, onError }).catch((error: Error) => {
    throw new StartError(`cannot listen for HTTP on ${http.host}:${http.port} (${error.message}): give another --http HOST:PORT`);
  });
}

function untilStopped(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
}
