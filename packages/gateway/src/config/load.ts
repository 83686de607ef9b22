import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { aboutDomains, aboutRouting } from './about-domains';
import { aboutStore, storeFileProblems } from './about-store';
import { reasonOf } from './pem-files';
import type { ConfigProblem } from './problem';
import { configSchema, type Config, type SecretRef } from './schema';
import { aboutTls, tlsFileProblems } from './tls';

/** Everything that is wrong with a configuration, at once. */
export class ConfigError extends Error {
  constructor(
    readonly file: string,
    readonly problems: readonly ConfigProblem[],
  ) {
    const lines = problems.map((problem) => `  ${problem.path === '' ? '' : `${problem.path}: `}${problem.message}`);
    super(`${file} cannot be used:\n${lines.join('\n')}`);
    this.name = 'ConfigError';
  }
}

/** Reads, checks and completes a configuration file. Throws `ConfigError` with all problems. */
export function loadConfig(file: string): Config {
  return parseConfig(readText(file), file);
}

/** A file in YAML, not checked any further. Throws `ConfigError`. */
export function readYaml(file: string): Readonly<Record<string, unknown>> {
  const content = parseYaml(readText(file), file);
  return typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : {};
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(file, [{ path: '', message: `cannot be read (${reasonOf(error)})` }]);
  }
}

function parseYaml(text: string, file: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => {
      const at = lines.linePos(error.pos[0]);
      return { path: '', message: `line ${at.line}, column ${at.col}: not valid YAML: ${error.message}` };
    });
    throw new ConfigError(file, problems);
  }
  return document.toJS() ?? {};
}

/** As `loadConfig`, from text. */
export function parseConfig(text: string, file: string): Config {
  const parsed = configSchema.safeParse(parseYaml(text, file), { reportInput: true });
  if (!parsed.success) throw new ConfigError(file, parsed.error.issues.flatMap(problemsOf));
  const problems = contradictions(parsed.data);
  if (problems.length > 0) throw new ConfigError(file, problems);
  return parsed.data;
}

/** Can all secrets be read that the configuration names? Throws `ConfigError` with all problems. */
export function checkSecrets(config: Config, file: string): void {
  const { xmpp, store, sip } = config;
  const refs: (readonly [path: string, ref: SecretRef])[] = [['xmpp.secret', xmpp.secret]];
  if (store.type === 'redis' && store.password !== undefined) refs.push(['store.password', store.password]);
  if (store.type === 'redis' && store.sentinelPassword !== undefined) refs.push(['store.sentinelPassword', store.sentinelPassword]);
  if (sip.server.type === 'drachtio') sip.server.servers.forEach(({ secret }, index) => refs.push([`sip.server.servers.${index}.secret`, secret]));
  const problems: ConfigProblem[] = [...tlsFileProblems(config), ...storeFileProblems(config)];
  for (const [path, ref] of refs) {
    try {
      readSecret(ref, path, file);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ConfigError(file, problems);
}

/** Reads a secret by its reference. Throws `ConfigError` when it is missing or empty; never names the secret itself. */
export function readSecret(ref: SecretRef, path: string, file: string): string {
  const fail = (message: string): never => {
    throw new ConfigError(file, [{ path, message }]);
  };
  if (ref.env !== undefined) {
    const value = process.env[ref.env];
    return value === undefined || value === '' ? fail(`the environment variable ${ref.env} is not set`) : value;
  }
  try {
    const value = readFileSync(ref.file ?? '', 'utf8').trim();
    return value === '' ? fail(`the file ${ref.file} is empty`) : value;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    return fail(`the file ${ref.file} cannot be read (${reasonOf(error)})`);
  }
}

/** One issue of a schema in our words. */
export function problemsOf(issue: z.core.$ZodIssue): ConfigProblem[] {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: path === '' ? key : `${path}.${key}`, message: 'there is no such setting' }));
  }
  if (issue.code === 'invalid_type' && issue.input === undefined) return [{ path, message: `is missing (${issue.message})` }];
  return [{ path, message: issue.message }];
}

/** drachtio takes requests of 12,000 bytes, headers included (drachtio.md DR-16). */
const MAX_DRACHTIO_TEXT = 11_000;

/** What the schema cannot see: settings that are right alone and wrong together. */
function contradictions(config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const { availability, messaging, routes, sip } = config;
  problems.push(...namesUsedTwice('routes', routes), ...namesUsedTwice('sip.peers', sip.peers), ...aboutTls(config));
  if (sip.server.type === 'drachtio') problems.push(...namesUsedTwice('sip.server.servers', sip.server.servers));
  if (availability.minExpiresSeconds > availability.maxExpiresSeconds) {
    problems.push({ path: 'availability.minExpiresSeconds', message: 'must not exceed maxExpiresSeconds' });
  }
  if (availability.retryMinSeconds > availability.retryMaxSeconds) {
    problems.push({ path: 'availability.retryMinSeconds', message: 'must not exceed retryMaxSeconds' });
  }
  if (messaging.deliverWithinSeconds <= sip.inviteTimeoutSeconds) {
    problems.push({ path: 'messaging.deliverWithinSeconds', message: 'must exceed sip.inviteTimeoutSeconds: messages wait while the far user is asked' });
  }
  problems.push(...aboutDomains(config), ...aboutRouting(config), ...aboutStore(config));
  if (sip.server.type === 'drachtio' && config.messaging.maxMessageBytes > MAX_DRACHTIO_TEXT) {
    problems.push({ path: 'messaging.maxMessageBytes', message: `must not exceed ${MAX_DRACHTIO_TEXT} with a drachtio server, which takes no larger requests` });
  }
  routes.forEach((route, index) => {
    if (route.receipts === 'report' && route.dialect === 'microsoft') {
      problems.push({ path: `routes.${index}.receipts`, message: 'report needs dialect simple: the clients of a Microsoft server know no delivery reports' });
    }
    if (route.documents !== undefined && route.dialect === 'simple') {
      problems.push({ path: `routes.${index}.documents`, message: 'needs dialect microsoft: a standard server gets PIDF' });
    }
    if (route.dialect === 'microsoft' && route.transport === 'udp') {
      problems.push({ path: `routes.${index}.transport`, message: 'udp cannot carry what Microsoft servers send, which is larger than a datagram; set tls, or tcp for LCS and OCS' });
    }
    if (route.streamOnly && route.transport === 'udp') {
      problems.push({ path: `routes.${index}.streamOnly`, message: 'contradicts transport udp' });
    }
    if (sip.server.type === 'embedded' && !sip.server.listen.some(({ transport }) => transport === route.transport)) {
      problems.push({ path: `routes.${index}.transport`, message: `${route.transport} needs an entry of sip.server.listen with this transport` });
    }
  });
  return problems;
}

function namesUsedTwice(path: string, list: readonly { readonly name: string }[]): ConfigProblem[] {
  const names = list.map(({ name }) => name);
  return names.flatMap((name, index) => (names.indexOf(name) === index ? [] : [{ path: `${path}.${index}.name`, message: `"${name}" is used twice` }]));
}
