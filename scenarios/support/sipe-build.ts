import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const BESIDE_THE_CHECKOUT = resolve(__dirname, '..', '..', '..', 'shared', 'peers', 'sipe');
/** What the build and the run need of the bench; its captures and examples stay where they are. */
const PARTS = ['build.sh', 'mkcerts.sh', 'src'];
const BUILD_DEADLINE_MS = 120_000;

/**
 * The bench with the real client of Microsoft's dialect: the folder that ISTHMUS_SIPE names, or ../shared/peers/sipe beside
 * the checkout. It is not part of the project. Undefined where there is none; with CI set that is an error.
 */
export function sipeBench(env: NodeJS.ProcessEnv = process.env, beside = BESIDE_THE_CHECKOUT): string | undefined {
  const folder = env['ISTHMUS_SIPE'] ?? beside;
  if (existsSync(join(folder, 'src', 'stubfe.py'))) return folder;
  if ((env['CI'] ?? '') === '' && env['ISTHMUS_SIPE'] === undefined) return undefined;
  throw new Error(`the SIPE bench is not in ${folder}: let ISTHMUS_SIPE name its folder`);
}

let building: Promise<string> | undefined;

/** A built copy of the bench, shared by all test processes of this machine: made once for each content of its sources. */
export function builtBench(source: string): Promise<string> {
  building ??= build(source);
  return building;
}

async function build(source: string): Promise<string> {
  const owner = process.getuid?.() ?? 0;
  const place = join(tmpdir(), `isthmus-sipe-${owner}-${(await contentHash(source)).slice(0, 16)}`);
  if (!existsSync(place)) await buildInto(place, source);
  const { uid, mode } = await stat(place);
  if (uid !== owner || (mode & 0o022) !== 0) throw new Error(`${place} is not ours alone: remove it and run again`);
  return place;
}

/** Builds beside the place and renames, so that other processes see a whole bench or none. */
async function buildInto(place: string, source: string): Promise<void> {
  const staging = await mkdtemp(`${place}-`);
  try {
    for (const part of PARTS) await cp(join(source, part), join(staging, part), { recursive: true });
    await run('sh', ['build.sh'], { cwd: staging, timeout: BUILD_DEADLINE_MS });
    await rename(staging, place);
  } catch (cause) {
    await rm(staging, { recursive: true, force: true });
    if (existsSync(place)) return; // another process was first
    throw new Error(`the SIPE bench does not build; "node scripts/setup.mjs test" installs what it needs\n${String(cause)}`, { cause });
  }
}

async function contentHash(source: string): Promise<string> {
  const hash = createHash('sha256');
  for (const path of await filesOf(source)) hash.update(`${path}\0`).update(await readFile(join(source, path)));
  return hash.digest('hex');
}

async function filesOf(source: string): Promise<string[]> {
  const inSource = await readdir(join(source, 'src'), { recursive: true, withFileTypes: true });
  const sources = inSource.filter((entry) => entry.isFile() && !entry.parentPath.includes('__pycache__'));
  const paths = sources.map((entry) => join(entry.parentPath.slice(source.length + 1), entry.name));
  return [...PARTS.filter((part) => part.endsWith('.sh')), ...paths].sort();
}
