import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { parse } from 'yaml';

/** docker-compose.yml as far as this project uses it: after merging, with variables put in (Compose Specification, 12-interpolation). */

export const ROOT = join(__dirname, '..');
/** `$$`, `${NAME}`, `${NAME:-default}`, `${NAME:?message}`. */
const VARIABLE = /\$\$|\$\{(\w+)(?::([-?])([^}]*))?\}/g;

export interface Healthcheck {
  readonly test: readonly string[];
  readonly interval?: string;
}

export interface Service {
  readonly profiles?: readonly string[];
  readonly image?: string;
  readonly build?: string | { readonly context: string; readonly dockerfile?: string; readonly target?: string };
  readonly user?: string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly secrets?: readonly string[];
  readonly networks: readonly string[] | Readonly<Record<string, { readonly aliases?: readonly string[] } | null>>;
  readonly ports?: readonly string[];
  readonly healthcheck?: Healthcheck;
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly container_name?: string;
  readonly depends_on?: unknown;
  readonly logging?: { readonly driver: string; readonly options: Readonly<Record<string, string>> };
  readonly deploy?: { readonly replicas?: number; readonly resources: { readonly limits: Readonly<Record<string, string>> } };
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The file's text; what is in it, not yet read. */
export const composeText = (): string => readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');

/** What .env.example sets. */
export const exampleEnvironment = (): Environment => parseEnv(readFileSync(join(ROOT, '.env.example'), 'utf8'));

/** @throws Error for a variable that must be set and is not */
export function readCompose(environment: Environment, text = composeText()): Compose {
  return filled(parse(text, { merge: true }), environment) as Compose;
}

/** The services of these profiles: those without a profile always run. */
export const servicesOf = ({ services }: Compose, profile: string): readonly (readonly [string, Service])[] =>
  Object.entries(services).filter(([, { profiles }]) => profiles?.includes(profile) ?? true);

/** Names under which other containers find a service: its own and its aliases. */
export function namesOf(name: string, { networks }: Service): readonly string[] {
  return [name, ...(Array.isArray(networks) ? [] : Object.values(networks).flatMap((network) => network?.aliases ?? []))];
}

export const networksOf = ({ networks }: Service): readonly string[] => (Array.isArray(networks) ? (networks as readonly string[]) : Object.keys(networks));

export interface Volume {
  /** A path below the project that begins with a dot, or the name of a volume. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export const volumesOf = ({ volumes = [] }: Service): readonly Volume[] =>
  volumes.map((volume) => {
    const [source = '', target = '', mode] = volume.split(':');
    return { source, target, readOnly: mode === 'ro' };
  });

function filled(value: unknown, environment: Environment): unknown {
  if (typeof value === 'string') return value.replace(VARIABLE, (whole, name?: string, kind?: string, text?: string) => valueOf(environment, name, kind, text));
  if (Array.isArray(value)) return value.map((each) => filled(each, environment));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(each, environment)]));
}

function valueOf(environment: Environment, name?: string, kind?: string, text = ''): string {
  if (name === undefined) return '$';
  const value = environment[name] ?? '';
  if (value !== '' || kind === undefined) return value;
  if (kind === '?') throw new Error(`${name}: ${text}`);
  return text;
}
