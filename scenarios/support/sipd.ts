import { join } from 'node:path';

import { runAnchor } from './anchor-program';
import { freePort, LOOPBACK } from './ports';
import { Program } from './process';
import { DRACHTIO, sipServerCommand, type SipServerCommand } from './sip-server-command';

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
    const admin = adminPort === 0 ? await freePort() : adminPort;
    return new SipServer(await runSipServer({ sipPort: port, adminPort: admin, anchor }), admin, port);
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

/** Starts the program: sipd, or the drachtio-server of this run. */
export async function runSipServer({ sipPort, adminPort, address = LOOPBACK, adminAddress = address, anchor = false, behind = [] }: SipServerHost): Promise<Program> {
  if (anchor && DRACHTIO !== undefined) {
    const [serverPort, httpPort] = [await freePort(), await freePort()];
    return runAnchor({ address, sipPort, serverPort, listenPort: adminPort, httpPort, secret: SIPD_SECRET, behind });
  }
  const secret = (directory: string): { readonly file: string; readonly value: string } => ({ file: join(directory, 'secret'), value: SIPD_SECRET });
  const given = (directory: string): SipServerCommand =>
    sipServerCommand({ address, sipPort, adminAddress, adminPort }, secret(directory), anchor ? ['--anchor'] : []);
  const { name, command, ready } = given('');
  return Program.start({ name, command, behind, args: (directory) => given(directory).args, files: () => ({ secret: SIPD_SECRET }), env: (directory) => given(directory).env, ready });
}
