import pino from 'pino';
import { Peers } from '../../src/peers/peers';
import type { PeerRule } from '../../src/peers/peer-list';

const RULES: readonly PeerRule[] = [{ name: 'lync', holds: true, domains: ['example.com'], trusted: false, from: ['sip.example.com', '192.0.2.99'] }];

let answers: Map<string, readonly string[] | Error>;
let lines: { readonly event: string; readonly level: string; readonly host: string }[];
let asked: string[];
let peers: Peers;

beforeEach(() => {
  jest.useFakeTimers();
  [lines, asked] = [[], []];
  answers = new Map([['sip.example.com', ['192.0.2.1']]]);
  peers = newPeers(RULES);
});
afterEach(() => {
  peers.stop();
  jest.useRealTimers();
});

function newPeers(rules: readonly PeerRule[]): Peers {
  const log = pino({ messageKey: 'event', formatters: { level: (level) => ({ level }) } }, { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) });
  const lookUp = async (name: string): Promise<readonly string[]> => {
    asked.push(name);
    const answer = answers.get(name) ?? new Error('ENOTFOUND');
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return new Peers({ settings: { rules, refreshMs: 60_000 }, log, lookUp });
}

const nameOf = (address: string) => peers.find({ address })?.name;
const told = () => lines.map(({ level, event }) => `${level} ${event}`);

test('promise 5: after the start a host name lets its addresses in, and addresses need no look-up', async () => {
  expect([nameOf('192.0.2.1'), nameOf('192.0.2.99')]).toEqual([undefined, 'lync']);
  await peers.start();
  expect([nameOf('192.0.2.1'), nameOf('192.0.2.2'), asked]).toEqual(['lync', undefined, ['sip.example.com']]);
});

test('promise 5: a host that moves is followed, and its old address is shut out', async () => {
  await peers.start();
  answers.set('sip.example.com', ['192.0.2.2']);
  await jest.advanceTimersByTimeAsync(59_000);
  expect([nameOf('192.0.2.1'), nameOf('192.0.2.2')]).toEqual(['lync', undefined]);
  await jest.advanceTimersByTimeAsync(1_000);
  expect([nameOf('192.0.2.1'), nameOf('192.0.2.2')]).toEqual([undefined, 'lync']);
});

test('promise 3: while names cannot be looked up the last answer holds; that is told once, and its end', async () => {
  await peers.start();
  answers.set('sip.example.com', new Error('EAI_AGAIN'));
  await jest.advanceTimersByTimeAsync(300_000);
  expect(nameOf('192.0.2.1')).toBe('lync');
  expect(told()).toEqual(['info host_resolved', 'warn host_unresolved']);
  answers.set('sip.example.com', ['192.0.2.3']);
  await jest.advanceTimersByTimeAsync(5_000);
  expect([nameOf('192.0.2.3'), told()]).toEqual(['lync', ['info host_resolved', 'warn host_unresolved', 'info host_resolved']]);
});

test('promise 3: a name that is not known at the start lets its host in soon after it is', async () => {
  answers.clear();
  await peers.start();
  expect(nameOf('192.0.2.1')).toBeUndefined();
  answers.set('sip.example.com', ['192.0.2.1']);
  await jest.advanceTimersByTimeAsync(5_000);
  expect(nameOf('192.0.2.1')).toBe('lync');
});

test('the start does not wait for ever for a silent name server', async () => {
  const silent = new Peers({ settings: { rules: RULES, refreshMs: 60_000 }, log: pino({ level: 'silent' }), lookUp: () => new Promise(() => undefined) });
  let started = false;
  void silent.start().then(() => (started = true));
  await jest.advanceTimersByTimeAsync(4_999);
  expect(started).toBe(false);
  await jest.advanceTimersByTimeAsync(1);
  expect(started).toBe(true);
  silent.stop();
});

test('promise 5: other peers take the place of the old ones, whose names are not looked up any more', async () => {
  await peers.start();
  answers.set('new.example.com', ['192.0.2.7']);
  peers.replace({ rules: [{ name: 'new', holds: true, domains: ['example.com'], trusted: false, from: ['new.example.com'] }], refreshMs: 10_000 });
  expect([nameOf('192.0.2.1'), nameOf('192.0.2.99')]).toEqual([undefined, undefined]);
  await jest.advanceTimersByTimeAsync(0);
  expect([nameOf('192.0.2.1'), nameOf('192.0.2.99'), nameOf('192.0.2.7')]).toEqual([undefined, undefined, 'new']);
  asked = [];
  await jest.advanceTimersByTimeAsync(30_000);
  expect(asked).toEqual(Array(3).fill('new.example.com'));
});

test('after the stop nothing is looked up any more', async () => {
  await peers.start();
  peers.stop();
  asked = [];
  await jest.advanceTimersByTimeAsync(300_000);
  expect(asked).toEqual([]);
});

test('SEC-12: a next hop is its peer\'s, by address or by host name', async () => {
  peers.stop();
  peers = newPeers([...RULES, { name: 'allow', holds: false, domains: ['example.com'], trusted: false, from: ['198.51.100.1', '2001:db8::1'] }]);
  expect(peers.holderOf('sip.example.com')).toBeUndefined();
  await peers.start();
  const hops = ['192.0.2.99', 'SIP.example.com', '192.0.2.1', 'elsewhere.example.com', '198.51.100.1', '[2001:db8::1]'];
  expect(hops.map((host) => peers.holderOf(host))).toEqual(['lync', 'lync', 'lync', undefined, undefined, undefined]);
});

test('promise 5: next hops that were found by other ways are let in, as long as they are next hops', async () => {
  peers.stop();
  peers = newPeers([...RULES, { name: 'allow', holds: false, domains: ['example.com'], trusted: false, from: ['198.51.100.1'] }]);
  peers.nextHopsAre(['192.0.2.99', '203.0.113.1', '2001:db8::7']);
  expect(['192.0.2.99', '203.0.113.1', '2001:db8::7', '198.51.100.1'].map(nameOf)).toEqual(['lync', 'allow', 'allow', 'allow']);
  peers.nextHopsAre(['203.0.113.2']);
  expect(['203.0.113.1', '203.0.113.2'].map(nameOf)).toEqual([undefined, 'allow']);
});

test('promise 6: no more than so many next hops are remembered', () => {
  for (let n = 0; n < 5_000; n += 1) expect(peers.holderOf(`10.0.${n >> 8}.${n & 255}`)).toBeUndefined();
  expect((peers as unknown as { holders: Map<string, unknown> }).holders.size).toBeLessThanOrEqual(1_000);
});

test('SEC-3: an answer to a question of before the peers were changed comes too late to count', async () => {
  const open: ((addresses: readonly string[]) => void)[] = [];
  const settings = { rules: RULES, refreshMs: 60_000 };
  const slow = new Peers({ settings, log: pino({ level: 'silent' }), lookUp: () => new Promise((resolve) => open.push(resolve)) });
  const answer = async (index: number, address: string): Promise<void> => {
    open[index]?.([address]);
    await jest.advanceTimersByTimeAsync(0);
  };
  void slow.start();
  slow.replace(settings);
  await answer(1, '192.0.2.2');
  await answer(0, '192.0.2.1');
  const found = () => ['192.0.2.1', '192.0.2.2'].map((address) => slow.find({ address })?.name);
  expect(found()).toEqual([undefined, 'lync']);
  await jest.advanceTimersByTimeAsync(60_000);
  await answer(2, '192.0.2.1');
  expect(found()).toEqual(['lync', undefined]);
  slow.stop();
});
