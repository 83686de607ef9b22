import type { SipeUser } from './support/sipe-user';
import { START_MS } from './support/recovery';
import { describeWithSipe } from './support/sipe-suite';
import { SipeWorld } from './support/sipe-world';
import type { XmppUser } from './support/xmpp-user';
import { adds, errorFor, isAskedBy, readsTexts, sees, shows, writes } from './support/xmpp-steps';

const { BOB } = SipeWorld;
const NOBODY = { bareJid: 'nobody@example.com' };
/** SIPE refreshes so short a subscription when it ends (microsoft-observed B). */
const EXPIRES_SECONDS = 5;

const uriOf = ({ bareJid }: { readonly bareJid: string }): string => `sip:${bareJid}`;

/** What goes wrong or crosses between the real client of Microsoft's dialect and an XMPP client, and how both get over it. */
describeWithSipe('SIPE and an XMPP client in trouble', () => {
  let scene: SipeWorld;
  let bob: SipeUser;

  beforeAll(async () => {
    scene = await SipeWorld.start({
      mode: '2007',
      frontEnd: ['--rr-tag'],
      users: ['ann', 'ali', 'amy', 'abe', 'ada', 'art', 'ava'],
      store: 'redis',
      availability: { minExpiresSeconds: 1, maxExpiresSeconds: EXPIRES_SECONDS },
    });
    bob = scene.bob;
  }, START_MS);

  afterAll(() => scene?.stop());

  async function bobSees(user: XmppUser): Promise<void> {
    bob.command(`add ${uriOf(user)}`);
    expect(await bob.sees(uriOf(user))).toBe('offline');
    await isAskedBy(user, BOB, 'subscribed');
    expect(await bob.sees(uriOf(user))).toBe('available');
  }

  test('observed A10: the look-up of group chat at sign-in gets 404', async () => {
    const groupChat = { bareJid: 'ocschat@example.com' };
    const [invite] = await scene.crossing(1, 'to isthmus', 'INVITE', groupChat);
    await scene.world.gateway.logged(new RegExp(`"callId":"${invite?.callId}","method":"INVITE","status":404`));
    const [ack] = await scene.crossing(1, 'to isthmus', 'ACK', groupChat);
    expect(ack?.callId).toBe(invite?.callId);
  });

  test('ERR-1, ADDR-3: Bob writes to somebody whom neither side knows: he is told, and one round ends it', async () => {
    bob.command(`im ${uriOf(NOBODY)} Hello?`);
    expect((await bob.event('im-error', { who: uriOf(NOBODY) }))['text']).toMatch(/offline|not be delivered/i);
    expect(await scene.requests('to isthmus', 'INVITE', NOBODY)).toHaveLength(1);
    expect(await scene.requests('from isthmus', 'INVITE', NOBODY)).toHaveLength(0);
  });

  test('SEC-8, promise 1: Ann writes to somebody whom neither side knows: an error, after one round', async () => {
    const ann = await scene.world.signIn('ann');
    await writes(ann, NOBODY.bareJid, 'Hello?', 'lost-1');
    expect(await errorFor(ann, 'lost-1')).toBe('item-not-found');
    expect(await scene.requests('from isthmus', 'INVITE', NOBODY)).toHaveLength(1);
    await adds(ann, NOBODY.bareJid);
    await ann.takePresence(NOBODY.bareJid, 'unsubscribed');
    expect(await scene.requests('from isthmus', 'SUBSCRIBE', NOBODY)).toHaveLength(1);
  });

  test('PRES-25, promise 5: to whom it is denied, Ann looks offline', async () => {
    const ann = await scene.world.signIn('ann');
    bob.command(`add ${uriOf(ann)}`);
    expect(await bob.sees(uriOf(ann))).toBe('offline');
    await isAskedBy(ann, BOB, 'unsubscribed');
    await shows(ann, 'away');
    await writes(ann, BOB, 'I am here, but you do not see me');
    await bob.event('message', { from: uriOf(ann) });
    bob.command('buddies');
    expect(await bob.event('buddy', { who: uriOf(ann) })).toMatchObject({ status: 'offline' });
    await bob.event('buddies-end');
  });

  test('promise 4: Bob blocks Ann and is shown offline to her; unblocked, as he is', async () => {
    const ali = await scene.world.signIn('ali');
    await adds(ali, BOB);
    await ali.takePresence(BOB, 'subscribed');
    expect(await sees(ali, BOB)).toBe('available');
    bob.command(`block ${uriOf(ali)}`);
    expect(await sees(ali, BOB)).toBe('offline');
    bob.command(`unblock ${uriOf(ali)}`);
    expect(await sees(ali, BOB)).toBe('available');
  });

  test('observed A3, promise 1: both write at once; both texts arrive, whoever opened the session', async () => {
    const amy = await scene.world.signIn('amy');
    scene.bench.pause();
    bob.command(`im ${uriOf(amy)} Me first`);
    await bob.event('sent', { who: uriOf(amy) });
    await writes(amy, BOB, 'No, me');
    await scene.world.gateway.logged(/"method":"INVITE","from":"amy@example.com"/);
    scene.bench.resume();
    expect(await readsTexts(amy, BOB, 1)).toEqual(['Me first']);
    await bob.event('message', { from: uriOf(amy), text: 'No, me' });

    await writes(amy, BOB, 'And now?');
    await bob.event('message', { from: uriOf(amy), text: 'And now?' });
    bob.command(`im ${uriOf(amy)} Go on`);
    expect(await readsTexts(amy, BOB, 1)).toEqual(['Go on']);
  });

  test('observed A1, PRES-21: SIPE refreshes its subscription and is told again, by the route that the 200 has echoed', async () => {
    const abe = await scene.world.signIn('abe');
    await bobSees(abe);
    const [first, second] = await scene.crossing(2, 'to isthmus', 'SUBSCRIBE', abe);
    expect(second?.callId).toBe(first?.callId);
    expect(second?.header('To')).toContain(';tag=');
    expect(first?.header('Record-Route')).toContain(';tag=');
    const ok = (await scene.bench.crossed('from isthmus')).find(({ isRequest, callId }) => !isRequest && callId === first?.callId);
    expect(ok?.all('Record-Route')).toEqual(first?.all('Record-Route'));
    expect(await bob.sees(uriOf(abe))).toBe('available');
    await shows(abe, 'away');
    expect(await bob.sees(uriOf(abe))).toBe('away');
  });

  test('promise 3: the front end cuts its connections; texts pass in either direction afterwards', async () => {
    const ada = await scene.world.signIn('ada');
    await writes(ada, BOB, 'one');
    await bob.event('message', { from: uriOf(ada), text: 'one' });
    await scene.bench.control('drop-peers');
    await writes(ada, BOB, 'two');
    await bob.event('message', { from: uriOf(ada), text: 'two' });
    bob.command(`im ${uriOf(ada)} three`);
    expect(await readsTexts(ada, BOB, 1)).toEqual(['three']);
  });

  test('promise 1, promise 4: the client crashes: texts are returned; signed in again, he is reached and seen', async () => {
    const art = await scene.world.signIn('art');
    await bobSees(art);
    await adds(art, BOB);
    await art.takePresence(BOB, 'subscribed');
    expect(await sees(art, BOB)).toBe('available');
    await bob.crash();
    expect(await sees(art, BOB)).toBe('offline');
    await writes(art, BOB, 'Are you there?', 'gone-1');
    expect(await errorFor(art, 'gone-1')).toBe('recipient-unavailable');
    bob = await scene.bench.signIn(BOB);
    expect(await sees(art, BOB)).toBe('available');
    await writes(art, BOB, 'There you are');
    await bob.event('message', { from: uriOf(art), text: 'There you are' });
  });

  test('promise 3, observed A6: the worker is replaced; Bob still sees Ann change, and texts pass', async () => {
    const ava = await scene.world.signIn('ava');
    await bobSees(ava);
    await writes(ava, BOB, 'before');
    await bob.event('message', { from: uriOf(ava), text: 'before' });
    await scene.world.gateway.stop();
    const successor = await scene.world.startWorker('w2');
    // The session ended with the worker; a text that Bob writes into it before he hears of that is refused, and he is told.
    await successor.logged(/"method":"BYE".*"event":"request_answered"/);
    await shows(ava, 'dnd');
    for (let status = ''; status !== 'do-not-disturb'; ) status = await bob.sees(uriOf(ava));
    await writes(ava, BOB, 'after');
    await bob.event('message', { from: uriOf(ava), text: 'after' });
    bob.command(`im ${uriOf(ava)} and after that`);
    expect(await readsTexts(ava, BOB, 1)).toEqual(['and after that']);
  });
});
