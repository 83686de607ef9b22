import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { freePort, LOOPBACK } from './ports';
import { Program } from './process';
import type { XmppServer } from './xmpp-server';

const LIBRARIES = '/usr/lib/x86_64-linux-gnu';

export interface EjabberdOptions {
  readonly domain: string;
  /** External component (XEP-0114) and its secret. */
  readonly component: string;
  readonly secret: string;
  /** Accounts of the domain: local part to password. */
  readonly users: Readonly<Record<string, string>>;
}

/** A real ejabberd without a plug-in of ours, on free ports of 127.0.0.1; in memory but for a folder that goes with it. */
export class Ejabberd implements XmppServer {
  private constructor(
    private readonly program: Program,
    readonly c2sPort: number,
    readonly componentPort: number,
  ) {}

  static async start(options: EjabberdOptions): Promise<Ejabberd> {
    const [c2sPort, componentPort] = [await freePort(), await freePort()];
    const program = await Program.start({
      name: 'ejabberd',
      command: 'erl',
      // Without a name of its own the node needs no port mapper.
      args: (directory) => [
        ...['-noinput', '-noshell', '+S', '1', '+sbwt', 'none', '-pa', ebin(), '-mnesia', 'dir', `"${directory}/mnesia"`],
        ...['-ejabberd', 'config', `"${directory}/ejabberd.yml"`, 'log_path', `"${directory}/ejabberd.log"`],
        ...['-s', 'ejabberd', '-eval', registration(options)],
      ],
      // JSON is YAML.
      files: () => ({ 'ejabberd.yml': JSON.stringify(configuration(options, c2sPort, componentPort)) }),
      env: (directory) => ({ HOME: directory }),
      ready: /accounts are there/,
    });
    return new Ejabberd(program, c2sPort, componentPort);
  }

  get log(): string {
    return this.program.log;
  }

  stop(): Promise<unknown> {
    return this.program.stop();
  }
}

/** The folder of Debian's package, whatever its version. */
function ebin(): string {
  const name = readdirSync(LIBRARIES).find((each) => each.startsWith('ejabberd-'));
  if (name === undefined) throw new Error('ejabberd is not installed: run npm run setup');
  return join(LIBRARIES, name, 'ebin');
}

function configuration({ domain, component, secret }: EjabberdOptions, c2sPort: number, componentPort: number): unknown {
  const ip = LOOPBACK;
  return {
    hosts: [domain],
    loglevel: 'info',
    auth_method: 'internal',
    // The client library (0.13) does not wait for its own SCRAM since sasl-scram-sha-1 1.4 computes it asynchronously.
    disable_sasl_mechanisms: ['scram-sha-1', 'scram-sha-256', 'scram-sha-512', 'digest-md5'],
    listen: [
      { port: c2sPort, ip, module: 'ejabberd_c2s', access: 'all' },
      { port: componentPort, ip, module: 'ejabberd_service', access: 'all', hosts: { [component]: { password: secret } } },
    ],
    modules: { mod_roster: {}, mod_disco: {}, mod_ping: {}, mod_offline: {}, mod_caps: {} },
  };
}

/** Erlang that waits for the listeners and makes the accounts. */
function registration({ domain, users }: EjabberdOptions): string {
  const accounts = Object.entries(users).map(([user, password]) => `ok = ejabberd_auth:try_register(<<"${user}">>, <<"${domain}">>, <<"${password}">>)`);
  const started = 'Wait = fun(F) -> case lists:keymember(ejabberd, 1, application:which_applications()) of true -> ok; false -> timer:sleep(50), F(F) end end, Wait(Wait)';
  return `${[started, ...accounts, 'io:format("accounts are there~n")'].join(', ')}.`;
}
