import { z } from 'zod';
import { configSchema } from '../packages/gateway/src/config/schema';

/** The parts of a JSON Schema that the configuration uses. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly propertyNames?: Schema;
  readonly additionalProperties?: Schema | boolean;
}

/** One setting, or one group of settings. */
export interface Setting {
  readonly path: string;
  readonly value: string;
  /** As it is written in the file; `required` where there is none; empty for a group and for what may be left out. */
  readonly fallback: string;
  readonly description: string;
}

const HEADER = `# Configuration

One YAML file, given by \`--config\`. \`isthmus check-config --config FILE\` tells everything that is wrong with it.
\`config.example.yaml\` shows all of it in place. Unknown settings are errors. Units are in the names. Secrets are never
written into the file: name another file (\`file\`) or an environment variable (\`env\`) that holds the secret.

Generated from \`packages/gateway/src/config/schema.ts\` by \`node -r ./scripts/register.cjs scripts/docs.ts\`.
`;

/** All settings in the order of the schema. \`[]\` stands for each entry of a list. */
export function settings(): readonly Setting[] {
  const root = z.toJSONSchema(configSchema, { io: 'input' }) as Schema;
  return within(root, '');
}

/** docs/config.md. */
export function writeConfigPage(): string {
  const groups = new Map<string, Setting[]>();
  for (const setting of settings()) {
    const name = setting.path.split(/[.[(]/, 1)[0] ?? '';
    groups.set(name, [...(groups.get(name) ?? []), setting]);
  }
  const sections = [...groups].map(([name, rows]) => section(name, rows));
  return `${HEADER}\n${sections.join('\n')}`;
}

function section(name: string, rows: readonly Setting[]): string {
  const lines = rows.map(({ path, value, fallback, description }) => `| \`${path}\` | ${value} | ${fallback} | ${escape(description)} |`);
  return `## ${name}\n\n| setting | value | default | |\n|---|---|---|---|\n${lines.join('\n')}\n`;
}

function within(schema: Schema, path: string): Setting[] {
  const { properties = {}, required = [] } = schema;
  return Object.entries(properties).flatMap(([key, each]) => {
    const own = path === '' ? key : `${path}.${key}`;
    return [row(each, own, required.includes(key)), ...below(each, own)];
  });
}

function below(schema: Schema, path: string): Setting[] {
  if (schema.items?.properties !== undefined) return within(schema.items, `${path}[]`);
  if (schema.oneOf !== undefined) return schema.oneOf.flatMap((each) => within(each, `${path}(${each.properties?.['type']?.const ?? ''})`));
  return within(schema, path);
}

function row(schema: Schema, path: string, required: boolean): Setting {
  const isGroup = schema.properties !== undefined;
  const written = schema.default === undefined || isGroup ? '' : `\`${JSON.stringify(schema.default)}\``;
  return { path, value: valueOf(schema), fallback: required ? 'required' : written, description: schema.description ?? '' };
}

function valueOf(schema: Schema): string {
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum !== undefined) return schema.enum.map((each) => `\`${each}\``).join(', ');
  if (schema.oneOf !== undefined) return `one of ${schema.oneOf.map((each) => `\`${each.properties?.['type']?.const ?? ''}\``).join(', ')}`;
  if (schema.type === 'array') return schema.items?.properties === undefined ? 'list of texts' : 'list';
  if (schema.type === 'integer') return range(schema);
  if (schema.type === 'boolean') return '`true`, `false`';
  if (typeof schema.additionalProperties === 'object') return `for each of ${valueOf(schema.propertyNames ?? {})}: ${valueOf(schema.additionalProperties)}`;
  return schema.properties === undefined ? 'text' : 'group';
}

function range({ minimum, maximum }: Schema): string {
  const most = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  return most === undefined ? `number from ${minimum ?? 0}` : `number from ${minimum ?? 0} to ${most}`;
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|');
}
