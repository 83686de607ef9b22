import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const SOURCES = join(ROOT, 'plugins', 'ejabberd', 'src');
const BUILT = join(ROOT, 'build', 'mod_isthmus');

const changedAt = (folder: string, extension: string): number[] =>
  readdirSync(folder).filter((name) => name.endsWith(extension)).map((name) => statSync(join(folder, name)).mtimeMs);

function isCurrent(): boolean {
  if (!existsSync(BUILT)) return false;
  const built = changedAt(BUILT, '.beam');
  const sources = changedAt(SOURCES, 'rl');
  return built.length >= changedAt(SOURCES, '.erl').length && Math.min(...built) >= Math.max(...sources);
}

/** The folder of the compiled plug-in; compiles it when a source is newer. */
export function ejabberdPlugin(): string {
  if (isCurrent()) return BUILT;
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'plugins', 'ejabberd', 'build.sh'), [BUILT], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`plugins/ejabberd/build.sh failed:\n${stdout}${stderr}`);
  return BUILT;
}
