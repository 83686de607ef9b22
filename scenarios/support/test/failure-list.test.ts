import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const SCRIPT = pathToFileURL(join(__dirname, '..', '..', '..', 'scripts', 'failure-list.mjs')).href;
/** Lines that the end of a log shows at least. */
const SHOWN = 200;

const passed = { status: 'passed', fullName: 'that passes', failureMessages: [] };
const failed = (fullName: string, message: string) => ({ status: 'failed', fullName, failureMessages: [message] });
const file = (name: string, ...assertionResults: object[]) => ({ name: `/project/${name}`, status: 'failed', message: '', assertionResults });

/** The list that `npm test` ends with, for such files in jest's result. */
function list(...testResults: object[]): string {
  const program = `import { failureList, failuresOf } from '${SCRIPT}'; process.stdout.write(failureList(failuresOf(${JSON.stringify({ testResults })}, 'servers', '/project')));`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
}

test('each test that failed is named with its project and file, and with its message, without colours', () => {
  const text = list(file('a.test.ts', passed, failed('promise 1: arrives', '\u001b[31mExpected: 1\u001b[39m\n\nReceived: 2')), { ...file('b.test.ts', passed), status: 'passed' });
  expect(text).toBe('FAILED servers: a.test.ts: promise 1: arrives\n    Expected: 1\n    Received: 2\n');
});

test('a file that could not be run is named too', () => {
  expect(list({ ...file('broken.test.ts'), message: 'Cannot find module x' })).toBe('FAILED servers: broken.test.ts\n    Cannot find module x\n');
});

test('of long messages the beginning is shown', () => {
  const lines = list(file('a.test.ts', failed('is long', Array.from({ length: 500 }, (_, n) => `line ${n}`).join('\n')))).split('\n');
  expect([lines[1], lines.length < SHOWN, lines.at(-2)]).toEqual(['    line 0', true, expect.stringMatching(/^ {4}\.\.\. \d+ more lines above$/)]);
});

test('however many failed: the end of the log names every one', () => {
  const many = Array.from({ length: 45 }, (_, n) => failed(`fails (${n})`, Array.from({ length: 30 }, (_line, m) => `line ${m}`).join('\n')));
  const lines = list(file('a.test.ts', ...many)).trimEnd().split('\n');
  expect(lines.length).toBeLessThan(SHOWN);
  for (let n = 0; n < many.length; n += 1) expect(lines.some((line) => line.endsWith(`fails (${n})`))).toBe(true);
});
