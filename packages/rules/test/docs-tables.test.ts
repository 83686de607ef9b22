import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderTables } from '../../../scripts/tables';

const FOLDER = join(__dirname, '..', '..', '..', 'docs', 'tables');
const pages = [...renderTables()];

test.each(pages)('docs/tables/%s says what the table says (else run scripts/tables.ts)', (file, text) => {
  expect(readFileSync(join(FOLDER, file), 'utf8')).toBe(text);
});

test('docs/tables holds no page without a table, and every table file has a page', () => {
  expect(readdirSync(FOLDER).sort()).toEqual(pages.map(([file]) => file).sort());
  const sources = readdirSync(join(__dirname, '..', 'src', 'tables')).filter((file) => file !== 'family.ts');
  expect(pages).toHaveLength(sources.length);
});
