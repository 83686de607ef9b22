import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Every link of the written pages leads to a file, and to a heading where it names one. */

const ROOT = join(__dirname, '..', '..', '..');
const pages = [
  ...readdirSync(ROOT),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name)),
  ...readdirSync(join(ROOT, 'packages')).map((name) => join('packages', name, 'README.md')),
  join('plugins', 'prosody', 'README.md'),
].filter((path) => path.endsWith('.md') && existsSync(join(ROOT, path)));

/** The anchors that a page offers: its headings as repositories show them. */
function anchorsOf(path: string): readonly string[] {
  const headings = [...readFileSync(path, 'utf8').matchAll(/^#+ (.+)$/gm)];
  return headings.map(([, heading = '']) => heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'));
}

function linksOf(page: string): readonly { readonly link: string; readonly path: string; readonly anchor: string | undefined }[] {
  const links = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [file = '', anchor] = link.split('#');
      return { link, path: file === '' ? join(ROOT, page) : join(ROOT, dirname(page), file), anchor };
    });
}

test('there are pages with links to be looked at', () => {
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'CHANGELOG.md', join('docs', 'README.md')]));
  expect(pages.flatMap(linksOf).length).toBeGreaterThan(20);
});

test.each(pages)('%s: every link leads somewhere inside the repository', (page) => {
  for (const { link, path, anchor } of linksOf(page)) {
    expect({ link, exists: existsSync(path) }).toEqual({ link, exists: true });
    expect(relative(ROOT, path)).not.toMatch(/^\.\./);
    if (anchor !== undefined) expect(anchorsOf(path)).toContain(anchor);
  }
});

test('every page of docs is in its index', () => {
  const index = readFileSync(join(ROOT, 'docs', 'README.md'), 'utf8');
  const own = readdirSync(join(ROOT, 'docs')).filter((name) => name !== 'README.md');
  for (const name of own) expect(index).toContain(`(${name}`);
});
