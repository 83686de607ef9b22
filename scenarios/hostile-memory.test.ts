import { readFileSync } from 'node:fs';

import xml from '@xmpp/xml';
import fc from 'fast-check';

import { mutated } from '../fuzz/support/mutation';
import { SIP_BYTES } from '../fuzz/support/samples';
import { Cast } from './support/cast';
import type { Couple } from './support/cast';
import { annAdds, open } from './support/contact-list';

/** Promise 7: any bytes, many of them, from both sides: the worker lives, its XMPP stream stays open, its memory stays flat. */

const ROUNDS = 6;
/** Of each kind in a round. */
const MESSAGES = 250;
const DOCUMENTS = 20;
const STANZAS = 20;
/** What a round may leave behind on the average, bytes: 50 kB for each of what it sends would be ten times as much. */
const GROWTH = 1_500_000;
/** A datagram holds no more. */
const MAX_DATAGRAM = 60_000;

let cast: Cast;
beforeAll(async () => (cast = await Cast.start({ dialect: 'simple', nodeArgs: ['--max-old-space-size=128', '--max-semi-space-size=2'] })));
afterAll(() => cast.stop());

const rss = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024;

const LAUGHS = `<!DOCTYPE p [<!ENTITY a "${'ha'.repeat(1_000)}"><!ENTITY b "${'&a;'.repeat(1_000)}">]><presence>&b;</presence>`;
const DOCUMENTS_OF_EVIL = [LAUGHS, '<a>'.repeat(15_000), `<presence ${'a="b" '.repeat(8_000)}/>`, `<presence>${'&#1;'.repeat(12_000)}</presence>`, '\0'.repeat(50_000), '<'.repeat(60_000)];
const BODIES = ['x', '\u2028', '<b>', '&amp;', '{\\rtf1 ', '\u{1f600}', '> '].map((piece) => piece.repeat(3_000 / piece.length));

/** Wrong and right requests in a row, as datagrams; then one that is answered. */
async function throwMessages({ chat }: Couple, seed: number): Promise<void> {
  const { peer } = chat.person;
  const hop = { port: cast.world.sipPort, transport: 'udp' } as const;
  for (const text of fc.sample(mutated(SIP_BYTES), { seed, numRuns: MESSAGES })) await peer.sendBytes(Buffer.from(text.slice(0, MAX_DATAGRAM), 'latin1'), hop);
  expect((await peer.request('OPTIONS', { from: 'sip:bob@example.com', to: 'sip:ann@example.com' })).response.status).toBe(200);
}

async function round(couple: Couple, watch: Awaited<ReturnType<typeof annAdds>>, seed: number): Promise<void> {
  const { ann, bob } = couple;
  await throwMessages(couple, seed);
  for (let count = 0; count < DOCUMENTS; count += 1) {
    const body = DOCUMENTS_OF_EVIL[count % DOCUMENTS_OF_EVIL.length] ?? '';
    expect([200, 400, 413, 415]).toContain((await bob.tells(watch, { contentType: 'application/pidf+xml', body })).status);
  }
  for (let count = 0; count < STANZAS; count += 1) {
    const body = BODIES[count % BODIES.length] ?? '';
    await ann.send(xml('message', { to: bob.address, type: 'chat', id: `m${seed}-${count}` }, xml('body', {}, body), xml('thread', {}, body), xml('subject', {}, body)));
    await couple.chat.hears();
  }
  await bob.tells(watch, open(bob, `round ${seed}`));
}

it('promise 7: memory is flat under rounds of hostile input, and everything goes on', async () => {
  const couple = await cast.couple();
  const watch = await annAdds(couple);
  const { gateway } = cast.world;
  for (let seed = 1; seed <= 3; seed += 1) await round(couple, watch, seed); // warm: caches, compiled code
  const before = rss(gateway.pid);
  for (let seed = 4; seed < 4 + ROUNDS; seed += 1) await round(couple, watch, seed);
  expect(rss(gateway.pid) - before).toBeLessThan(ROUNDS * GROWTH);
  expect(gateway.isRunning).toBe(true);
  expect(gateway.lines.filter(({ event, level }) => level === 'error' || /^xmpp_link_(down|refused)$/.test(event))).toEqual([]);
});
