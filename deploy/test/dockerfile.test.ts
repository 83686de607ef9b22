import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { Build, readIgnore } from '../../cluster/build';
import { readCompose, exampleEnvironment, ROOT } from '../../cluster/compose';
import { readDockerfile } from '../../cluster/dockerfile';
import { dockerfileOf, imageOf } from '../../cluster/image';

/** What the images are made of. No engine builds them here: their steps are done in clean folders (cluster/build.ts). */

const MEGABYTE = 1024 * 1024;
const compose = readCompose(exampleEnvironment());
const files = [...new Set(Object.values(compose.services).flatMap((service) => dockerfileOf(service) ?? []))];
const published = Object.values(compose.services).flatMap(({ image, build }) => (image === undefined || build !== undefined ? [] : [image]));

describe('the Dockerfiles', () => {
  test.each(files)('%s: nothing is wrong with it, and nothing to warn of', (file) => {
    expect(validate(readFileSync(join(ROOT, file), 'utf8'))).toEqual([]);
  });

  const bases = files.flatMap((file) => {
    const stages = readDockerfile(join(ROOT, file));
    return stages.map(({ from }) => from).filter((from) => !stages.some(({ name }) => name === from));
  });
  test.each([...new Set([...bases, ...published])])('%s is pinned to a full version', (image) => {
    expect(image).toMatch(/^[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z]+)*$/);
  });

  test.each(files)('%s: Debian packages come without what is only recommended, and leave no lists behind', (file) => {
    const commands = readDockerfile(join(ROOT, file)).flatMap(({ steps }) => steps.flatMap((step) => (step.is === 'run' && /apt-get install/.test(step.command) ? [step.command] : [])));
    for (const command of commands) expect(command).toMatch(/apt-get update .*apt-get install -y --no-install-recommends .*rm -rf \/var\/lib\/apt\/lists\/\*/);
  });
});

describe('the images of the program', () => {
  let build: Build;
  beforeAll(async () => (build = await Build.make()));
  afterAll(() => build.remove());
  const copied = (target: string): string => build.find(target === 'packages' ? 'build' : 'production', `/src/${target}`);

  test('small: the program and what it needs when it runs', () => {
    expect((sizeOf(copied('packages')) + sizeOf(copied('node_modules'))) / MEGABYTE).toBeLessThan(40);
    const names = readdirSync(copied('node_modules'));
    for (const name of ['typescript', 'jest', 'eslint', '@swc']) expect(names).not.toContain(name);
    for (const name of readdirSync(copied('packages'))) {
      expect(readdirSync(join(copied('packages'), name)).filter((each) => !['bin', 'dist', 'package.json'].includes(each))).toEqual([]);
      expect(readdirSync(build.find('production', `/src/packages/${name}`))).not.toContain('node_modules'); // it would be left behind
    }
  });

  test.each(['worker', 'sip'])('%s: runs as a user who is not root, and finds the program', (target) => {
    const stage = build.stages.find(({ name }) => name === target);
    expect(stage?.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(stage?.environment['PATH']?.split(':')[0]).toBe('/opt/isthmus/node_modules/.bin');
  });

  test.each([['isthmus', ['--version'], /^isthmus \d/], ['isthmus', ['anchor', '--help'], /isthmus anchor/], ['sipd', ['--help'], /usage: sipd/]] as const)('%s %j starts as nobody', (program, args, words) => {
    const opt = build.find('production', '/src/node_modules/.bin');
    const script = `mount --make-rprivate / && mkdir -p "$0/packages" && mount --bind "$1" "$0/packages" && shift && exec setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs "$@" 2>&1`;
    const place = build.find('production', '/src');
    const run = () => execFileSync('unshare', ['--mount', 'sh', '-c', script, place, copied('packages'), join(opt, program), ...args], { encoding: 'utf8' });
    let output: string;
    try {
      output = run();
    } catch (error) {
      output = String((error as { stdout?: unknown }).stdout);
    }
    expect(output).toMatch(words);
  });

  test('a health check of their own', () => {
    for (const name of ['worker', 'sip1']) {
      const service = compose.services[name];
      if (service === undefined) throw new Error(`there is no service ${name}`);
      const check = service.healthcheck?.test ?? imageOf(service, build).healthcheck;
      expect(check).toEqual(['CMD', 'node', '-e', expect.stringMatching(/127\.0\.0\.1:947\d\/readyz/)]);
    }
  });

  test('nothing secret passes .dockerignore', () => {
    const ignored = readIgnore();
    for (const path of ['deploy/secrets/sip', 'deploy/certs/example.com.key', '.env', '.git/config', 'node_modules/x', 'packages/sip/node_modules/x', 'packages/sip/dist/x', 'packages/sip/test/x.ts']) {
      expect({ path, ignored: ignored(path) }).toEqual({ path, ignored: true });
    }
    for (const path of ['package.json', 'packages/sip/src/links.ts', 'deploy/drachtio/start.sh', '.env.example']) expect(ignored(path)).toBe(false);
  });
});

function sizeOf(path: string): number {
  if (lstatSync(path).isSymbolicLink()) return 0;
  const { size } = statSync(path);
  return statSync(path).isDirectory() ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0) : size;
}
