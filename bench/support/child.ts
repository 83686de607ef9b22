import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const REGISTER = join(__dirname, '..', '..', 'scripts', 'register.cjs');

/** A helper process of a benchmark that is spoken to by IPC: one command at a time, each answered by `done`. */
export class Child<Command, Report extends { readonly is: string }> {
  private waiting: ((report: Report) => void)[] = [];
  private readonly process: ChildProcess;

  constructor(file: string, args: readonly string[] = []) {
    this.process = fork(join(__dirname, file), [...args], { execArgv: ['-r', REGISTER], stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' });
    this.process.on('message', (report: Report) => this.waiting.shift()?.(report));
    this.process.on('exit', (code) => {
      for (const wake of this.waiting.splice(0)) wake({ is: 'failed', why: `${file} ended with ${code}` } as unknown as Report);
    });
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** The next report, whatever it is; fails when the child failed. */
  async next(): Promise<Report> {
    const report = await new Promise<Report>((resolve) => this.waiting.push(resolve));
    if (report.is === 'failed') throw new Error((report as unknown as { why: string }).why);
    return report;
  }

  /** Sends a command and returns the reports up to its `done`. */
  async run(command: Command): Promise<readonly Report[]> {
    this.process.send(command as object);
    const reports: Report[] = [];
    for (;;) {
      const report = await this.next();
      if (report.is === 'done') return reports;
      reports.push(report);
    }
  }

  stop(): void {
    if (this.process.connected) this.process.disconnect();
  }
}
