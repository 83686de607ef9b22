import xml from '@xmpp/xml';

import { asksFor, Cast } from './support/cast';
import { freePort } from './support/ports';
import { bounceOf } from './support/stanza-error';
import { DOMAIN, World } from './support/world';

/** SEC-8: nothing goes round. */

describe('two installations that take each other for the SIP server of their domain', () => {
  let left: World;
  let right: World;
  beforeAll(async () => {
    const [leftPort, rightPort] = [await freePort(), await freePort()];
    left = await World.start({ dialect: 'simple', sipPort: leftPort, nextHopPort: rightPort, users: ['ann'] });
    right = await World.start({ dialect: 'simple', sipPort: rightPort, nextHopPort: leftPort, users: ['bob'] });
    for (const world of [left, right]) await world.gateway.logged(/"event":"route_up"/);
  });
  afterAll(() => Promise.all([left?.stop(), right?.stop()]));

  async function requestsTo({ gateway }: World, contact: string): Promise<number> {
    await gateway.caughtUp();
    return gateway.lines.filter(({ event, to }) => event === 'request_sent' && to === contact).length;
  }

  test('a text and a wish to watch for a user whom neither knows end in one round', async () => {
    const ann = await left.signIn('ann');
    await ann.sendChat(`nobody@${DOMAIN}`, 'anybody there?', 'loop');
    expect(await bounceOf(ann, 'loop')).toMatchObject({ condition: 'item-not-found', body: 'anybody there?' });
    await asksFor(ann, { address: `nobody@${DOMAIN}` });
    await ann.takePresence(`nobody@${DOMAIN}`, 'unsubscribed');
    expect([await requestsTo(left, `nobody@${DOMAIN}`), await requestsTo(right, `nobody@${DOMAIN}`)]).toEqual([2, 0]);
  });

  test('a user whom one of them knows is reached', async () => {
    const [ann, bob] = [await left.signIn('ann'), await right.signIn('bob')];
    await ann.sendChat(bob.bareJid, 'across two of them', 'm1');
    const text = await bob.take('text', (stanza) => stanza.getChildText('body') === 'across two of them');
    expect(text.getChild('hops', 'urn:isthmus:hops:0')?.attrs['left']).toBe('69');
  });
});

describe.each(['microsoft', 'simple'] as const)('Max-Forwards, dialect %s', (dialect) => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect })));
  afterAll(() => cast.stop());

  test('is counted on from SIP to XMPP, and from there to SIP, in a session too', async () => {
    const { ann, bob, chat } = await cast.couple();
    await chat.writes('hello', { 'Content-Type': 'text/plain', 'Max-Forwards': '12' });
    const stanza = await ann.take('text', (each) => each.getChildText('body') === 'hello');
    expect(stanza.getChild('hops', 'urn:isthmus:hops:0')?.attrs['left']).toBe('11');
    await ann.send(xml('message', { to: bob.address, type: 'chat', id: 'm1' }, xml('body', {}, 'hi'), xml('hops', { xmlns: 'urn:isthmus:hops:0', left: '5' })));
    const { headers } = await chat.hears();
    expect(headers.find(([name]) => name === 'Max-Forwards')?.[1]).toBe('5');
  });
});
