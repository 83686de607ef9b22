import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';

import { DEFAULT_DEADLINE_MS } from './mailbox';
import { LOOPBACK } from './ports';
import { Program } from './process';

const SCENARIOS = join(__dirname, '..', 'sipp');
const STOP_DEADLINE_MS = 1_000;
const RETRY_MS = 20;
/** SIPp gives up after so long, and says which message it waited for. */
const TIMEOUT_SECONDS = 100;

export interface SippOptions {
  /** A scenario file of scenarios/sipp, without `.xml`. */
  readonly scenario: string;
  /** Port to listen on (TCP). */
  readonly port: number;
  /** Where its requests go: the SIP port in front of isthmus. */
  readonly remotePort: number;
  /** Calls: so many are played, then it ends. */
  readonly calls: number;
  /** Fields of the scenario, a row for each call. */
  readonly rows?: readonly (readonly string[])[];
}

/** A run of SIPp (Debian package sip-tester) with a scenario of ours, over TCP: a SIP stack that is not ours at the far end. */
export class Sipp {
  private constructor(private readonly program: Program) {}

  /** Starts it; a scenario that begins with a request sends it at once, any other one listens when this resolves. */
  static async start(options: SippOptions): Promise<Sipp> {
    const { scenario, port, remotePort, calls, rows } = options;
    const program = await Program.start({
      name: 'sipp',
      command: 'sipp',
      args: (directory) => [
        `${LOOPBACK}:${remotePort}`,
        ...['-sf', join(SCENARIOS, `${scenario}.xml`), '-i', LOOPBACK, '-p', `${port}`, '-t', 't1', '-nostdin'],
        ...['-m', `${calls}`, '-l', `${calls}`, '-r', `${calls}`, '-timeout', `${TIMEOUT_SECONDS}`, '-timeout_error'],
        ...['-trace_err', '-error_file', join(directory, 'errors.log')],
        ...(rows === undefined ? [] : ['-inf', join(directory, 'rows.csv')]),
      ],
      files: () => (rows === undefined ? {} : { 'rows.csv': ['SEQUENTIAL', ...rows.map((row) => row.join(';')), ''].join('\n') }),
    });
    if (rows === undefined) await listening(port, program);
    return new Sipp(program);
  }

  /** Waits until all calls have been played to their end; fails with what SIPp says when one was not. */
  async succeeds(): Promise<void> {
    const { code } = await this.program.exited;
    const errors = await readFile(join(this.program.directory, 'errors.log'), 'utf8').catch(() => '');
    await this.stop();
    if (code !== 0) throw new Error(`SIPp: a call failed (exit code ${code})\n${errors}`);
  }

  async stop(): Promise<void> {
    await this.program.stop(STOP_DEADLINE_MS);
  }
}

/** SIPp does not say when it is ready. */
async function listening(port: number, program: Program): Promise<void> {
  const deadline = Date.now() + DEFAULT_DEADLINE_MS;
  while (!(await accepts(port))) {
    if (!program.isRunning || Date.now() > deadline) throw new Error(`SIPp does not listen on ${port}\n${program.log}`);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, LOOPBACK, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
