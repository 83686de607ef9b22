import { readdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { writeEjabberdConfig } from './ejabberd-config';
import type { EjabberdOptions, EjabberdPorts } from './ejabberd-config';
import { ejabberdPlugin } from './ejabberd-plugin';
import { freePort } from './ports';
import { Program, temporaryDirectory } from './process';
import type { PartitionedServer } from './xmpp-server';

export type { EjabberdOptions } from './ejabberd-config';

const LIBRARIES = '/usr/lib/x86_64-linux-gnu';
/** It starts in three seconds on a machine that has nothing else to do. */
const START_DEADLINE_MS = 90_000;
const UP = 'ejabberd takes commands';
/** Commands that were sent so far, by all servers: their answers are told apart by it. */
let commands = 0;

/**
 * Erlang that waits for the server, and then reads expressions from standard input, one a line: number, space, expression.
 * The answer is a line of output: `answer NUMBER ok VALUE` or `answer NUMBER failed REASON`.
 */
const COMMAND_LOOP = [
  'Wait = fun(F) -> case lists:keymember(ejabberd, 1, application:which_applications()) of true -> ok; false -> timer:sleep(20), F(F) end end',
  'Run = fun(Line) -> {ok, T, _} = erl_scan:string(Line), {ok, E} = erl_parse:parse_exprs(T), {value, V, _} = erl_eval:exprs(E, []), V end',
  'Answer = fun(Number, Line) -> try io:format("answer ~ts ok ~0tp~n", [Number, Run(Line)]) catch _:R -> io:format("answer ~ts failed ~0tp~n", [Number, R]) end end',
  'Loop = fun(F) -> case io:get_line("") of L when is_list(L) -> [Number, Line] = string:split(L, " "), spawn(fun() -> Answer(Number, Line) end), F(F); _ -> halt() end end',
  `spawn(fun() -> Wait(Wait), io:format("${UP}~n"), Loop(Loop) end)`,
].join(', ');

/** A real ejabberd with or without our plug-in, on free ports of 127.0.0.1, with a folder of its own. */
export class Ejabberd implements PartitionedServer {
  private reloads = 0;

  private constructor(
    private readonly options: EjabberdOptions,
    private readonly directory: string,
    private readonly ports: EjabberdPorts,
    private program: Program,
  ) {}

  static async start(options: EjabberdOptions): Promise<Ejabberd> {
    const directory = await temporaryDirectory('ejabberd');
    const ports = { c2sPort: await freePort(), componentPort: await freePort(), otherComponentPort: await freePort() };
    try {
      await writeFile(join(directory, 'ejabberd.yml'), writeEjabberdConfig(options, ports));
      const server = new Ejabberd(options, directory, ports, await Ejabberd.run(directory));
      await server.evaluate('ok = logger:set_module_level([mod_isthmus_choice], debug)');
      const domains = { [options.domain]: options.users ?? {}, ...options.furtherDomains };
      for (const [domain, users] of Object.entries(domains)) {
        for (const [user, password] of Object.entries(users)) await server.createAccount(user, password, domain);
      }
      await server.saved();
      return server;
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** Starts an ejabberd with a configuration that our tests have not written. */
  static async startWith(files: (directory: string) => Readonly<Record<string, string>>): Promise<{ stop(): Promise<unknown> }> {
    const directory = await temporaryDirectory('ejabberd');
    for (const [name, text] of Object.entries(files(directory))) await writeFile(join(directory, name), text);
    const program = await Ejabberd.run(directory);
    return {
      stop: async () => {
        program.kill('SIGKILL');
        await program.stop();
        await rm(directory, { recursive: true, force: true });
      },
    };
  }

  get c2sPort(): number {
    return this.ports.c2sPort;
  }

  get componentPort(): number {
    return this.ports.componentPort;
  }

  get otherComponentPort(): number {
    return this.ports.otherComponentPort;
  }

  get domain(): string {
    return this.options.domain;
  }

  get component(): string {
    return this.options.component;
  }

  get secret(): string {
    return this.options.secret ?? 'secret';
  }

  get pid(): number {
    return this.program.pid;
  }

  get log(): string {
    return this.program.log;
  }

  logLine(pattern: RegExp, deadlineMs?: number): Promise<string> {
    return this.program.line(pattern, deadlineMs);
  }

  componentConnection(): Promise<string> {
    return this.logLine(new RegExp(`Accepted connection \\S+ -> \\S+:${this.componentPort}$`));
  }

  /** Evaluates Erlang in the server; returns the value as Erlang writes it, throws when it fails. */
  async evaluate(expression: string): Promise<string> {
    commands += 1;
    const number = commands;
    this.program.write(`${number} ${expression.replace(/\s+/g, ' ')}.\n`);
    const [, , result, ...rest] = (await this.program.line(new RegExp(`^answer ${number} `))).split(' ');
    if (result !== 'ok') throw new Error(`ejabberd: ${expression}: ${rest.join(' ')}`);
    return rest.join(' ');
  }

  async createAccount(user: string, password: string, domain = this.domain): Promise<void> {
    await this.evaluate(`ok = ejabberd_auth:try_register(${[user, domain, password].map(binary).join(', ')})`);
  }

  async deleteAccount(user: string, domain = this.domain): Promise<void> {
    await this.evaluate(`ok = ejabberd_auth:remove_user(${[user, domain].map(binary).join(', ')})`);
  }

  /** Reads the configuration again with other options of the plug-in, as `ejabberdctl reload_config` does. */
  async reload(changes: Partial<EjabberdOptions> = {}): Promise<void> {
    await writeFile(join(this.directory, 'ejabberd.yml'), writeEjabberdConfig({ ...this.options, ...changes }, this.ports));
    await this.evaluate('ok = ejabberd_admin:reload_config()');
  }

  loadPlugin(): Promise<void> {
    return this.reload({ partitioned: true });
  }

  /** The same code with another option: a reload that changes nothing would not reach the module. */
  async reloadPlugin(): Promise<void> {
    this.reloads += 1;
    await this.reload({ pluginOptions: { ...this.options.pluginOptions, connection_limit: 64 + this.reloads } });
  }

  /** Its database writes a moment after it has answered: a kill takes back what was done just before it. */
  saved(): Promise<unknown> {
    return this.evaluate('mnesia:sync_log()');
  }

  kill(signal: NodeJS.Signals): void {
    this.program.kill(signal);
  }

  async restart(): Promise<void> {
    await this.program.stop();
    this.program = await Ejabberd.run(this.directory);
  }

  /** Nothing of its data is wanted any more, so it need not write it. */
  async stop(): Promise<void> {
    this.program.kill('SIGKILL');
    await this.program.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  private static run(directory: string): Promise<Program> {
    return Program.start({
      name: 'ejabberd',
      command: 'erl',
      // Without a name of its own the node needs no port mapper. One scheduler that does not spin: the machine has other work.
      args: () => [
        ...['-noshell', '+S', '1', '+sbwt', 'none', '-pa', ebin(), '-pa', ejabberdPlugin(), '-mnesia', 'dir', `"${directory}/mnesia"`],
        ...['-ejabberd', 'config', `"${directory}/ejabberd.yml"`, 'log_path', `"${directory}/ejabberd.log"`],
        ...['-s', 'ejabberd', '-eval', `${COMMAND_LOOP}.`],
      ],
      env: () => ({ HOME: directory }),
      directory,
      ready: new RegExp(UP),
      deadlineMs: START_DEADLINE_MS,
    });
  }
}

/** A text as Erlang source, whatever is in it. */
function binary(text: string): string {
  return `<<${[...Buffer.from(text)].join(',')}>>`;
}

/** The folder of Debian's package, whatever its version. */
function ebin(): string {
  const name = readdirSync(LIBRARIES).find((each) => each.startsWith('ejabberd-'));
  if (name === undefined) throw new Error('ejabberd is not installed: run npm run setup');
  return join(LIBRARIES, name, 'ebin');
}
