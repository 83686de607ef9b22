import type { Program } from './process';

/** Given time to say goodbye before it is killed. */
const STOP_MS = 15_000;

/** One part of a topology on a host of its own: a program that ends and begins again, with the same configuration and storage. */
export class Part {
  private readonly lives: Program[] = [];

  constructor(
    /** Also the name of its host, for links. */
    readonly host: string,
    readonly name: string,
    private readonly begin: () => Promise<Program>,
  ) {}

  /** Starts it; resolves when it says that it is up. */
  async start(): Promise<void> {
    if (this.isRunning) throw new Error(`${this.name} runs already`);
    this.lives.push(await this.begin());
  }

  get isRunning(): boolean {
    return this.lives.at(-1)?.isRunning === true;
  }

  /** Resolves when its present life is over. */
  get ended(): Promise<unknown> {
    return this.current.exited;
  }

  get pid(): number {
    return this.current.pid;
  }

  /** All that it has printed in all its lives. */
  get log(): string {
    return this.lives.map(({ log }) => log).join('');
  }

  /** Waits for a line of its present life, seen already or not. */
  async logged(pattern: RegExp, deadlineMs?: number): Promise<void> {
    const { current } = this;
    if (!pattern.test(current.log)) await current.line(pattern, deadlineMs);
  }

  /** Ends it without a word. */
  async kill(): Promise<void> {
    this.current.kill('SIGKILL');
    await this.current.stop();
  }

  /** Asks it to end (SIGTERM) and waits until it has. */
  async stop(): Promise<void> {
    if (this.isRunning) await this.current.stop(STOP_MS);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** It lives but does nothing (SIGSTOP), until `resume`. */
  stall(): void {
    this.current.kill('SIGSTOP');
  }

  resume(): void {
    this.current.kill('SIGCONT');
  }

  /** Tells it to read its configuration again (SIGHUP). */
  reload(): void {
    this.current.kill('SIGHUP');
  }

  private get current(): Program {
    const life = this.lives.at(-1);
    if (life === undefined) throw new Error(`${this.name} has never run`);
    return life;
  }
}
