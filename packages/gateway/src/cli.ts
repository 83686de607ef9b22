import { parseArgs } from 'node:util';
import { runAnchor } from './anchor/program';
import { ANCHOR_USAGE, AnchorUsageError } from './anchor/settings';
import { StartError } from './build';
import { checkSecrets, ConfigError, loadConfig } from './config/load';
import type { Config } from './config/schema';
import { examine } from './doctor/doctor';
import { asText } from './doctor/finding';
import { printConfig, PRINTABLE, type Printable } from './print-config';
import { runProgram } from './program';
import { RunFlagError, withRunFlags } from './run-flags';
import { checkUserList } from './users/check';
import { runUsersCommand, USERS_ACTIONS, type UsersAction } from './users/users-command';
import { version } from './version';

const USAGE = `usage:
  isthmus run --config FILE [--name NAME] [--http HOST:PORT]
                                       run a worker until SIGTERM or SIGINT; the flags stand for worker.name and
                                       http, so that workers on one machine can share a file
  isthmus check-config --config FILE   say what is wrong with a configuration, or that nothing is
  isthmus print-config WHAT --config FILE
                                       print what goes into the configuration of the other side;
                                       WHAT: ${PRINTABLE.join(', ')}
  isthmus users ACTION --config FILE   look at and change the list of SIP users, for routing.mode advanced;
                                       ACTION: import LIST, add ADDRESS..., remove ADDRESS..., list, count
  isthmus doctor --config FILE [--http HOST:PORT] [--json]
                                       look at everything the configuration names, and say what is wrong
                                       and what to do; exit code 1 when something does not work; --http: the
                                       page of a worker that was started with that flag
  ${ANCHOR_USAGE}
                                       hold the dialogs of one drachtio server, so that workers can come and go
                                       (docs/anchor.md); COMMAND starts that server, and ends with the anchor
  isthmus --version
`;

/** What went wrong on the command line itself: exit code 2. */
class UsageError extends Error {}

/** Runs one command line; returns the exit code: 0 done, 1 failed, 2 called wrongly. */
export async function main(args: readonly string[], out = process.stdout, err = process.stderr): Promise<number> {
  try {
    if (args[0] === 'anchor' && !args.includes('--help')) return await runAnchor(args.slice(1));
    return await dispatch(args, out);
  } catch (error) {
    if (error instanceof UsageError || error instanceof AnchorUsageError || error instanceof RunFlagError) {
      err.write(`isthmus: ${error.message}\n${USAGE}`);
      return 2;
    }
    if (error instanceof ConfigError || error instanceof StartError) {
      err.write(`isthmus: ${error.message}\n`);
      return 1;
    }
    throw error;
  }
}

async function dispatch(args: readonly string[], out: NodeJS.WritableStream): Promise<number> {
  const { positionals, values } = parse(args);
  const [command, what, ...more] = positionals;
  if (values.version === true) return print(out, `isthmus ${version}\n`);
  if (values.help === true) return print(out, USAGE);
  if (command === undefined) throw new UsageError('no command is given');
  if (!['run', 'check-config', 'print-config', 'doctor', 'users'].includes(command)) throw new UsageError(`there is no command "${command}"`);
  if (command !== 'users' && (more.length > 0 || (what !== undefined && command !== 'print-config'))) throw new UsageError(`"${more[0] ?? what}" is too much`);
  if (values.config === undefined) throw new UsageError(`${command} needs --config FILE`);
  if (command === 'print-config' && !isPrintable(what)) {
    throw new UsageError(what === undefined ? 'print-config needs to know for what' : `nothing can be printed for "${what}"`);
  }
  if (command !== 'run' && values.name !== undefined) throw new UsageError('--name is for run');
  if (command !== 'run' && command !== 'doctor' && values.http !== undefined) throw new UsageError('--http is for run and doctor');
  const action = command === 'users' ? usersAction(what, more) : undefined;
  const config = loadConfig(values.config);
  if (action !== undefined) return print(out, await runUsersCommand(action, more, config, values.config));
  if (command === 'print-config') return print(out, printConfig(what as Printable, config));
  if (command === 'doctor') return runDoctor(withRunFlags(config, { ...(values.http !== undefined && { http: values.http }) }), values.config, values.json === true, out);
  checkSecrets(config, values.config);
  if (command === 'check-config') await checkUserList(config, values.config);
  if (command === 'check-config') return print(out, `${values.config}: nothing is wrong with it\n`);
  return runProgram(config, values.config, (each) => withRunFlags(each, values));
}

async function runDoctor(config: Config, file: string, json: boolean, out: NodeJS.WritableStream): Promise<number> {
  const findings = await examine(config, file);
  print(out, json ? `${JSON.stringify(findings)}\n` : asText(findings));
  return findings.some(({ level }) => level === 'problem') ? 1 : 0;
}

function parse(args: readonly string[]): { positionals: string[]; values: { config?: string; version?: boolean; help?: boolean; json?: boolean; name?: string; http?: string } } {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { config: { type: 'string', short: 'c' }, version: { type: 'boolean' }, help: { type: 'boolean', short: 'h' }, json: { type: 'boolean' }, name: { type: 'string' }, http: { type: 'string' } },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function usersAction(what: string | undefined, args: readonly string[]): UsersAction {
  const action = USERS_ACTIONS.find((each) => each === what);
  if (action === undefined) throw new UsageError(what === undefined ? 'users needs to know what to do' : `users cannot "${what}"`);
  const takes = { import: 'one file', add: 'addresses', remove: 'addresses', list: 'nothing', count: 'nothing' }[action];
  const fits = takes === 'addresses' ? args.length > 0 : args.length === (takes === 'nothing' ? 0 : 1);
  if (!fits) throw new UsageError(`users ${action} takes ${takes}`);
  return action;
}

function isPrintable(what: string | undefined): what is Printable {
  return (PRINTABLE as readonly (string | undefined)[]).includes(what);
}

function print(out: NodeJS.WritableStream, text: string): number {
  out.write(text);
  return 0;
}
