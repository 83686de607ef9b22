import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const REGISTER = join(__dirname, '..', '..', 'scripts', 'register.cjs');

/** A further process of a benchmark, spoken to by IPC: one command at a time, each answered by `done`. */
export class Child<Command, Report extends { readonly is: string }> {
  /** Reports that nobody has asked for yet, and those who wait for one: one of the two is empty. */
  private readonly reports: Report[] = [];
  private readonly waiting: ((report: Report) => void)[] = [];
  private readonly process: ChildProcess;
  /** The command before: reports carry no number, so the next one waits for its `done`. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(file: string, args: readonly string[] = []) {
    this.process = fork(join(__dirname, file), [...args], { execArgv: ['-r', REGISTER], stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' });
    this.process.on('message', (report: Report) => this.take(report));
    this.process.on('exit', (code) => this.take({ is: 'failed', why: `${file} ended with ${code}` } as unknown as Report));
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** The next report, whatever it is; fails when the child failed. */
  async next(): Promise<Report> {
    const report = this.reports.shift() ?? (await new Promise<Report>((resolve) => this.waiting.push(resolve)));
    if (report.is === 'failed') throw new Error((report as unknown as { why: string }).why);
    return report;
  }

  /** Sends a command, when the one before is done, and returns the reports up to its `done`. */
  run(command: Command): Promise<readonly Report[]> {
    const turn = this.last.then(() => this.send(command));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private async send(command: Command): Promise<readonly Report[]> {
    this.process.send(command as object);
    const reports: Report[] = [];
    for (;;) {
      const report = await this.next();
      if (report.is === 'done') return reports;
      reports.push(report);
    }
  }

  private take(report: Report): void {
    const wake = this.waiting.shift();
    if (wake === undefined) this.reports.push(report);
    else wake(report);
  }

  stop(): void {
    if (this.process.connected) this.process.disconnect();
  }
}
