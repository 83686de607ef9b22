import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settings } from '../../../scripts/docs-config';
import { metrics } from '../../../scripts/docs-metrics';

/** Promise 6: every bound stands on one page, with its setting, its default and its metric. */
const page = readFileSync(join(__dirname, '../../../docs/limits.md'), 'utf8');
const rows = [...page.matchAll(/^\| (?!what \||---)([^|]+)\|([^|]+)\|([^|]+)\|([^|]*)\|([^|]+)\|$/gm)].map(([, what = '', fallback = '', setting = '', metric = '']) => ({
  what: what.trim(),
  fallback: fallback.trim(),
  names: [...setting.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  metrics: [...metric.matchAll(/`(isthmus_\w+)/g)].map(([, name = '']) => name),
}));
const known = new Map(settings().map((each) => [each.path.replace('(embedded)', ''), each]));

test('every setting that the page names is one', () => {
  expect(rows.length).toBeGreaterThan(40);
  expect(rows.flatMap(({ names }) => names).filter((name) => !known.has(name))).toEqual([]);
});

test('every setting of `limits` and of `sip.server.limits` stands on it', () => {
  const bounds = [...known.values()].filter(({ path, value }) => /^(limits|sip\.server\(embedded\)\.limits)\./.test(path) && value.startsWith('number'));
  const named = new Set(rows.flatMap(({ names }) => names));
  expect(bounds.map(({ path }) => path.replace('(embedded)', '')).filter((path) => !named.has(path))).toEqual([]);
});

test('the defaults are those of the schema', () => {
  const wrong = rows.filter(({ fallback, names }) => {
    const [name = ''] = names;
    const number = /^(?:one in )?(\d+)/.exec(fallback)?.[1];
    return number !== undefined && /^(limits|sip\.server)\./.test(name) && known.get(name)?.fallback !== `\`${number}\``;
  });
  expect(wrong).toEqual([]);
});

test('every metric that it names is one', () => {
  const names = new Set(metrics().map(({ name }) => name));
  expect(rows.flatMap((row) => row.metrics).filter((name) => !names.has(name))).toEqual([]);
});
