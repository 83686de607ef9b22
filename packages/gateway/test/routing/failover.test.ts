import type { SipResult } from '@isthmus/codec';
import fc from 'fast-check';
import { hopAt, type Hop } from '../../src/routing/hop';
import { reasonOf, throughHops, type Patience, type Result } from '../../src/sides/failover';
import { route } from '../support/routes';

const hop = (name: string): Hop => hopAt(route(name), { address: name, port: 5060, priority: 0, weight: 0 });
const [A, B, C] = [hop('a'), hop('b'), hop('c')];

const answered = (status: number, synthetic = false): SipResult => ({ is: 'answered', status, reason: '', headers: {}, body: '', synthetic, sent: {}, server: 'd', owner: 'o' });
const SILENT: Result = { is: 'timeout' };
const UNREACHABLE = answered(503, true);

/** Sends through the hops, each of which does as the script says after so many milliseconds. */
async function send(hops: readonly Hop[], script: Readonly<Record<string, readonly [result: Result, tookMs?: number]>>, limits: { readonly lastSilenceMs?: number } = {}) {
  let clock = 0;
  const tried: string[] = [];
  const patiences: Patience[] = [];
  const over: string[] = [];
  const attempt = await throughHops(hops, {
    send: async ({ host }, patience) => {
      tried.push(host);
      patiences.push(patience);
      const [result, tookMs = 0] = script[host] ?? [answered(200)];
      clock += tookMs;
      return result;
    },
    timeoutMs: 10_000,
    silenceMs: 4_000,
    ...limits,
    now: () => clock,
    mayGoOn: async () => true,
    onFailover: (from, to, why) => over.push(`${from.host} ${to.host} ${why}`),
  });
  return { tried, patiences, over, result: attempt?.result, from: attempt?.hop.host };
}

test.each([
  ['a connection that fails', UNREACHABLE, 'unreachable'],
  ['silence', SILENT, 'silent'],
  ['the silence that our own SIP server has noticed', answered(408, true), 'silent'],
  ['408', answered(408), 'status_408'],
  ['503', answered(503), 'status_503'],
])('promise 1: %s: the next hop gets it', async (_what, result, why) => {
  expect(await send([A, B, C], { a: [result] })).toMatchObject({ tried: ['a', 'b'], over: [`a b ${why}`], from: 'b', result: { status: 200 } });
});

test.each<[string, Result]>([
  ['success', answered(202)],
  ['a refusal', answered(403)],
  ['no such user', answered(404)],
  ['a redirection', answered(302)],
  ['a failure of the server', answered(500)],
  ['a timeout further on', answered(504)],
  ['6xx', answered(603)],
  ['6xx', answered(600)],
  ['an answer that our own SIP server has made for another reason', answered(500, true)],
  ['a sign of life, then nothing', { is: 'timeout', heard: true }],
  ['the loss of our own link', { is: 'timeout', linkLost: true }],
  ['a request that our own SIP server did not send', { is: 'unsent', why: 'no SIP server is connected' }],
  ['our own refusal', { is: 'withheld', fault: {} as never }],
])('%s: no other hop is tried', async (_what, result) => {
  expect(await send([A, B], { a: [result] })).toMatchObject({ tried: ['a'], over: [], from: 'a', result });
});

test('each but the last is left after the set silence, the last has what is left; nothing is tried after the deadline', async () => {
  const all = await send([A, B, C], { a: [SILENT, 4_000], b: [SILENT, 4_000], c: [SILENT, 2_000] });
  expect(all.patiences).toEqual([{ timeoutMs: 10_000, silenceMs: 4_000 }, { timeoutMs: 6_000, silenceMs: 4_000 }, { timeoutMs: 2_000 }]);
  expect(all.tried).toEqual(['a', 'b', 'c']);
  const late = await send([A, B, C], { a: [answered(408), 9_999], b: [SILENT, 1] });
  expect(late).toMatchObject({ tried: ['a', 'b'], from: 'b' });
});

test('a single hop is waited for as long as the request may take, an INVITE only for a sign of life', async () => {
  expect((await send([A], {})).patiences).toEqual([{ timeoutMs: 10_000 }]);
  expect((await send([A], {}, { lastSilenceMs: 5_000 })).patiences).toEqual([{ timeoutMs: 10_000, silenceMs: 5_000 }]);
});

test.each<[string, readonly Result[], string]>([
  ['silence, since it may have arrived there', [SILENT, answered(503), UNREACHABLE], 'a'],
  ['what a hop has said', [UNREACHABLE, answered(503), UNREACHABLE], 'b'],
  ['a timeout beyond it', [answered(503), answered(408), UNREACHABLE], 'b'],
  ['the first of equals', [UNREACHABLE, UNREACHABLE, UNREACHABLE], 'a'],
])('when all fail that is the outcome which says most: %s', async (_what, [a = SILENT, b = SILENT, c = SILENT], from) => {
  expect((await send([A, B, C], { a: [a], b: [b], c: [c] })).from).toBe(from);
});

test('without a hop there is no outcome', async () => {
  expect((await send([], {})).result).toBeUndefined();
});

test('promise 1: whatever the hops do, each is tried at most once, in order, and one outcome comes', async () => {
  const result = fc.constantFrom<Result>(answered(200), answered(404), answered(603), answered(408), answered(503), UNREACHABLE, SILENT, { is: 'timeout', heard: true });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(result, fc.nat(5_000)), { minLength: 1, maxLength: 6 }), async (doings) => {
      const hops = doings.map((_, n) => hop(`h${n}`));
      const sent = await send(hops, Object.fromEntries(doings.map((doing, n) => [`h${n}`, doing])));
      expect(sent.tried).toEqual(hops.map(({ host }) => host).slice(0, sent.tried.length));
      const results = doings.map(([each]) => each);
      const end = results.findIndex((each) => reasonOf(each) === undefined);
      const tried = results.slice(0, sent.tried.length);
      if (end >= 0 && end < tried.length) expect(sent.result).toBe(results[end]);
      else expect(tried).toContain(sent.result);
    }),
  );
});
