import xml from '@xmpp/xml';

import type { Prosody } from '../../../scenarios/support/prosody';
import type { XmppUser } from '../../../scenarios/support/xmpp-user';
import { Bench, DOMAIN, GATEWAY } from './support/bench';
import { PARTITION_NS, stanzaError, workerOfPair } from './support/worker';
import type { Worker } from './support/worker';

const BOB = `bob@${DOMAIN}`;
const BOB_PHONE = `${BOB}/phone`;
const OTHER = 'other.example.com';
const RELOAD = `module:reload("isthmus", "${DOMAIN}")`;
const UNLOAD = `module:unload("isthmus", "${DOMAIN}")`;
const LOAD = `module:load("isthmus", "${DOMAIN}")`;

/** Bob is shown available to the user, once he is on the screen. */
async function showBob(worker: Worker, user: XmppUser): Promise<void> {
  worker.send(xml('presence', { from: BOB_PHONE, to: user.bareJid }));
  await user.takePresence(BOB);
}

async function expectForbidden(worker: Worker, from: string, to: string): Promise<void> {
  worker.sendChat(from, to, 'forged', { id: 'forged' });
  expect(stanzaError(await worker.take('refusal', ({ attrs }) => attrs['id'] === 'forged'))).toBe('auth forbidden');
}

