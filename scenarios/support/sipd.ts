import { join } from 'node:path';

import { freePort } from './ports';
import { Program } from './process';

const BIN = join(__dirname, '..', '..', 'packages', 'sipd', 'bin', 'sipd.js');
const SECRET = 'sipd-test-secret';

/** The SIP server as a process of its own, as a drachtio-server would be. */
export class SipServer {
  private constructor(
    private readonly program: Program,
    readonly adminPort: number,
    readonly sipPort: number,
  ) {}

  static async start(sipPort = 0, adminPort = 0): Promise<SipServer> {
    const port = sipPort === 0 ? await freePort() : sipPort;
    const program = await Program.start({
      name: 'sipd',
      command: process.execPath,
      args: (directory) => [
        BIN,
        '--admin', `127.0.0.1:${adminPort}`,
        '--secret-file', join(directory, 'secret'),
        '--sip', `tcp:127.0.0.1:${port}`,
        '--sip', `udp:127.0.0.1:${port}`,
      ],
      files: () => ({ secret: SECRET }),
    });
    const ready = await program.line(/^\{"admin"/);
    const bound = JSON.parse(ready) as { admin: { port: number } };
    return new SipServer(program, bound.admin.port, port);
  }

  get secret(): string {
    return SECRET;
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
