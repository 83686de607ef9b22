import { readAnchorSettings } from '../src/anchor/settings';

const FLAGS = ['--drachtio', '127.0.0.1:9022', '--listen', '127.0.0.1:9023', '--secret-file', '/run/secrets/drachtio'];

describe('the page of an anchor', () => {
  test('is beside that of a worker on the same machine, whose port is another one', () => {
    expect(readAnchorSettings(FLAGS).http).toEqual({ host: '127.0.0.1', port: 9471 });
  });

  test('is where the command line says', () => {
    expect(readAnchorSettings([...FLAGS, '--http', '[::1]:9500']).http).toEqual({ host: '::1', port: 9500 });
  });
});
