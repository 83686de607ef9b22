import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { DEFAULT_DEADLINE_MS } from './mailbox';
import { freePort } from './ports';
import { Program } from './process';
import { SipMessage } from './sip-message';
import { builtBench, sipeBench } from './sipe-build';
import { SipeUser } from './sipe-user';

export { sipeBench } from './sipe-build';

const HOST = '127.0.0.1';
const SIGN_IN_DEADLINE_MS = 90_000;
const SECOND_MS = 1_000;
/** Which way a message crossed, and how the capture's headings say it. */
const HEADINGS = { 'to isthmus': 'fe -> peer', 'from isthmus': 'peer -> fe' } as const;
export type Direction = keyof typeof HEADINGS;

/** 2005: LCS and OCS 2005; 2007: OCS 2007 to Lync; sfb: Skype for Business. */
export type SipeMode = '2005' | '2007' | 'sfb';

export interface SipeBenchOptions {
  readonly mode: SipeMode;
  /** Port of the static route's next hop on 127.0.0.1: the SIP port in front of isthmus. */
  readonly routePort?: number;
  /** Users with a client, as bare addresses. */
  readonly users?: readonly string[];
  /** Further options of the front end, as its README lists them. */
  readonly frontEnd?: readonly string[];
}

/** The bench: a stub of Microsoft's front end with a static route to isthmus, and real SIPE clients behind it. */
export class SipeBench {
  private readonly users = new Map<string, SipeUser>();
  private lastStart = 0;

  private constructor(
    private readonly folder: string,
    private readonly frontEnd: Program,
    /** Where the clients connect. */
    readonly clientPort: number,
    /** Where isthmus reaches the users: the trusted server's side of the front end, TCP. */
    readonly peerPort: number,
    private readonly controlPort: number,
  ) {}

  /** Builds the bench if need be, starts the front end and signs the users in, one after the other. */
  static async start(options: SipeBenchOptions): Promise<SipeBench> {
    const source = sipeBench();
    if (source === undefined) throw new Error('the SIPE bench is not here: ask sipeBench() first');
    const folder = await builtBench(source);
    const ports = [await freePort(), await freePort(), await freePort()] as const;
    const bench = new SipeBench(folder, await startFrontEnd(folder, ports, options), ...ports);
    try {
      for (const address of options.users ?? []) await bench.signIn(address);
      return bench;
    } catch (error) {
      await bench.stop();
      throw error;
    }
  }

  user(address: string): SipeUser {
    const user = this.users.get(address);
    if (user === undefined) throw new Error(`${address} has not signed in`);
    return user;
  }

  /** Starts a client. It seeds its Call-IDs, tags and branches with the second it starts in, so no two start in one. */
  async signIn(address: string): Promise<SipeUser> {
    await secondAfter(this.lastStart);
    const [command = '', ...args] = this.clientCommand(address);
    const program = await Program.start({
      name: `sipe-${address.split('@')[0] ?? 'user'}`,
      command,
      args: (directory) => [...args, '--home', join(directory, 'home')],
      ready: /"ev":"signed-on"/,
      deadlineMs: SIGN_IN_DEADLINE_MS,
    });
    this.lastStart = Date.now();
    const user = new SipeUser(address, program);
    this.users.set(address, user);
    return user;
  }

  /** One command to the front end's control port (`state`, `publish USER NUMBER`, `unhome USER`, `route HOST:PORT|none` ...). */
  async control(command: string): Promise<Readonly<Record<string, unknown>>> {
    const answer = JSON.parse(await askLine(this.controlPort, command)) as Record<string, unknown>;
    if (answer['ok'] !== true) throw new Error(`front end: ${command}: ${String(answer['error'])}`);
    return answer;
  }

  /** Every SIP message that crossed the front end so far, with its direction. */
  capture(): Promise<string> {
    return readFile(join(this.frontEnd.directory, 'capture.txt'), 'utf8');
  }

  /** The SIP messages between the front end and isthmus so far, in the order they crossed. */
  async crossed(direction?: Direction): Promise<readonly SipMessage[]> {
    const headings = direction === undefined ? Object.values(HEADINGS) : [HEADINGS[direction]];
    const blocks = (await this.capture()).split(/^={8} /m).map((block) => block.split('\n'));
    return blocks
      .filter(([heading]) => headings.some((one) => heading?.endsWith(one)))
      .map(([, ...lines]) => SipMessage.parse(Buffer.from(lines.join('\r\n').trim())));
  }

  /** Stops the front end where it is: what is sent to it waits, until `resume`. */
  pause(): void {
    this.frontEnd.kill('SIGSTOP');
  }

  resume(): void {
    this.frontEnd.kill('SIGCONT');
  }

  /** Stops the clients, then the front end. */
  async stop(): Promise<void> {
    await Promise.all([...this.users.values()].map((user) => user.stop()));
    await this.frontEnd.stop();
  }

  private clientCommand(address: string): string[] {
    const client = [join(this.folder, 'bin', 'sipecli'), '--user', address, '--server', `${HOST}:${this.clientPort}`];
    return canUnshare() ? ['unshare', '-u', 'sh', '-c', 'hostname "$0"; exec "$@"', 'client1', ...client] : client;
  }
}

function startFrontEnd(folder: string, [clients, peers, control]: readonly [number, number, number], options: SipeBenchOptions): Promise<Program> {
  const { mode, routePort, users = [], frontEnd = [] } = options;
  const route = routePort === undefined ? [] : ['--route', `${HOST}:${routePort}`];
  const listen = ['--listen', `${HOST}:${clients}`, '--peer-listen', `${HOST}:${peers}`, '--control', `${HOST}:${control}`];
  return Program.start({
    name: 'sipe-front-end',
    command: 'python3',
    args: (directory) => [
      ...['-B', join(folder, 'src', 'stubfe.py'), '--mode', mode, ...listen, ...route],
      ...['--homed', users.join(','), '--capture', join(directory, 'capture.txt'), ...frontEnd],
    ],
    ready: /stubfe up/,
  });
}

/** Root may give the clients a neutral host name, which they publish; without that right they run as well. */
function canUnshare(): boolean {
  return process.getuid?.() === 0 && spawnSync('unshare', ['-u', 'true']).status === 0;
}

async function secondAfter(time: number): Promise<void> {
  const next = (Math.floor(time / SECOND_MS) + 1) * SECOND_MS;
  const rest = next - Date.now();
  if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
}

/** Sends one line and gives the line that comes back. */
async function askLine(port: number, line: string): Promise<string> {
  const socket = connect({ port, host: HOST });
  socket.setTimeout(DEFAULT_DEADLINE_MS, () => socket.destroy(new Error(`no answer to ${line} within ${DEFAULT_DEADLINE_MS} ms`)));
  try {
    return await new Promise<string>((resolve, reject) => {
      socket.once('error', reject);
      createInterface({ input: socket }).once('line', resolve).once('close', () => reject(new Error(`no answer to ${line}`)));
      socket.write(`${line}\n`);
    });
  } finally {
    socket.destroy();
  }
}
