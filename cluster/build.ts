import { execFile } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './compose';
import { placeOf, readDockerfile } from './dockerfile';
import type { CopyStep, Stage } from './dockerfile';

const run = promisify(execFile);
/** What this checkout, or the set-up of this machine, has done already by these very commands: its result is taken instead. */
const DONE: readonly (readonly [RegExp, (folder: string) => void])[] = [
  [/^apt-get update/, () => undefined],
  [/^npm install --no-save --ignore-scripts --no-audit --no-fund$/, () => undefined],
  [/^npm run build$/, takeCompiled],
];

/**
 * The steps of the Dockerfile's stages that make something, in clean folders: what each copies passes .dockerignore, each command
 * runs with the folder in the place of its WORKDIR. Only the compilation is taken from this checkout.
 */
export class Build {
  private constructor(
    readonly stages: readonly Stage[],
    private readonly folder: string,
  ) {}

  static async make(dockerfile = join(ROOT, 'Dockerfile')): Promise<Build> {
    const build = new Build(readDockerfile(dockerfile), mkdtempSync(join(tmpdir(), 'isthmus-build-')));
    chmodSync(build.folder, 0o755);
    try {
      for (const stage of build.stages) if (build.isNeeded(stage)) await build.stage(stage);
      return build;
    } catch (error) {
      build.remove();
      throw error;
    }
  }

  /** Where a path of a stage is here: what the base image brings is this machine's. */
  find(stage: string, path: string): string {
    const { workdir = '/' } = this.stages.find(({ name }) => name === stage) ?? {};
    if (path === workdir || path.startsWith(`${workdir}/`)) return join(this.folder, stage, relative(workdir, path));
    if (basename(path) === 'node') return process.execPath;
    throw new Error(`nothing is known of ${path} in stage ${stage}`);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Stages that are an image are not made: what they copy is mounted into the containers. */
  private isNeeded({ name }: Stage): boolean {
    return this.stages.some(({ from, steps }) => from === name || steps.some((step) => step.is === 'copy' && step.from === name));
  }

  private async stage(stage: Stage): Promise<void> {
    const place = join(this.folder, stage.name);
    const base = join(this.folder, stage.from);
    if (existsSync(base)) cpSync(base, place, { recursive: true, verbatimSymlinks: true });
    else mkdirSync(place);
    for (const step of stage.steps) {
      const done = step.is === 'run' ? DONE.find(([command]) => command.test(step.command))?.[1] : undefined;
      if (step.is === 'copy') this.copy(stage, step);
      else if (done !== undefined) done(place);
      else await run('sh', ['-c', step.command], { cwd: place, env: { ...process.env, npm_config_prefer_offline: 'true' } });
    }
  }

  private copy(stage: Stage, step: CopyStep): void {
    if (step.from !== undefined) throw new Error('a stage that makes something copies from the checkout only');
    const ignored = readIgnore();
    for (const source of step.sources) {
      const target = this.find(stage.name, placeOf(step, source).replace(/\/$/, ''));
      mkdirSync(dirname(target), { recursive: true });
      cpSync(join(ROOT, source), target, { recursive: true, filter: (path) => !ignored(relative(ROOT, path)) });
    }
  }
}

/** Does .dockerignore keep this path, or a folder above it, out of images? Knows plain paths and those that begin with **. */
export function readIgnore(): (path: string) => boolean {
  const patterns = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const tests = patterns.map((pattern) => {
    const text = pattern.replace(/^\*\*\//, '').replace(/[.+]/g, '\\$&').replace(/\*/g, '[^/]*');
    return new RegExp(`^${pattern.startsWith('**/') ? '(.*/)?' : ''}${text}(/|$)`);
  });
  return (path) => tests.some((test) => test.test(path));
}

function takeCompiled(folder: string): void {
  for (const name of readdirSync(join(folder, 'packages'))) {
    const compiled = join(ROOT, 'packages', name, 'dist');
    if (!existsSync(compiled)) throw new Error(`packages/${name} is not built: run npm run build`);
    cpSync(compiled, join(folder, 'packages', name, 'dist'), { recursive: true });
  }
}

/** Writes a file that a container gets, readable by all. */
export function writeShared(path: string, text: string, mode = 0o644): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}
