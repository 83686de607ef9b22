import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { Program } from '../scenarios/support/process';
import type { Exit } from '../scenarios/support/process';
import { jailScript } from './jail';
import type { Jail } from './jail';

const run = promisify(execFile);
const ASK_AGAIN_MS = 500;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
const RESTARTED_MS = 30_000;

export interface ContainerOptions {
  readonly jail: Jail;
  /** What a command is written behind to run on the container's host. */
  readonly behind: readonly string[];
  /** As in a compose file; undefined: it has none. */
  readonly healthcheck: readonly string[] | undefined;
  /** `restart: unless-stopped`. */
  readonly restarts: boolean;
  /** Each line of its output. */
  readonly hears: (line: string) => void;
}

/**
 * One container, made of this machine's file system: namespaces of its own for processes, mounts, host name and network, the
 * user, capabilities and read-only root that the compose file gives it. No limits of memory and processor.
 */
export class Container {
  restarts = 0;
  private isStopping = false;

  private constructor(
    private readonly options: ContainerOptions,
    private program: Program,
  ) {
    this.watch(program);
  }

  static async start(options: ContainerOptions): Promise<Container> {
    return new Container(options, await launch(options));
  }

  get name(): string {
    return this.options.jail.name;
  }

  get log(): string {
    return this.program.log;
  }

  /** Runs a command in it, as `docker compose exec` does; rejects when it fails. */
  async exec(command: readonly string[]): Promise<string> {
    const { behind, jail } = this.options;
    const pid = `${await this.init()}`;
    const [first = '', ...args] = [...behind, 'nsenter', '-t', pid, '-m', '-u', '-i', '-p', '-r', '-w', '--', ...jail.identity, ...command];
    return (await run(first, args)).stdout;
  }

  /** Resolves when its health check succeeds; how often it has failed before. */
  async healthy(deadlineMs: number): Promise<number> {
    const [kind, ...test] = this.options.healthcheck ?? [];
    if (kind === undefined) return 0;
    if (kind !== 'CMD') throw new Error(`health check of ${this.name}: only CMD is known here`);
    const deadline = Date.now() + deadlineMs;
    for (let failures = 0; ; failures += 1) {
      const error = await this.exec(test).then(() => undefined, (reason: unknown) => reason);
      if (error === undefined) return failures;
      if (Date.now() > deadline) throw new Error(`${this.name} is not healthy: ${String(error)}\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }

  /** Sends a signal to its first process, as `docker compose kill` does. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    process.kill(await this.init(), signal);
  }

  /** Kills one of its processes. */
  async killInside(name: RegExp): Promise<void> {
    const [victim] = (await this.processes()).filter(({ command }) => name.test(command));
    if (victim === undefined) throw new Error(`${this.name} runs no ${name}`);
    process.kill(victim.pid, 'SIGKILL');
  }

  /** Resolves when it has been started anew more often than so. */
  async restarted(before: number, deadlineMs = RESTARTED_MS): Promise<void> {
    const deadline = Date.now() + deadlineMs;
    while (this.restarts <= before || !this.program.isRunning) {
      if (Date.now() > deadline) throw new Error(`${this.name} has not been started anew\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }

  /** All its processes, with their command lines. */
  async processes(): Promise<readonly { readonly pid: number; readonly command: string }[]> {
    const { stdout } = await run('ps', ['-e', '-o', 'pid=,pidns=,args=']);
    const space = /\d+/.exec((await run('readlink', [`/proc/${await this.init()}/ns/pid`])).stdout)?.[0];
    return stdout.split('\n').flatMap((line) => {
      const [, pid, inSpace, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      return inSpace === space && space !== undefined ? [{ pid: Number(pid), command }] : [];
    });
  }

  /** TERM, and KILL when it has not ended in time. */
  async stop(deadlineMs = 30_000): Promise<Exit> {
    this.isStopping = true;
    await this.kill('SIGTERM').catch(() => undefined);
    const insist = setTimeout(() => this.program.kill('SIGKILL'), deadlineMs);
    const exit = await this.program.exited;
    clearTimeout(insist);
    await this.program.stop();
    return exit;
  }

  /** Its first process, as this machine numbers it. */
  private async init(): Promise<number> {
    for (;;) {
      if (!this.program.isRunning) throw new Error(`${this.name} does not run\n${this.log}`);
      const child = childOf(childOf(this.program.pid));
      if (child !== undefined) return child;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  private watch(program: Program): void {
    program.onLine(this.options.hears);
    void program.exited.then(async (exit) => {
      if (this.isStopping || !this.options.restarts) return;
      this.options.hears(`ended (code ${exit.code}, signal ${exit.signal}); it is started anew`);
      await program.stop();
      await new Promise((resolve) => setTimeout(resolve, Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.restarts)));
      if (this.isStopping) return;
      this.program = await launch(this.options);
      this.restarts += 1;
      this.watch(this.program);
    });
  }
}

function childOf(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    return Number(/^\d+/.exec(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'))?.[0]) || undefined;
  } catch {
    return undefined; // it has ended
  }
}

/**
 * Two spaces of processes, one in the other: the first process of the outer one dies with us, whatever happens, and everything in both
 * with it. The kernel's promise to end a process with its parent is lost when a process becomes another user, as those inside do.
 */
async function launch({ jail, behind }: ContainerOptions): Promise<Program> {
  return Program.start({
    name: `container-${jail.name}`,
    command: 'unshare',
    behind,
    args: (directory) => ['--pid', '--fork', '--kill-child=KILL', 'unshare', '--mount', '--pid', '--fork', '--uts', '--ipc', 'sh', '-c', jailScript(jail, directory)],
  });
}
