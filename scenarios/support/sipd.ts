import { join } from 'node:path';

import { freePort } from './ports';
import { Program } from './process';

const BIN = join(__dirname, '..', '..', 'packages', 'sipd', 'bin', 'sipd.js');
export const SIPD_SECRET = 'sipd-test-secret';

/** The SIP server as a process of its own, as a drachtio-server would be. */
export class SipServer {
  private constructor(
    private readonly program: Program,
    readonly adminPort: number,
    readonly sipPort: number,
  ) {}

  /** @param anchor it hands each request to the worker of its pair, and keeps the dialogs of workers that die (docs/anchor.md) */
  static async start(sipPort = 0, adminPort = 0, anchor = false): Promise<SipServer> {
    const port = sipPort === 0 ? await freePort() : sipPort;
    const program = await runSipServer({ sipPort: port, adminPort, anchor });
    const ready = program.log.split('\n').find((line) => line.startsWith('{"admin"')) ?? '';
    const bound = JSON.parse(ready) as { admin: { port: number } };
    return new SipServer(program, bound.admin.port, port);
  }

  get secret(): string {
    return SIPD_SECRET;
  }

  get pid(): number {
    return this.program.pid;
  }

  /** Claims the next line of its log that matches: refused clients, errors. */
  logLine(pattern: RegExp): Promise<string> {
    return this.program.line(pattern);
  }

  kill(signal: NodeJS.Signals): void {
    this.program.kill(signal);
  }

  async stop(): Promise<void> {
    await this.program.stop();
  }
}

export interface SipServerHost {
  readonly sipPort: number;
  readonly adminPort: number;
  readonly anchor?: boolean;
  /** Addresses of its SIP side and of its admin port, and what the command is written behind, where it is on another host. */
  readonly address?: string;
  readonly adminAddress?: string;
  readonly behind?: readonly string[];
}

/** Starts the program. */
export function runSipServer({ sipPort, adminPort, address = '127.0.0.1', adminAddress = address, anchor = false, behind = [] }: SipServerHost): Promise<Program> {
  return Program.start({
    name: 'sipd',
    command: process.execPath,
    behind,
    args: (directory) => [
      BIN,
      '--admin', `${adminAddress}:${adminPort}`,
      '--secret-file', join(directory, 'secret'),
      '--sip', `tcp:${address}:${sipPort}`,
      '--sip', `udp:${address}:${sipPort}`,
      ...(anchor ? ['--anchor'] : []),
    ],
    files: () => ({ secret: SIPD_SECRET }),
    ready: /^\{"admin"/,
  });
}
