import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { freePort } from './ports';
import { Program } from './process';
import type { Exit } from './process';

const BIN = join(__dirname, '..', '..', 'packages', 'gateway', 'bin', 'isthmus.js');
/** A worker that meets every server at once is ready within a second; a slow machine under load takes far longer. */
const READY_DEADLINE_MS = 90_000;

/** A configuration, as it would stand in the file (YAML takes JSON). */
export type ConfigFile = Readonly<Record<string, unknown>>;

export interface GatewayOptions {
  readonly config: ConfigFile;
  /** Files that the configuration names, beside it: name, text. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: NodeJS.ProcessEnv;
  /** Arguments of Node itself. */
  readonly nodeArgs?: readonly string[];
  /** What must be in the log before the worker counts as started; default: it is ready. */
  readonly until?: RegExp;
}

export interface LogLine {
  readonly event: string;
  readonly level: string;
  readonly [field: string]: unknown;
}

/** What `/readyz` says. */
export interface Readiness {
  readonly ready: boolean;
  readonly parts: readonly { readonly name: string; readonly ready: boolean; readonly why?: string }[];
}

/** The real program, `isthmus run`, as its own process. */
export class Gateway {
  private constructor(
    private readonly program: Program,
    readonly httpPort: number,
  ) {}

  static async start(options: GatewayOptions): Promise<Gateway> {
    const httpPort = await freePort();
    const config = { http: { port: httpPort }, ...options.config };
    const program = await Program.start({
      name: 'isthmus',
      command: process.execPath,
      args: (directory) => [...(options.nodeArgs ?? []), BIN, 'run', '--config', join(directory, 'isthmus.yaml')],
      files: () => ({ ...options.files, 'isthmus.yaml': JSON.stringify(config, undefined, 2) }),
      env: () => ({ ...options.env }),
      ready: options.until ?? /"event":"worker_ready"/,
      deadlineMs: READY_DEADLINE_MS,
    });
    return new Gateway(program, httpPort);
  }

  get pid(): number {
    return this.program.pid;
  }

  get log(): string {
    return this.program.log;
  }

  get isRunning(): boolean {
    return this.program.isRunning;
  }

  /** How it ended, once it has. */
  get exited(): Promise<Exit> {
    return this.program.exited;
  }

  /** The log so far, line by line; what is no JSON (a crash's stack) is left out. */
  get lines(): readonly LogLine[] {
    return this.log.split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line) as LogLine];
      } catch {
        return [];
      }
    });
  }

  /** Waits for a line of the log, seen already or not. */
  async logged(pattern: RegExp, deadlineMs?: number): Promise<void> {
    if (pattern.test(this.log)) return;
    await this.program.line(pattern, deadlineMs);
  }

  /** All that it had logged when this was called is in `lines` then: the log comes by another way than what is told on the wire. */
  async caughtUp(): Promise<void> {
    await this.metrics();
    for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  async readyz(): Promise<{ readonly status: number; readonly body: Readiness }> {
    const response = await fetch(`http://127.0.0.1:${this.httpPort}/readyz`);
    return { status: response.status, body: (await response.json()) as Readiness };
  }

  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.httpPort}/metrics`)).text();
  }

  /** Puts another configuration in the place of its file and has it read (SIGHUP). */
  async reload(config: ConfigFile): Promise<void> {
    const text = JSON.stringify({ http: { port: this.httpPort }, ...config });
    await writeFile(join(this.program.directory, 'isthmus.yaml'), text);
    this.kill('SIGHUP');
  }

  kill(signal: NodeJS.Signals): void {
    this.program.kill(signal);
  }

  /** SIGTERM: the worker drains and ends. */
  stop(): Promise<Exit> {
    return this.program.stop(15_000);
  }
}

/** One run of the command line to its end. */
export async function isthmus(args: readonly string[], files: Readonly<Record<string, string>> = {}, env: NodeJS.ProcessEnv = {}): Promise<{ code: number | null; output: string }> {
  const program = await Program.start({
    name: 'isthmus-cli',
    command: process.execPath,
    args: (directory) => [BIN, ...args.map((arg) => arg.replaceAll('{dir}', directory))],
    files: () => files,
    env: () => env,
  });
  const exit = await program.exited;
  const output = program.log;
  await program.stop();
  return { code: exit.code, output };
}
