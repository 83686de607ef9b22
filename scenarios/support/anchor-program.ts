import { join } from 'node:path';

import { Program } from './process';
import { sipServerCommand } from './sip-server-command';

const ISTHMUS = join(__dirname, '..', '..', 'packages', 'gateway', 'bin', 'isthmus.js');
const SERVER_SECRET = 'anchored-test-secret';

export interface AnchorPlace {
  /** Of the SIP side. */
  readonly address: string;
  readonly sipPort: number;
  /** On loopback, between the two. */
  readonly serverPort: number;
  /** Where workers connect. */
  readonly listenPort: number;
  readonly httpPort: number;
  /** What workers must know. */
  readonly secret: string;
  /** What the command is written behind, where it is on another host. */
  readonly behind?: readonly string[];
  readonly deadlineMs?: number;
}

/** Starts `isthmus anchor` with a SIP server that lives and dies with it, and waits until the two are connected. */
export function runAnchor({ address, sipPort, serverPort, listenPort, httpPort, secret, behind = [], deadlineMs }: AnchorPlace): Promise<Program> {
  const server = (directory: string) =>
    sipServerCommand({ address, sipPort, adminAddress: '127.0.0.1', adminPort: serverPort }, { file: join(directory, 'server'), value: SERVER_SECRET });
  return Program.start({
    name: 'anchor',
    command: process.execPath,
    args: (directory) => [
      ...[ISTHMUS, 'anchor', '--drachtio', `127.0.0.1:${serverPort}`, '--drachtio-secret-file', join(directory, 'server')],
      ...['--listen', `${address}:${listenPort}`, '--secret-file', join(directory, 'worker'), '--http', `${address}:${httpPort}`],
      ...['--', server(directory).command, ...server(directory).args],
    ],
    files: () => ({ server: SERVER_SECRET, worker: secret }),
    env: (directory) => server(directory).env,
    behind,
    ready: /"event":"server_up"/,
    ...(deadlineMs !== undefined && { deadlineMs }),
  });
}
