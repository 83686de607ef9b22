import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from '../../../scenarios/support/certificates';
import { anchorOptions, readAnchorSettings } from '../src/anchor/settings';
import { ConfigError } from '../src/config/load';

const FLAGS = ['--drachtio', '127.0.0.1:9022', '--listen', '127.0.0.1:9023', '--secret-file', '/run/secrets/drachtio'];

describe('the page of an anchor', () => {
  test('is beside that of a worker on the same machine, whose port is another one', () => {
    expect(readAnchorSettings(FLAGS).http).toEqual({ host: '127.0.0.1', port: 9471 });
  });

  test('is where the command line says', () => {
    expect(readAnchorSettings([...FLAGS, '--http', '[::1]:9500']).http).toEqual({ host: '::1', port: 9500 });
  });
});

describe('what is wrong is told before anything starts, all of it, with what to do', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'isthmus-anchor-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const problemsOf = (args: readonly string[]): readonly string[] => {
    try {
      anchorOptions(readAnchorSettings(args));
    } catch (error) {
      if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
      throw error;
    }
    return [];
  };

  test('secrets that are not given: by which flag', () => {
    expect(problemsOf([])).toEqual([
      'anchor.drachtio.secret: is missing (on the command line: --drachtio-secret-file FILE; without it, that of --secret-file counts)',
      'anchor.secret: is missing (on the command line: --secret-file FILE)',
    ]);
  });

  test('a setting that there is none', () => {
    const secret = file('secret', 'x');
    const config = file('anchor.yaml', `anchor: { drachtio: { secret: { file: ${secret} } }, secret: { file: ${secret} }, pairSecond: 3 }`);
    expect(problemsOf(['--config', config])).toEqual(['anchor.pairSecond: there is no such setting']);
  });

  test('a certificate and the key of another one', () => {
    const authority = Authority.create();
    const { certificate } = authority.issue({});
    const { key } = authority.issue({});
    const problems = problemsOf(['--secret-file', file('secret', 'x'), '--tls-certificate', certificate, '--tls-key', key]);
    authority.remove();
    expect(problems).toEqual([`anchor.tls.key: the key in ${key} does not belong to the certificate in ${certificate}`]);
  });
});
