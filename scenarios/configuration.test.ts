import { isthmus } from './support/gateway';

const MINIMAL = `
domain: example.com
xmpp: { component: isthmus.example.com, secret: { file: secret } }
sip: { server: { type: embedded, listen: [{ transport: tcp, port: 5060 }] } }
routes: [{ name: lync, host: 192.0.2.10, dialect: microsoft }]
`;
const WRONG = `
domain: 'user@example.com'
colour: blue
xmpp: { component: isthmus.example.com, secret: { env: A, file: B }, port: 99999 }
sip: { server: { type: asterisk }, allow: [192.0.2.0/33] }
routes: [{ name: 'a b', host: x, dialect: klingon, prot: 1 }]
store: { type: mysql }
`;
const WRONG_PATHS = [
  ...['domain', 'colour', 'xmpp.secret', 'xmpp.port', 'sip.server.type', 'sip.allow.0'],
  ...['routes.0.name', 'routes.0.dialect', 'routes.0.prot', 'store.type'],
];

/** Runs a command with `text` as the configuration file. */
const withConfig = (command: string, text: string, files: Readonly<Record<string, string>> = {}, ...more: string[]) =>
  isthmus([command, ...more, '--config', '{dir}/isthmus.yaml'], { ...files, 'isthmus.yaml': text });

describe('usage', () => {
  test.each([
    ['nothing', [], 'no command is given'],
    ['an unknown command', ['start'], 'there is no command "start"'],
    ['no configuration', ['run'], 'run needs --config FILE'],
    ['an unknown option', ['run', '--colour'], '--colour'],
    ['too many words', ['run', 'now', '--config', 'x'], '"now" is too much'],
    ['nothing to print for', ['print-config', '--config', 'x'], 'print-config needs to know for what'],
    ['something unknown to print for', ['print-config', 'sendmail', '--config', 'x'], 'nothing can be printed for "sendmail"'],
  ])('%s: exit code 2, one line that says so, and the usage', async (_what, args, message) => {
    const { code, output } = await isthmus(args);
    expect(code).toBe(2);
    expect(output.split('\n')[0]).toContain(message);
    expect(output.split('\n')[1]).toBe('usage:');
  });

  test.each([
    ['--version', /^isthmus \d+\.\d+\.\d+\n$/],
    ['--help', /^usage:/],
  ])('%s: exit code 0', async (option, text) => {
    const { code, output } = await isthmus([option]);
    expect(code).toBe(0);
    expect(output).toMatch(text);
  });
});

describe('a configuration that is wrong', () => {
  test.each(['check-config', 'run'])('%s: exit code 1, and everything that is wrong with its path', async (command) => {
    const { code, output } = await withConfig(command, WRONG);
    const lines = output.trimEnd().split('\n');
    expect(code).toBe(1);
    expect(lines[0]).toMatch(/^isthmus: \S+isthmus\.yaml cannot be used:$/);
    const paths = lines.slice(1).map((line) => line.trim().split(': ')[0]);
    expect(paths.sort()).toEqual([...WRONG_PATHS].sort());
  });

  test.each([
    ['no YAML', 'domain: [\n  a: b', /line 2, column \d+: not valid YAML/],
    ['an empty file', '', /domain: is missing/],
    ['plain text', 'isthmus', /expected object, received string/],
    ['a secret that is not there', MINIMAL, /xmpp\.secret: the file secret cannot be read \(no such file\)/],
  ])('%s: exit code 1 and one message', async (_what, text, message) => {
    const { code, output } = await withConfig('run', text);
    expect(code).toBe(1);
    expect(output).toMatch(message);
    expect(output).not.toMatch(/^\s+at /m); // no stack
  });

  test('no file: exit code 1 and one message', async () => {
    const { code, output } = await isthmus(['run', '--config', '{dir}/nowhere.yaml']);
    expect({ code, lines: output.trimEnd().split('\n').length }).toEqual({ code: 1, lines: 2 });
    expect(output).toContain('no such file');
  });
});

describe('a configuration that is right', () => {
  test('check-config says so: exit code 0', async () => {
    const { code, output } = await withConfig('check-config', MINIMAL, { secret: 'hush' });
    expect(code).toBe(0);
    expect(output).toContain('nothing is wrong');
  });
});
