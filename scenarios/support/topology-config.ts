import { join } from 'node:path';

import { runAnchor } from './anchor-program';
import type { ConfigFile } from './gateway';
import { Program } from './process';
import { SIPD_SECRET } from './sipd';
import { COMPONENT, DOMAIN, SECRET } from './world';

/** Every part has a host of its own, so all stand at their usual ports. */
export const C2S_PORT = 5222;
export const COMPONENT_PORT = 5347;
export const SIP_PORT = 5060;
export const ADMIN_PORT = 9022;
export const ANCHOR_PORT = 9023;
export const ANCHOR_HTTP_PORT = 9471;
export const REDIS_PORT = 6379;
export const HTTP_PORT = 9470;

const BIN = join(__dirname, '..', '..', 'packages', 'gateway', 'bin', 'isthmus.js');
/** A worker that meets every server at once is ready within a second; a loaded machine may take longer. */
const READY_DEADLINE_MS = 90_000;

type Section = Readonly<Record<string, unknown>>;
/** By the name of the section; `routes` is `route`, for there is one. */
export type WorkerSections = Readonly<Partial<Record<'xmpp' | 'sip' | 'route' | 'store' | 'messaging' | 'availability' | 'limits' | 'log' | 'policy', Section>>>;

export interface WorkerPlace {
  readonly name: string;
  readonly address: string;
  /** Addresses of the others. */
  readonly prosody: string;
  readonly redis: string;
  readonly far: string;
  readonly sipServers: readonly { readonly name: string; readonly host: string; readonly port: number }[];
  readonly dialect: 'microsoft' | 'simple';
}

/** The configuration file of one worker. */
export function workerConfig({ name, address, prosody, redis, far, sipServers, dialect }: WorkerPlace, sections: WorkerSections = {}): ConfigFile {
  const servers = sipServers.map((server) => ({ ...server, secret: { file: 'sipd-secret' } }));
  return {
    domain: DOMAIN,
    worker: { name },
    // The bridge between the hosts reaches nothing else.
    xmpp: { host: prosody, port: COMPONENT_PORT, component: COMPONENT, secret: { file: 'component-secret' }, allowUnencrypted: true, downGraceSeconds: 1, ...sections.xmpp },
    sip: { server: { type: 'drachtio', servers }, healthIntervalSeconds: 1, downGraceSeconds: 1, requestTimeoutSeconds: 5, ...sections.sip },
    routes: [{ name: 'far', host: far, port: SIP_PORT, transport: 'tcp', streamOnly: true, dialect, ...sections.route }],
    store: { type: 'redis', host: redis, port: REDIS_PORT, ...sections.store },
    messaging: { ...sections.messaging },
    availability: { notifyIntervalSeconds: 0, ...sections.availability },
    limits: { ...sections.limits },
    policy: { ...sections.policy },
    http: { host: address, port: HTTP_PORT },
    log: { level: 'info', ...sections.log },
  };
}

/** Starts `isthmus run`. */
export function runWorker(config: ConfigFile, behind: readonly string[]): Promise<Program> {
  return Program.start({
    name: 'isthmus',
    command: process.execPath,
    args: (directory) => [BIN, 'run', '--config', join(directory, 'isthmus.yaml')],
    files: () => ({ 'component-secret': SECRET, 'sipd-secret': SIPD_SECRET, 'isthmus.yaml': JSON.stringify(config, undefined, 2) }),
    behind,
    ready: /"event":"worker_ready"/,
    deadlineMs: READY_DEADLINE_MS,
  });
}

/** Starts `isthmus anchor` with a SIP server that lives and dies with it; the server's admin port is on loopback. */
export function runAnchoredSipServer({ address, behind }: { readonly address: string; readonly behind: readonly string[] }): Promise<Program> {
  const ports = { sipPort: SIP_PORT, serverPort: ADMIN_PORT, listenPort: ANCHOR_PORT, httpPort: ANCHOR_HTTP_PORT };
  return runAnchor({ address, behind, ...ports, secret: SIPD_SECRET, deadlineMs: READY_DEADLINE_MS });
}
