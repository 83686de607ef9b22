import { mkdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { NetConnectOpts } from 'node:net';
import { join } from 'node:path';

import { DEFAULT_DEADLINE_MS } from './mailbox';
import { freePort, LOOPBACK } from './ports';
import { Program, temporaryDirectory } from './process';
import { luaLiteral, writeProsodyConfig } from './prosody-config';
import type { ProsodyOptions, ProsodyPlace } from './prosody-config';
import { runShellCommand } from './prosody-shell';
import type { PartitionedServer } from './xmpp-server';

export type { ProsodyOptions } from './prosody-config';

const PROJECT_PLUGINS = join(__dirname, '..', '..', 'plugins', 'prosody');
const TEST_MODULES = join(__dirname, 'prosody-modules');
const RETRY_MS = 20;

/** Name of a folder or file in Prosody's internal storage: every byte but letters and digits is written as %xx. */
const storageName = (text: string): string =>
  Array.from(Buffer.from(text, 'utf8'), (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
  }).join('');

function accepts(listener: NetConnectOpts): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(listener, () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** Where mod_admin_socket listens. */
const socketPath = ({ directory }: ProsodyPlace): string => join(directory, 'data', 'prosody.sock');

/** A real Prosody with its own configuration, storage and ports; a child of the test, gone when the test is. */
export class Prosody implements PartitionedServer {
  private constructor(
    private readonly options: ProsodyOptions,
    private readonly place: ProsodyPlace,
    private program: Program,
  ) {}

  static async start(options: ProsodyOptions): Promise<Prosody> {
    const directory = await temporaryDirectory('prosody');
    const [c2sPort, componentPort] = [await freePort(), await freePort()];
    const place = { directory, address: LOOPBACK, c2sPort, componentPort };
    try {
      await prepareProsody(options, place);
      return new Prosody(options, place, await runProsody(place));
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** Port for clients, without TLS. */
  get c2sPort(): number {
    return this.place.c2sPort;
  }

  /** Port for components (XEP-0114). */
  get componentPort(): number {
    return this.place.componentPort;
  }

  /** One port for all components. */
  get otherComponentPort(): number {
    return this.place.componentPort;
  }

  get domain(): string {
    return this.options.domain;
  }

  get component(): string {
    if (this.options.component === undefined) throw new Error('this Prosody was started without a component');
    return this.options.component;
  }

  get secret(): string {
    return this.options.secret ?? 'secret';
  }

  get pid(): number {
    return this.program.pid;
  }

  /** All output of the running process so far. */
  get log(): string {
    return this.program.log;
  }

  /** Claims the next line of the log that matches. */
  logLine(pattern: RegExp, deadlineMs?: number): Promise<string> {
    return this.program.line(pattern, deadlineMs);
  }

  componentConnection(): Promise<string> {
    return this.logLine(/Incoming Jabber component connection/);
  }

  /** Runs a line of `prosodyctl shell`, e.g. `module:reload("isthmus", "example.com")`; throws when it fails. */
  shell(line: string): Promise<string> {
    return runShellCommand(socketPath(this.place), line);
  }

  /**
   * Makes an account as another process does: by writing the storage, so that the running server gets no event.
   * Works with internal storage; with another one use `shell` and `user:create`.
   */
  writeAccount(user: string, password: string, domain = this.options.domain): Promise<void> {
    return writeAccount(this.place, { user, password, domain });
  }

  async createAccount(user: string, password: string, domain = this.domain): Promise<void> {
    await this.shell(`user:create(${luaLiteral(`${user}@${domain}`)}, ${luaLiteral(password)})`);
  }

  async deleteAccount(user: string, domain = this.domain): Promise<void> {
    await this.shell(`user:delete(${luaLiteral(`${user}@${domain}`)})`);
  }

  async loadPlugin(): Promise<void> {
    await this.shell(`module:load("isthmus", ${luaLiteral(this.domain)})`);
  }

  async reloadPlugin(): Promise<void> {
    await this.shell(`module:reload("isthmus", ${luaLiteral(this.domain)})`);
  }

  /** It writes before it answers. */
  async saved(): Promise<void> {}

  kill(signal: NodeJS.Signals): void {
    this.program.kill(signal);
  }

  /** Stops the server and starts it again with the same storage on the same ports. */
  async restart(): Promise<void> {
    await this.program.stop();
    this.program = await runProsody(this.place);
  }

  async stop(): Promise<void> {
    await this.program.stop();
    await rm(this.place.directory, { recursive: true, force: true });
  }
}

/** Starts a Prosody for a test, the demo or a benchmark, on free ports of 127.0.0.1. */
export const startProsody = (options: ProsodyOptions): Promise<Prosody> => Prosody.start(options);

/** Writes its configuration and its accounts; it need not run. */
export async function prepareProsody(options: ProsodyOptions, place: ProsodyPlace): Promise<void> {
  await writeFile(join(place.directory, 'prosody.cfg.lua'), writeProsodyConfig(options, place, options.plugins ?? [PROJECT_PLUGINS, TEST_MODULES]));
  for (const [domain, users] of Object.entries({ [options.domain]: options.users ?? {}, ...options.furtherDomains })) {
    for (const [user, password] of Object.entries(users)) await writeAccount(place, { user, password, domain });
  }
}

async function writeAccount({ directory }: ProsodyPlace, { user, password, domain }: Record<'user' | 'password' | 'domain', string>): Promise<void> {
  const folder = join(directory, 'data', storageName(domain), 'accounts');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${storageName(user)}.dat`), `return { ["password"] = ${luaLiteral(password)} };\n`);
}

/** Starts it where it has been prepared, and waits until it takes connections. */
export async function runProsody(place: ProsodyPlace): Promise<Program> {
  const { directory, address, behind = [] } = place;
  await mkdir(join(directory, 'data'), { recursive: true });
  const program = await Program.start({
    name: 'prosody',
    command: 'prosody',
    args: () => ['-F', '--config', join(directory, 'prosody.cfg.lua')],
    directory,
    behind,
  });
  try {
    const ports = [place.c2sPort, place.componentPort].map((port) => ({ port, host: address }));
    await untilAccepting(program, [...ports, { path: socketPath(place) }]);
  } catch (error) {
    await program.stop();
    throw error;
  }
  return program;
}

async function untilAccepting(program: Program, listeners: readonly NetConnectOpts[]): Promise<void> {
  const deadline = Date.now() + DEFAULT_DEADLINE_MS;
  for (const listener of listeners) {
    while (!(await accepts(listener))) {
      if (!program.isRunning || Date.now() > deadline) {
        throw new Error(`prosody does not listen on ${JSON.stringify(listener)}\n${program.log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
