import { DOMAIN, GATEWAY, startBench } from './support/bench';

const BOB = `bob@${DOMAIN}`;
const NET = 'example.net';
const LOAD = `module:load("isthmus", "${DOMAIN}")`;

describe('configuration that cannot work', () => {
  const WRONG: readonly (readonly [string, Record<string, string | number>, RegExp])[] = [
    ['the domain itself as component', { isthmus_component: DOMAIN }, /isthmus_component = "example.com" must be the name of a Component/],
    ['a ping interval of zero', { isthmus_ping_interval: 0 }, /isthmus_ping_interval must be a number greater than 0/],
  ];

  test.each(WRONG)('%s: one clear line, and the strict check stays', async (_, domainOptions, message) => {
    const bench = await startBench(['ann'], { partitioned: false, domainOptions: { isthmus_component: GATEWAY, ...domainOptions } });
    try {
      await expect(bench.server.shell(LOAD)).rejects.toThrow(message);
      const worker = await bench.connect();
      worker.sendChat(BOB, `ann@${DOMAIN}`, 'forged');
      const error = await worker.take('stream error', ({ name }) => name === 'stream:error');
      expect(error.getChild('invalid-from')).toBeDefined();
    } finally {
      await bench.stop();
    }
  });

  test('no component named', async () => {
    const bench = await startBench([], { partitioned: false });
    try {
      await expect(bench.server.shell(LOAD)).rejects.toThrow(/set isthmus_component = "\.\.\."/);
    } finally {
      await bench.stop();
    }
  });

  test('a component that serves another domain already, and loading on a Component', async () => {
    const bench = await startBench([], { extraConfig: `VirtualHost "second.example.com"\nisthmus_component = "${GATEWAY}"` });
    try {
      await expect(bench.server.shell('module:load("isthmus", "second.example.com")')).rejects.toThrow(/already serves example.com/);
      await expect(bench.server.shell(`module:load("isthmus", "${GATEWAY}")`)).rejects.toThrow(/VirtualHost/);
    } finally {
      await bench.stop();
    }
  });

  test('a component that is not configured is named in the log', async () => {
    const bench = await startBench([], { domainOptions: { isthmus_component: 'absent.example.com' }, partitioned: false });
    try {
      await bench.server.shell(LOAD);
      await bench.server.logLine(/The configuration has no line: Component "absent.example.com"/);
    } finally {
      await bench.stop();
    }
  });
});

describe('domains that cannot be served', () => {
  test('the component as a domain, and an address as one', async () => {
    for (const name of [GATEWAY, `ann@${NET}`]) {
      const extraConfig = `VirtualHost "${DOMAIN}"\nisthmus_component = "${GATEWAY}"\nisthmus_domains = { "${name}" }`;
      const bench = await startBench([], { partitioned: false, extraConfig });
      try {
        await expect(bench.server.shell(LOAD)).rejects.toThrow(/isthmus_domains holds .* must be the name of a VirtualHost/);
      } finally {
        await bench.stop();
      }
    }
  });

  test('a domain that another instance serves, and one that the server does not have', async () => {
    const extraConfig = `VirtualHost "second.example"\nisthmus_component = "gw.second.example"\nisthmus_domains = { "${NET}" }\nComponent "gw.second.example"`;
    const bench = await startBench([], { furtherDomains: { [NET]: {} }, extraConfig });
    try {
      await expect(bench.server.shell('module:load("isthmus", "second.example")')).rejects.toThrow(/domain example.net is served by the module on example.com already/);
    } finally {
      await bench.stop();
    }
    const lone = await startBench([], { partitioned: false, extraConfig: `VirtualHost "${DOMAIN}"\nisthmus_component = "${GATEWAY}"\nisthmus_domains = { "absent.example" }` });
    try {
      await lone.server.shell(LOAD);
      await lone.server.logLine(/The configuration has no line: VirtualHost "absent.example"/);
    } finally {
      await lone.stop();
    }
  });
});
