// Runs everything that proves the project, on a fresh machine too: sets it up, builds, checks, tests.
// Usage: node scripts/test.mjs            all rings
//        node scripts/test.mjs check      what needs no server: types, lint, dependency rules, pure tests
// What fails does not keep the rest from being run, unless the rest is built upon it; the last lines name every failure.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { failureList, failuresOf } from './failure-list.mjs';

/** Characters of a step's output that are kept for the list of failures. */
const KEPT = 20_000;

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => join(root, 'node_modules', '.bin', name);
const quick = process.argv[2] === 'check';
const totals = { passed: 0, failed: 0, skipped: 0 };
const scratch = mkdtempSync(join(tmpdir(), 'isthmus-test-'));
const failures = [];

/** Runs a command, shows what it says, and gives the end of that. */
function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['inherit', 'pipe', 'pipe'] });
    let said = '';
    for (const [stream, shown] of [[child.stdout, process.stdout], [child.stderr, process.stderr]]) {
      stream.setEncoding('utf8').on('data', (text) => {
        shown.write(text);
        said = (said + text).slice(-KEPT);
      });
    }
    child.once('error', (error) => resolve({ isOk: false, said: error.message }));
    child.once('close', (code, signal) => resolve({ isOk: code === 0, said: `${signal === null ? '' : `ended by ${signal}\n`}${said}` }));
  });
}

/** Runs one step and stops everything at a step that later ones build upon. */
async function step(name, command, args, { fatal = true, failuresIn = (said) => [{ what: name, message: said }] } = {}) {
  const begun = Date.now();
  process.stdout.write(`== ${name}\n`);
  const { isOk, said } = await run(command, args);
  process.stdout.write(`== ${name}: ${isOk ? 'ok' : 'FAILED'} (${((Date.now() - begun) / 1000).toFixed(1)} s)\n`);
  if (isOk) return;
  failures.push(...failuresIn(said));
  if (fatal) finish();
}

/** Runs rings of the test suite and adds up their counts. A skipped test counts as a failure in continuous integration. */
async function jest(projects, workers) {
  const name = `tests: ${projects.join(', ')}`;
  const file = join(scratch, `${projects.join('-')}.json`);
  const args = ['--selectProjects', ...projects, '--ci', '--json', `--outputFile=${file}`, `--maxWorkers=${workers}`];
  const failuresIn = (said) => {
    const found = resultIn(file) === undefined ? [] : failuresOf(resultIn(file), projects.join(', '), root);
    return found.length > 0 ? found : [{ what: `${name}: no test has failed, and yet jest did`, message: said.slice(-KEPT / 10) }];
  };
  await step(name, bin('jest'), args, { fatal: false, failuresIn });
  const result = resultIn(file);
  totals.passed += result?.numPassedTests ?? 0;
  totals.failed += (result?.numFailedTests ?? 1) + (result?.numRuntimeErrorTestSuites ?? 0);
  totals.skipped += (result?.numPendingTests ?? 0) + (result?.numTodoTests ?? 0);
}

function resultIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // jest did not come to its end
  }
}

function finish() {
  rmSync(scratch, { recursive: true, force: true });
  if (process.env.CI && totals.skipped > 0) {
    failures.push({ what: `${totals.skipped} tests were skipped: in continuous integration that is a failure`, message: '' });
  }
  const isOk = failures.length === 0;
  if (!isOk) process.stdout.write(`== what failed\n${failureList(failures)}`);
  process.stdout.write(`${totals.passed} passed, ${isOk ? 0 : Math.max(1, totals.failed)} failed, ${totals.skipped} skipped\n`);
  process.exitCode = isOk ? 0 : 1;
  process.exit();
}

if (!quick) await step('set-up', process.execPath, [join(root, 'scripts', 'setup.mjs'), 'test']);
await step('types', bin('tsc'), ['-b']);
await step('types of the tests', bin('tsc'), ['-p', 'tsconfig.tests.json'], { fatal: false });
await step('lint', bin('eslint'), ['packages'], { fatal: false });
await step('dependency rules', bin('depcruise'), ['packages', '--config', '.dependency-cruiser.cjs'], { fatal: false });
await jest(['pure'], 2);
if (!quick) {
  await step('lint of the Prosody plug-in', 'luacheck', ['-q', '--config', 'plugins/prosody/.luacheckrc', 'plugins/prosody'], { fatal: false });
  await jest(['fuzz'], 1);
  // Their tests wait for servers more than they compute: three at a time keep two cores busy.
  await jest(['servers'], 3);
  await step('ejabberd plug-in', join(root, 'plugins', 'ejabberd', 'build.sh'), [], { fatal: false });
  await jest(['plugins'], 1);
  await jest(['ejabberd'], 3);
  await jest(['scenarios'], 3);
  await jest(['load'], 1);
}
finish();
