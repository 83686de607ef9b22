import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

import { DEFAULT_DEADLINE_MS, Mailbox } from './mailbox';

/** A server that is made to end by force may leave its children and their ports behind. */
const STOP_DEADLINE_MS = 20_000;
/** Characters of a program's output kept for failures; the oldest are dropped. */
const LOG_LIMIT = 2_000_000;

export interface ProgramOptions {
  /** In messages, and in the name of the program's folder. */
  readonly name: string;
  readonly command: string;
  readonly args?: (directory: string) => readonly string[];
  /** Written into the folder before the start: path in the folder, text. */
  readonly files?: (directory: string) => Readonly<Record<string, string>>;
  readonly env?: (directory: string) => NodeJS.ProcessEnv;
  /** A folder that the caller owns and removes; without it the program gets one of its own, removed at `stop`. */
  readonly directory?: string;
  /** The line of output that says: I am up. Without it the program counts as up once it runs. */
  readonly ready?: RegExp;
  /** What the command is written behind, to run on another host: `Hosts.enter`. */
  readonly behind?: readonly string[];
  readonly deadlineMs?: number;
  /** What it gets when the test process dies; TERM for a program that has children of its own to end. Default: KILL. */
  readonly onOurDeath?: 'KILL' | 'TERM';
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A new folder for one program of one test. */
export const temporaryDirectory = (name: string): Promise<string> => mkdtemp(join(tmpdir(), `isthmus-${name}-`));

/** Whether a command can be found on PATH (or, given as a path, executed). */
export function isInstalled(command: string): boolean {
  const places = command.includes('/') ? [''] : (process.env['PATH'] ?? '').split(delimiter);
  return places.some((place) => {
    try {
      accessSync(join(place, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Kernel's promise that the child dies with the process that started it, however that ended (prctl PR_SET_PDEATHSIG). */
function tied(command: readonly string[], signal: string): [string, string[]] {
  const [first = '', ...rest] = isInstalled('setpriv') ? ['setpriv', '--pdeathsig', signal, '--', ...command] : command;
  return [first, rest];
}

/** A program that a test started: its own folder, its output line by line, stopped by its process id. */
export class Program {
  /** Lines of standard output and standard error, in the order they came. */
  readonly lines: Mailbox<string>;
  readonly exited: Promise<Exit>;
  private text = '';
  private running = true;
  private listeners: ((line: string) => void)[] = [];

  private constructor(
    readonly name: string,
    readonly directory: string,
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly ownsDirectory: boolean,
  ) {
    this.lines = new Mailbox(name, (line) => line);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.heard(line));
    }
    child.on('error', () => undefined); // a failed start is told by `up`
    child.stdin.on('error', () => undefined); // a program that is gone is told by `exited`, not by a broken pipe
    this.exited = new Promise((resolve) => child.once('close', (code, signal) => resolve(this.ended({ code, signal }))));
  }

  /** Starts the program and waits until it says that it is up; a program that does not is stopped, and the error has its output. */
  static async start(options: ProgramOptions): Promise<Program> {
    if (!isInstalled(options.command)) {
      throw new Error(`${options.command} is not installed: run "node scripts/setup.mjs test"`);
    }
    const directory = options.directory ?? (await temporaryDirectory(options.name));
    for (const [path, content] of Object.entries(options.files?.(directory) ?? {})) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), content);
    }
    const [command, args] = tied([...(options.behind ?? []), options.command, ...(options.args?.(directory) ?? [])], options.onOurDeath ?? 'KILL');
    const child = spawn(command, args, { cwd: directory, env: { ...process.env, ...options.env?.(directory) }, stdio: 'pipe' });
    const program = new Program(options.name, directory, child, options.directory === undefined);
    await program.up(options);
    return program;
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`${this.name} has no process id: it never ran`);
    return this.child.pid;
  }

  /** All output so far. */
  get log(): string {
    return this.text;
  }

  get isRunning(): boolean {
    return this.running;
  }

  /** Claims the next line of output that matches (a pattern without the flags g and y, which remember). */
  line(pattern: RegExp, deadlineMs = DEFAULT_DEADLINE_MS): Promise<string> {
    return this.lines.take({ what: `line ${pattern}`, wanted: (text) => pattern.test(text), deadlineMs });
  }

  /** Calls the listener with each line of output, those that came before first. */
  onLine(listener: (line: string) => void): void {
    for (const line of this.text.split('\n').slice(0, -1)) listener(line);
    this.listeners.push(listener);
  }

  /** Writes to the program's standard input. */
  write(text: string): void {
    this.child.stdin.write(text);
  }

  kill(signal: NodeJS.Signals): void {
    if (this.running) this.child.kill(signal);
  }

  /** Asks the program to end, insists after a deadline, and removes its folder. */
  async stop(deadlineMs = STOP_DEADLINE_MS): Promise<Exit> {
    this.kill('SIGTERM');
    const insist = setTimeout(() => this.kill('SIGKILL'), deadlineMs);
    const exit = await this.exited;
    clearTimeout(insist);
    if (this.ownsDirectory) await rm(this.directory, { recursive: true, force: true });
    return exit;
  }

  private async up(options: ProgramOptions): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => this.child.once('spawn', resolve).once('error', reject));
      if (options.ready !== undefined) await this.line(options.ready, options.deadlineMs);
    } catch (cause) {
      if (this.child.pid !== undefined) await this.stop();
      throw new Error(`${this.name} did not start: ${String(cause)}\n${this.text}`, { cause });
    }
  }

  private heard(line: string): void {
    this.text = `${this.text}${line}\n`.slice(-LOG_LIMIT);
    for (const listener of this.listeners) listener(line);
    this.lines.put(line);
  }

  private ended(exit: Exit): Exit {
    this.running = false;
    this.lines.close(new Error(`it ended (code ${exit.code}, signal ${exit.signal})`));
    return exit;
  }
}