describe('reload and unload with open connections', () => {
  let bench: Bench;
  let prosody: Prosody;
  let ann: XmppUser;
  let worker: Worker;

  beforeAll(async () => {
    bench = await Bench.start(['ann', 'amy'], {
      domainOptions: { isthmus_grace_period: 0.2 },
      extraConfig: `Component "${OTHER}"\ncomponent_secret = "other"`,
    });
    prosody = bench.prosody;
  });
  beforeEach(async () => {
    ann = await bench.login('ann');
    worker = await bench.connect({ worker: 'w1' });
  });
  afterEach(() => bench.disconnectAll());
  afterAll(() => bench.stop());

  test('reload keeps the connections attached, the guard closed and the traffic going', async () => {
    await prosody.shell(RELOAD);
    await ann.sendChat(BOB, 'after reload');
    await worker.takeMessage('after reload');
    await expectForbidden(worker, `amy@${DOMAIN}`, ann.bareJid);
    worker.sendChat(BOB, ann.bareJid, 'back');
    await ann.takeMessage('back');
  });

  test('XD-16: reload keeps the workers\' names', async () => {
    const workers = [worker, await bench.connect({ worker: 'w2' }), await bench.connect({ worker: 'w3' })];
    await prosody.shell(RELOAD);
    for (const user of Array.from({ length: 12 }, (_, index) => `sip${index}@${DOMAIN}`)) {
      await ann.sendChat(user, user);
      const owner = workerOfPair(['w1', 'w2', 'w3'], ann.bareJid, user);
      await workers.find(({ name }) => name === owner)?.takeMessage(user);
    }
  });

  test('XD-10: reload keeps a connection drained', async () => {
    await worker.tell('set', xml('drain', { xmlns: PARTITION_NS }));
    await prosody.shell(RELOAD);
    await ann.sendChat(BOB, 'nobody takes it', 'm1');
    expect(stanzaError(await ann.take('error', ({ attrs }) => attrs['id'] === 'm1'))).toBe('wait remote-server-timeout');
  });

  test('XD-13: reload keeps the memory of questions', async () => {
    const other = await bench.connect({ component: OTHER, secret: 'other' });
    const second = await bench.connect({ worker: 'w2' });
    const asked = [worker, second].map((asker, index) => {
      const id = `question-${index}`;
      asker.send(xml('iq', { type: 'get', id, from: BOB_PHONE, to: `room@${OTHER}` }, xml('ping', { xmlns: 'urn:xmpp:ping' })));
      return { asker, id };
    });
    for (const { id } of asked) await other.take('question', ({ attrs }) => attrs['id'] === id);
    await prosody.shell(RELOAD);
    for (const { asker, id } of asked) {
      other.send(xml('iq', { type: 'result', id, from: `room@${OTHER}`, to: BOB_PHONE }));
      await asker.takeAnswer(id);
    }
  });

  test('reload remembers who was shown available', async () => {
    await showBob(worker, ann);
    await prosody.shell(RELOAD);
    await worker.stream.cut();
    await ann.takePresence(BOB, 'unavailable');
  });

  test('after unload the server\'s strict check is on again: invalid-from', async () => {
    await prosody.shell(UNLOAD);
    try {
      worker.sendChat(`amy@${DOMAIN}`, ann.bareJid, 'forged');
      const error = await worker.take('stream error', ({ name }) => name === 'stream:error');
      expect(error.getChild('invalid-from')).toBeDefined();
      await worker.stream.closed;
      await expect(ann.request(xml('iq', { type: 'get', to: DOMAIN }, xml('ping', { xmlns: 'urn:xmpp:ping' })))).resolves.toBeDefined();
      expect(ann.stanzas.unclaimed.filter((stanza) => stanza.is('message')).map(String)).toEqual([]);
    } finally {
      await prosody.shell(LOAD);
    }
  });

  test('after unload even a missing user may not be spoken for', async () => {
    await prosody.shell(UNLOAD);
    try {
      worker.sendChat(BOB, ann.bareJid, 'forged');
      const error = await worker.take('stream error', ({ name }) => name === 'stream:error');
      expect(error.getChild('invalid-from')).toBeDefined();
    } finally {
      await prosody.shell(LOAD);
    }
  });

  test('a reload that fails leaves the strict check on', async () => {
    const set = (value: number): Promise<string> =>
      prosody.shell(`>require"core.configmanager".set("${DOMAIN}", "isthmus_ping_interval", ${value})`);
    await set(0);
    try {
      await expect(prosody.shell(RELOAD)).rejects.toThrow(/isthmus_ping_interval/);
      worker.sendChat(BOB, ann.bareJid, 'forged');
      const error = await worker.take('stream error', ({ name }) => name === 'stream:error');
      expect(error.getChild('invalid-from')).toBeDefined();
    } finally {
      await set(10);
      await prosody.shell(LOAD);
    }
  });

  test('reload forgets cached accounts: a migrated user is local at once', async () => {
    const isLocal = async (): Promise<unknown> => {
      const answer = await worker.tell('get', xml('account', { xmlns: PARTITION_NS, jid: `eve@${DOMAIN}` }));
      return answer.getChild('account')?.attrs['local'];
    };
    expect(await isLocal()).toBe('false');
    await prosody.writeAccount('eve', 'pencil');
    expect(await isLocal()).toBe('false');
    await prosody.shell(RELOAD);
    expect(await isLocal()).toBe('true');
  });

  test('the shell shows how many connections are live', async () => {
    expect(await prosody.shell(`module:info("isthmus", "${DOMAIN}")`)).toMatch(/1 of 1 connections live/);
  });

  test('unload shows the gateway\'s contacts offline', async () => {
    await showBob(worker, ann);
    await prosody.shell(UNLOAD);
    await ann.takePresence(BOB, 'unavailable');
    await prosody.shell(LOAD);
  });

  test('load takes over connections that are open', async () => {
    await prosody.shell(UNLOAD);
    await prosody.shell(LOAD);
    await ann.sendChat(BOB, 'adopted');
    await worker.takeMessage('adopted');
    await expectForbidden(worker, `amy@${DOMAIN}`, ann.bareJid);
    worker.sendChat(BOB, ann.bareJid, 'may speak');
    await ann.takeMessage('may speak');
  });

  test('a component host that is deactivated loses its connections, and serves again when it is back', async () => {
    await prosody.shell(`host:deactivate("${GATEWAY}")`);
    const error = await worker.take('stream error', ({ name }) => name === 'stream:error');
    expect(error.getChild('host-gone')).toBeDefined();
    await prosody.shell(`host:activate("${GATEWAY}")`);
    const again = await bench.connect({ worker: 'w1' });
    await ann.sendChat(BOB, 'back again');
    await again.takeMessage('back again');
    await expectForbidden(again, `amy@${DOMAIN}`, ann.bareJid);
  });

  test('a restarted server serves whoever connects again', async () => {
    await prosody.restart();
    await worker.stream.closed;
    const [again, user] = [await bench.connect({ worker: 'w1' }), await bench.login('amy')];
    await user.sendChat(BOB, 'after restart');
    await again.takeMessage('after restart');
  });
});

