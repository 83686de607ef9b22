import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settings, writeConfigPage } from '../../../scripts/docs-config';
import { metrics, writeMetricsPage } from '../../../scripts/docs-metrics';
import { writeSizingPage } from '../../../scripts/docs-sizing';
import { methodLabel } from '../src/metrics';
import { logCallsIn, type LogCall } from './support/log-calls';

const DOCS = join(__dirname, '../../../docs');
const page = (name: string): string => readFileSync(join(DOCS, name), 'utf8');
const REGENERATE = 'node -r ./scripts/register.cjs scripts/docs.ts';

describe('docs/config.md', () => {
  test(`is what the schema says (else: ${REGENERATE})`, () => {
    expect(page('config.md')).toBe(writeConfigPage());
  });

  test('every setting is described', () => {
    expect(settings().filter(({ description }) => description === '')).toEqual([]);
    expect(settings().length).toBeGreaterThan(60);
  });

  test('every duration and size has its unit in the name', () => {
    const numbers = settings().filter(({ value, path }) => value.startsWith('number') && !/(port|database|priority|weight)$/i.test(path));
    const unnamed = numbers.filter(({ path }) => !/(Contacts|Undecided|Seconds|Bytes|PerSecond|Messages|Dialogs|Resources|Events|Pairs|Entries|Watchers|Handshakes|PerMinute|Milliseconds|Percent|Users|Connections|Fields|Transactions|Workers|Requests|Stalls)$/.test(path));
    expect(unnamed).toEqual([]);
  });
});

describe('docs/metrics.md', () => {
  test(`is what the registry says (else: ${REGENERATE})`, () => {
    expect(page('metrics.md')).toBe(writeMetricsPage());
  });

  test('names follow the rules of Prometheus: our prefix, counters end in _total, times in _seconds', () => {
    for (const { name, type } of metrics()) {
      expect(name).toMatch(/^isthmus_[a-z_]+$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      expect(name.endsWith('_seconds')).toBe(type === 'histogram');
    }
  });

  test('promise 6: a peer cannot make series by inventing methods', () => {
    expect(['INVITE', 'SUBSCRIBE', 'FOO1', 'invite', '__proto__'].map(methodLabel)).toEqual(['INVITE', 'SUBSCRIBE', 'other', 'other', 'other']);
  });
});

describe('docs/sizing.md', () => {
  test(`is what the arithmetic says (else: ${REGENERATE})`, () => {
    expect(page('sizing.md')).toBe(writeSizingPage());
  });
});

describe('docs/log-fields.md', () => {
  const packages = ['gateway', 'xmpp', 'sip', 'sipd', 'anchor'] as const;
  const text = page('log-fields.md');

  interface Line {
    readonly event: string;
    readonly levels: readonly string[];
    readonly fields: readonly string[];
  }

  /** What the page says of a package. */
  function documented(name: string): Line[] {
    const section = text.split(/^## /m).find((each) => each.startsWith(`${name}\n`)) ?? '';
    return [...section.matchAll(/^\| `(\w+)` \| ([a-z, ]+) \|([^|]*)\|/gm)].map(([, event = '', levels = '', fields = '']) => ({
      event,
      levels: levels.trim().split(', ').sort(),
      fields: [...fields.matchAll(/`(\w+)`/g)].map(([, field = '']) => field).sort(),
    }));
  }

  /** What the sources say, all calls of one event together. */
  function written(name: string): Line[] {
    const lines = new Map<string, { levels: Set<string>; fields: Set<string> }>();
    for (const call of logCallsIn(name)) {
      for (const event of call.levels.length === 0 ? [] : call.events) {
        const line = lines.get(event) ?? { levels: new Set(), fields: new Set() };
        for (const level of call.levels) line.levels.add(level);
        for (const field of call.fields) line.fields.add(field);
        lines.set(event, line);
      }
    }
    return [...lines].map(([event, { levels, fields }]) => ({ event, levels: [...levels].sort(), fields: [...fields].sort() }));
  }

  const byEvent = (one: Line, other: Line): number => (one.event < other.event ? -1 : 1);

  test.each(packages)('the events of %s, their levels and fields are those of the sources', (name) => {
    expect(documented(name).sort(byEvent)).toEqual(written(name).sort(byEvent));
  });

  test('every field that is used is explained, and nothing else', () => {
    const section = text.split(/^## /m).find((each) => each.startsWith('Fields\n')) ?? '';
    const rows = [...section.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, names = '']) => [...names.matchAll(/`(\w+)`/g)].map(([, field]) => field));
    const used = new Set(packages.flatMap((name) => written(name).flatMap(({ fields }) => fields)));
    expect(rows.sort()).toEqual([...used].sort());
  });

  test('other packages do not log', () => {
    expect(['model', 'rules', 'engine', 'codec', 'store'].flatMap(logCallsIn)).toEqual([]);
  });

  test('first the fields, then a constant event name, at a known level', () => {
    const calls: LogCall[] = packages.flatMap(logCallsIn);
    expect(calls.filter(({ wrong }) => wrong !== undefined)).toEqual([]);
    expect(calls.length).toBeGreaterThan(50);
  });

  test('SEC-15: no field is made for a text, a note or a secret', () => {
    const fields = packages.flatMap((name) => written(name).flatMap((line) => line.fields));
    expect(fields.filter((field) => /body|text|note|secret|password|message|presence|headers/i.test(field))).toEqual([]);
  });
});
