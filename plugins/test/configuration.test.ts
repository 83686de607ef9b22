import { Bench, DOMAIN, GATEWAY } from './support/bench';

const BOB = `bob@${DOMAIN}`;
const LOAD = `module:load("isthmus", "${DOMAIN}")`;

describe('configuration that cannot work', () => {
  const WRONG: readonly (readonly [string, Record<string, string | number>, RegExp])[] = [
    ['the domain itself as component', { isthmus_component: DOMAIN }, /isthmus_component = "example.com" must be the name of a Component/],
    ['a ping interval of zero', { isthmus_ping_interval: 0 }, /isthmus_ping_interval must be a number greater than 0/],
  ];

  test.each(WRONG)('%s: one clear line, and the strict check stays', async (_, domainOptions, message) => {
    const bench = await Bench.start(['ann'], { partitioned: false, domainOptions: { isthmus_component: GATEWAY, ...domainOptions } });
    try {
      await expect(bench.prosody.shell(LOAD)).rejects.toThrow(message);
      const worker = await bench.connect();
      worker.sendChat(BOB, `ann@${DOMAIN}`, 'forged');
      const error = await worker.take('stream error', ({ name }) => name === 'stream:error');
      expect(error.getChild('invalid-from')).toBeDefined();
    } finally {
      await bench.stop();
    }
  });

  test('no component named', async () => {
    const bench = await Bench.start([], { partitioned: false });
    try {
      await expect(bench.prosody.shell(LOAD)).rejects.toThrow(/set isthmus_component = "\.\.\."/);
    } finally {
      await bench.stop();
    }
  });

  test('a component that serves another domain already, and loading on a Component', async () => {
    const bench = await Bench.start([], { extraConfig: `VirtualHost "second.example.com"\nisthmus_component = "${GATEWAY}"` });
    try {
      await expect(bench.prosody.shell('module:load("isthmus", "second.example.com")')).rejects.toThrow(/already serves example.com/);
      await expect(bench.prosody.shell(`module:load("isthmus", "${GATEWAY}")`)).rejects.toThrow(/VirtualHost/);
    } finally {
      await bench.stop();
    }
  });

  test('a component that is not configured is named in the log', async () => {
    const bench = await Bench.start([], { domainOptions: { isthmus_component: 'absent.example.com' }, partitioned: false });
    try {
      await bench.prosody.shell(LOAD);
      await bench.prosody.logLine(/The configuration has no line: Component "absent.example.com"/);
    } finally {
      await bench.stop();
    }
  });
});
