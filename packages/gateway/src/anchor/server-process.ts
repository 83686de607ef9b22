import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** How long the SIP server may take to end after SIGTERM, milliseconds. */
const END_MS = 5_000;

/**
 * The SIP server as a child: one that outlived its anchor would answer the requests of old dialogs by 481, since their owner is gone.
 * So the kernel ends it with the anchor, where it can (setpriv of util-linux); a service manager or a container does so too.
 */
export class ServerProcess {
  /** Resolves when it has ended, with how. */
  readonly ended: Promise<string>;
  private readonly child: ChildProcess;

  constructor([program = '', ...args]: readonly string[]) {
    const tied = isInstalled('setpriv');
    this.child = tied
      ? spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, ...args], { stdio: ['ignore', 'inherit', 'inherit'] })
      : spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(error.message));
      this.child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), END_MS);
    await this.ended;
    clearTimeout(timer);
  }
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => directory !== '' && existsSync(join(directory, program)));
}
