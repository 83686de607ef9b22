// Runs everything that proves the project, on a fresh machine too: sets it up, builds, checks, tests.
// Usage: node scripts/test.mjs            all rings
//        node scripts/test.mjs check      what needs no server: types, lint, dependency rules, pure tests
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => join(root, 'node_modules', '.bin', name);
const quick = process.argv[2] === 'check';
const totals = { passed: 0, failed: 0, skipped: 0 };
const scratch = mkdtempSync(join(tmpdir(), 'isthmus-test-'));
let ok = true;

/** Runs one step and stops everything at a step that later ones build upon. */
function step(name, command, args, { fatal = true } = {}) {
  const begun = Date.now();
  process.stdout.write(`== ${name}\n`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error !== undefined) process.stderr.write(`${name}: ${error.message}\n`);
  process.stdout.write(`== ${name}: ${status === 0 ? 'ok' : 'FAILED'} (${((Date.now() - begun) / 1000).toFixed(1)} s)\n`);
  if (status === 0) return;
  ok = false;
  if (fatal) finish();
}

/** Runs rings of the test suite and adds up their counts. A skipped test counts as a failure in continuous integration. */
function jest(projects, workers) {
  const file = join(scratch, `${projects.join('-')}.json`);
  const args = ['--selectProjects', ...projects, '--ci', '--json', `--outputFile=${file}`, `--maxWorkers=${workers}`];
  step(`tests: ${projects.join(', ')}`, bin('jest'), args, { fatal: false });
  try {
    const result = JSON.parse(readFileSync(file, 'utf8'));
    totals.passed += result.numPassedTests;
    totals.failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
    totals.skipped += result.numPendingTests + result.numTodoTests;
  } catch {
    totals.failed += 1;
  }
}

function finish() {
  rmSync(scratch, { recursive: true, force: true });
  if (process.env.CI && totals.skipped > 0) {
    process.stderr.write(`${totals.skipped} tests were skipped: in continuous integration that is a failure\n`);
    ok = false;
  }
  process.stdout.write(`${totals.passed} passed, ${ok ? 0 : Math.max(1, totals.failed)} failed, ${totals.skipped} skipped\n`);
  process.exit(ok ? 0 : 1);
}

if (!quick) step('set-up', process.execPath, [join(root, 'scripts', 'setup.mjs'), 'test']);
step('types', bin('tsc'), ['-b']);
step('types of the tests', bin('tsc'), ['-p', 'tsconfig.tests.json'], { fatal: false });
step('lint', bin('eslint'), ['packages'], { fatal: false });
step('dependency rules', bin('depcruise'), ['packages', '--config', '.dependency-cruiser.cjs'], { fatal: false });
jest(['pure'], 2);
if (!quick) {
  step('lint of the Prosody plug-in', 'luacheck', ['-q', '--config', 'plugins/prosody/.luacheckrc', 'plugins/prosody'], { fatal: false });
  jest(['fuzz'], 1);
  jest(['servers'], 2);
  step('ejabberd plug-in', join(root, 'plugins', 'ejabberd', 'build.sh'), [], { fatal: false });
  jest(['plugins'], 1);
  jest(['ejabberd'], 2);
  jest(['scenarios'], 2);
  jest(['load'], 1);
}
finish();
