import xml from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

import type { XmppUser } from '../../scenarios/support/xmpp-user';
import { Bench, DOMAIN } from './support/bench';
import { PARTITION_NS, stanzaError } from './support/worker';
import type { Worker } from './support/worker';

const ANN = `ann@${DOMAIN}`;

/** The manual, "Availability Subscriptions and Policy": a request that policy grants is not shown to the user. */
describe('PRES-22, PRES-23: approval in the user\'s name', () => {
  let bench: Bench;
  let worker: Worker;
  let contacts = 0;
  let BOB = '';

  beforeAll(async () => {
    bench = await Bench.start(['ann', 'amy']);
  });
  beforeEach(async () => {
    worker = await bench.connect({ worker: 'w1' });
    contacts += 1;
    BOB = `bob${contacts}@${DOMAIN}`;
  });
  afterEach(() => bench.disconnectAll());
  afterAll(() => bench.stop());

  const approve = (user: string, contact: string): Promise<Element> =>
    worker.tell('set', xml('approve', { xmlns: PARTITION_NS, user, contact }));
  const itemOf = async (user: XmppUser): Promise<Element | undefined> => (await user.roster()).find(({ attrs }) => attrs['jid'] === BOB);
  const presencesOf = (user: XmppUser, type: string): number =>
    user.stanzas.unclaimed.filter((each) => each.is('presence') && each.attrs['type'] === type).length;
  const rosterPush = (user: XmppUser): Promise<Element> =>
    user.take('roster push', (iq) => iq.is('iq') && iq.getChild('query')?.getChild('item')?.attrs['jid'] === BOB);

  test('the contact is in the roster as a watcher, her client is told, the contact gets `subscribed` and her presence', async () => {
    const ann = await bench.login('ann');
    const answer = await approve(`Ann@Example.com/phone`, BOB);
    expect(answer.attrs['type']).toBe('result');
    await worker.takePresence(ANN, BOB, 'subscribed');
    await worker.takePresence(ann.jid, BOB);
    expect((await rosterPush(ann)).getChild('query')?.getChild('item')?.attrs['subscription']).toBe('from');
    expect((await itemOf(ann))?.attrs).toMatchObject({ subscription: 'from' });
    expect(presencesOf(ann, 'subscribe')).toBe(0);
  });

  test('a user who is offline: the roster is changed all the same, and later presence goes to the contact', async () => {
    await approve(`amy@${DOMAIN}`, BOB);
    await worker.takePresence(`amy@${DOMAIN}`, BOB, 'subscribed');
    const amy = await bench.login('amy');
    await worker.takePresence(amy.jid, BOB);
    expect((await itemOf(amy))?.attrs).toMatchObject({ subscription: 'from' });
  });

  test('a request that waits for her is gone: it is not shown at her next sign-in', async () => {
    worker.send(xml('presence', { from: BOB, to: `amy@${DOMAIN}`, type: 'subscribe' }));
    await worker.settle();
    await approve(`amy@${DOMAIN}`, BOB);
    const amy = await bench.login('amy');
    await worker.takePresence(amy.jid, BOB);
    expect(presencesOf(amy, 'subscribe')).toBe(0);
  });

  test('she watches the contact already: the subscription is `both`', async () => {
    const ann = await bench.login('ann');
    await ann.sendPresence({ to: BOB, type: 'subscribe' });
    await worker.takePresence(ANN, BOB, 'subscribe');
    worker.send(xml('presence', { from: BOB, to: ANN, type: 'subscribed' }));
    await ann.takePresence(BOB, 'subscribed');
    await approve(ANN, BOB);
    await worker.takePresence(ANN, BOB, 'subscribed');
    expect((await itemOf(ann))?.attrs).toMatchObject({ subscription: 'both' });
  });

  test('a contact who was let in before is told again, and nothing else changes', async () => {
    const ann = await bench.login('ann');
    await approve(ANN, BOB);
    await worker.takePresence(ANN, BOB, 'subscribed');
    await worker.takePresence(ann.jid, BOB);
    expect((await approve(ANN, BOB)).attrs['type']).toBe('result');
    await worker.takePresence(ANN, BOB, 'subscribed');
    await worker.takePresence(ann.jid, BOB);
    expect((await itemOf(ann))?.attrs).toMatchObject({ subscription: 'from' });
  });

  test('she may withdraw it as she may withdraw what she granted herself', async () => {
    const ann = await bench.login('ann');
    await approve(ANN, BOB);
    await worker.takePresence(ann.jid, BOB);
    await ann.sendPresence({ to: BOB, type: 'unsubscribed' });
    await worker.takePresence(ANN, BOB, 'unsubscribed');
    expect((await itemOf(ann))?.attrs).toMatchObject({ subscription: 'none' });
  });

  test('a contact whom she has blocked (XEP-0191) is not let in, and no request is left behind', async () => {
    const ann = await bench.login('ann');
    const item = xml('item', { jid: BOB });
    await ann.request(xml('iq', { type: 'set' }, xml('block', { xmlns: 'urn:xmpp:blocking' }, item)));
    expect(stanzaError(await approve(ANN, BOB))).toBe('cancel not-allowed');
    await ann.request(xml('iq', { type: 'set' }, xml('unblock', { xmlns: 'urn:xmpp:blocking' }, item)));
    worker.send(xml('presence', { from: BOB, to: ANN, type: 'subscribe' }));
    await ann.takePresence(BOB, 'subscribe');
    expect(worker.stream.elements.unclaimed.filter(({ attrs }) => attrs['to'] === BOB && attrs['type'] === 'subscribed')).toEqual([]);
  });

  test.each([
    ['a user without an account', `nobody@${DOMAIN}`, `bob@${DOMAIN}`, 'cancel item-not-found'],
    ['a user of another domain', 'ann@elsewhere.example', `bob@${DOMAIN}`, 'cancel item-not-found'],
    ['a contact with an account', ANN, `amy@${DOMAIN}`, 'auth forbidden'],
    ['a contact with an account in capitals', ANN, `AMY@${DOMAIN}`, 'auth forbidden'],
    ['the user himself', ANN, ANN, 'auth forbidden'],
    ['a contact of another domain', ANN, 'eve@elsewhere.example', 'auth forbidden'],
    ['a contact without a local part', ANN, DOMAIN, 'modify jid-malformed'],
    ['a user that is no address', 'a b@', `bob@${DOMAIN}`, 'modify jid-malformed'],
    ['no user', undefined, `bob@${DOMAIN}`, 'modify jid-malformed'],
    ['no contact', ANN, undefined, 'modify jid-malformed'],
  ])('%s is refused', async (_what, user, contact, error) => {
    const child = xml('approve', { xmlns: PARTITION_NS, ...(user !== undefined && { user }), ...(contact !== undefined && { contact }) });
    expect(stanzaError(await worker.tell('set', child))).toBe(error);
  });

  test('only the component may ask: neither a user nor a contact through the gateway', async () => {
    const child = () => xml('approve', { xmlns: PARTITION_NS, user: `amy@${DOMAIN}`, contact: BOB });
    const ann = await bench.login('ann');
    await expect(ann.request(xml('iq', { type: 'set', to: DOMAIN }, child()))).rejects.toMatchObject({ condition: 'service-unavailable' });
    expect(stanzaError(await worker.ask('set', `${BOB}/sip`, DOMAIN, child()))).toBe('cancel service-unavailable');
    const amy = await bench.login('amy');
    expect(await itemOf(amy)).toBeUndefined();
  });
});
