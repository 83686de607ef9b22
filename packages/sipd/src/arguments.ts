/** The command line of `sipd`. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { SipdOptionError, type SipdOptions, type SipListener, type TimerValues } from './options';
import { NO_SWITCHES, type Switches } from './switches';
import type { TlsOptions } from './tls/options';

export const USAGE = `usage: sipd --admin HOST:PORT --secret-file FILE --sip udp:HOST:PORT --sip tcp:HOST:PORT --sip tls:HOST:PORT
            [--tls-certificate FILE --tls-key FILE --tls-ca FILE [--tls-clients required|optional|none] [--tls-name NAME]]
            [--strict] [--anchor] [--t1 MS] [--switch NAME[=N]]...
switches: ${Object.keys(NO_SWITCHES).join(', ')}`;

function hostPort(what: string, text: string): { host: string; port: number } {
  const found = /^\[?([0-9a-fA-F:.]+?)\]?:(\d{1,5})$/.exec(text);
  if (found === null) throw new SipdOptionError(`${what} "${text}" is not HOST:PORT, for example 127.0.0.1:9022`);
  return { host: found[1] ?? '', port: Number(found[2]) };
}

function listener(text: string): SipListener {
  const [, name, place = ''] = /^([a-z]+):(.+)$/.exec(text) ?? [];
  const protocol = (['udp', 'tcp', 'tls'] as const).find((each) => each === name);
  if (protocol === undefined) throw new SipdOptionError(`--sip "${text}" is not udp:HOST:PORT, tcp:HOST:PORT or tls:HOST:PORT`);
  return { protocol, ...hostPort('--sip', place) };
}

type TlsArguments = { readonly [K in 'tls-certificate' | 'tls-key' | 'tls-ca' | 'tls-clients' | 'tls-name']?: string };

function tlsOf(values: TlsArguments): { tls?: TlsOptions } {
  const given = (name: 'certificate' | 'key' | 'ca'): string => required(`tls-${name}`, values[`tls-${name}`]);
  if (Object.keys(values).every((name) => !name.startsWith('tls-'))) return {};
  const clients = values['tls-clients'] ?? 'required';
  const clientCertificates = (['required', 'optional', 'none'] as const).find((each) => each === clients);
  if (clientCertificates === undefined) throw new SipdOptionError(`--tls-clients "${clients}" is not required, optional or none`);
  const name = values['tls-name'];
  const files = { certificate: given('certificate'), key: given('key'), ca: given('ca') };
  return { tls: { ...files, clientCertificates, ...(name !== undefined && { name }) } };
}

function readSecret(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new SipdOptionError(`cannot read the secret: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function switchOf(text: string): Partial<Switches> {
  const [name = '', value] = text.split('=');
  const known = Object.entries(NO_SWITCHES).find(([key]) => key === name);
  const count = Number(value ?? 1);
  if (known === undefined || !Number.isInteger(count) || count < 0) {
    throw new SipdOptionError(`--switch "${text}" is unknown: expected one of ${Object.keys(NO_SWITCHES).join(', ')}`);
  }
  return { [name]: typeof known[1] === 'number' ? count : count > 0 };
}

function timersOf(t1: string | undefined): { timers?: Partial<TimerValues> } {
  return t1 === undefined ? {} : { timers: { t1: Number(t1) } };
}

function required(name: string, value: string | undefined): string {
  if (value === undefined) throw new SipdOptionError(`--${name} is missing\n${USAGE}`);
  return value;
}

/**
 * Options from the command line.
 * @throws {SipdOptionError} for the first argument that cannot be used
 */
export function readArguments(args: readonly string[]): SipdOptions {
  const text = { type: 'string' } as const;
  const list = { type: 'string', multiple: true } as const;
  const tls = { 'tls-certificate': text, 'tls-key': text, 'tls-ca': text, 'tls-clients': text, 'tls-name': text } as const;
  const options = { admin: text, 'secret-file': text, sip: list, switch: list, t1: text, strict: { type: 'boolean' }, anchor: { type: 'boolean' }, ...tls } as const;
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    throw new SipdOptionError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
  return {
    admin: hostPort('--admin', required('admin', values.admin)),
    secret: readSecret(required('secret-file', values['secret-file'])),
    sip: (values.sip ?? []).map(listener),
    switches: Object.assign({}, ...(values.switch ?? []).map(switchOf)) as Partial<Switches>,
    strict: values.strict ?? false,
    anchor: values.anchor ?? false,
    ...tlsOf(values),
    ...timersOf(values.t1),
  };
}