describe('last connection gone: no stale presence (XD-14)', () => {
  let bench: Bench;
  let ann: XmppUser;

  beforeAll(async () => {
    const domainOptions = { isthmus_grace_period: 2, isthmus_ping_interval: 0.5, isthmus_ping_deadline: 2 };
    bench = await Bench.start(['ann', 'amy'], { domainOptions });
  });
  beforeEach(async () => {
    ann = await bench.login('ann');
  });
  afterEach(() => bench.disconnectAll());
  afterAll(() => bench.stop());

  test('XD-14: contacts shown available are shown unavailable, each resource to each watcher', async () => {
    const [worker, amy] = [await bench.connect({ worker: 'w1' }), await bench.login('amy')];
    for (const user of [ann, amy]) await showBob(worker, user);
    worker.send(xml('presence', { from: `carol@${DOMAIN}/desk`, to: ann.bareJid }));
    worker.send(xml('presence', { from: `dave@${DOMAIN}/desk`, to: ann.bareJid }));
    worker.send(xml('presence', { from: `dave@${DOMAIN}/desk`, to: ann.bareJid, type: 'unavailable' }));
    await ann.takePresence(`dave@${DOMAIN}`, 'unavailable');
    await worker.stream.cut();
    expect((await ann.takePresence(BOB, 'unavailable')).attrs['from']).toBe(BOB_PHONE);
    await ann.takePresence(`carol@${DOMAIN}`, 'unavailable');
    await amy.takePresence(BOB, 'unavailable');
    // Dave had left already: a second farewell would come with the others.
    await ann.request(xml('iq', { type: 'get', to: DOMAIN }, xml('ping', { xmlns: 'urn:xmpp:ping' })));
    expect(ann.stanzas.unclaimed.filter(({ attrs }) => String(attrs['from']).startsWith('dave@') && attrs['type'] === 'unavailable')).toEqual([]);
  });

  test('XD-14: a reconnection within the grace period changes nothing', async () => {
    const worker = await bench.connect({ worker: 'w1' });
    await showBob(worker, ann);
    await worker.stream.cut();
    const again = await bench.connect({ worker: 'w1' });
    // Six pings, half a second apart: the grace period of two seconds is over.
    for (let ping = 0; ping < 6; ping += 1) await again.takePing();
    again.sendChat(BOB, ann.bareJid, 'quick');
    await ann.takeMessage('quick');
    expect(ann.stanzas.unclaimed.filter(({ attrs }) => attrs['from'] === BOB_PHONE && attrs['type'] === 'unavailable')).toEqual([]);
  });

  test('XD-14: a second connection that stays keeps the contacts', async () => {
    const [dying, staying] = [await bench.connect({ worker: 'w1' }), await bench.connect({ worker: 'w2' })];
    await showBob(dying, ann);
    await dying.stream.cut();
    for (let ping = 0; ping < 6; ping += 1) await staying.takePing();
    staying.sendChat(BOB, ann.bareJid, 'still');
    await ann.takeMessage('still');
    expect(ann.stanzas.unclaimed.filter(({ attrs }) => attrs['from'] === BOB_PHONE && attrs['type'] === 'unavailable')).toEqual([]);
  });

  test('XD-11, XD-14: a silent last connection counts as gone, and is told so when it returns', async () => {
    const worker = await bench.connect({ worker: 'w1' });
    await showBob(worker, ann);
    worker.stream.pause();
    await ann.takePresence(BOB, 'unavailable');
    worker.stream.resume();
    const told = await worker.takePing((ping) => ping.getChild('ping')?.attrs['contacts'] === 'withdrawn');
    expect(told.attrs['from']).toBe(DOMAIN);
    await showBob(worker, ann);
    const next = await worker.takePing((ping) => ping.getChild('ping')?.attrs['contacts'] === undefined);
    expect(next.attrs['id']).not.toBe(told.attrs['id']);
  });

  test('XD-14: presence given to a room is taken back as well', async () => {
    const room = 'lobby@conference.example.com';
    const rooms = await Bench.start(['ann'], {
      domainOptions: { isthmus_grace_period: 0.2 },
      extraConfig: 'Component "conference.example.com" "muc"\nmuc_room_locking = false',
    });
    try {
      const [user, worker] = [await rooms.login('ann'), await rooms.connect({ worker: 'w1' })];
      const join = xml('x', { xmlns: 'http://jabber.org/protocol/muc' });
      await user.sendPresence({ to: `${room}/ann` }, join);
      await user.take('own presence', ({ attrs }) => attrs['from'] === `${room}/ann`);
      worker.send(xml('presence', { from: BOB_PHONE, to: `${room}/bob` }, join));
      await user.take('bob in the room', ({ attrs }) => attrs['from'] === `${room}/bob` && attrs['type'] === undefined);
      await worker.stream.cut();
      await user.take('bob leaves', ({ attrs }) => attrs['from'] === `${room}/bob` && attrs['type'] === 'unavailable');
    } finally {
      await rooms.stop();
    }
  });
});

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
