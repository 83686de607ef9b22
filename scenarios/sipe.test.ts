import xml from '@xmpp/xml';

import type { SipeUser } from './support/sipe-user';
import { START_MS } from './support/recovery';
import { describeWithSipe } from './support/sipe-suite';
import { SipeWorld } from './support/sipe-world';
import type { XmppUser } from './support/xmpp-user';
import { adds, does, isAskedBy, isToldChatState, readsTexts, sees, shows, subscriptionOf, tellsChatState, writes } from './support/xmpp-steps';

const { BOB } = SipeWorld;
const RECEIPTS = 'urn:xmpp:receipts';
const TEXTS = [
  ['UTF-8, emoji and markup', `Grüße 😀 <b>bold</b> &amp; "two" 'one' 日本`],
  ['8 KB', 'All work and no play. '.repeat(400).slice(0, 8_000).trim()],
] as const;

/** Table 1-5: what Bob sets, and what Ann's XMPP client is shown. */
const TABLE_1_5 = [
  ['Busy', 'busy', 'dnd'],
  ['Do Not Disturb', 'do-not-disturb', 'dnd'],
  ['Be Right Back', 'be-right-back', 'away'],
  ['Away', 'away', 'away'],
  ['Appear Offline', 'invisible', 'offline'],
  ['Available', 'available', 'available'],
] as const;

/** What Ann sets, and what Bob's client shows: Table 1-8, but for what a richer document than PIDF says (decision 016). */
const FROM_ANN = [
  ['Away', 'away', 'away'],
  ['Do Not Disturb', 'dnd', 'do-not-disturb'],
  ['Extended Away', 'xa', 'away'],
  ['Available', 'available', 'available'],
  ['Offline', 'offline', 'offline'],
] as const;

/** The real client of Microsoft's dialect, behind each generation of server. */
describeWithSipe('SIPE and an XMPP client of one domain', () => {
  describe.each(['2007', '2005', 'sfb'] as const)('mode %s', (mode) => {
    let scene: SipeWorld;
    let bob: SipeUser;
    let ann: XmppUser;
    let amy: XmppUser;
    let abe: XmppUser;
    const uriOf = ({ bareJid }: XmppUser): string => `sip:${bareJid}`;

    beforeAll(async () => {
      scene = await SipeWorld.start({ mode, users: ['ann', 'amy', 'abe'] });
      bob = scene.bob;
      ann = await scene.world.signIn('ann');
      amy = await scene.world.signIn('amy');
      abe = await scene.world.signIn('abe');
    }, START_MS);

    afterAll(() => scene?.stop());

    describe('see each other', () => {
      test('PRES-20 to PRES-23, observed A1: Bob adds Ann; he sees her when she has allowed it', async () => {
        bob.command(`add ${uriOf(ann)}`);
        expect(await bob.sees(uriOf(ann))).toBe('offline');
        await isAskedBy(ann, BOB, 'subscribed');
        expect(await bob.sees(uriOf(ann))).toBe('available');
      });

      test('PRES-1, PRES-3: Ann adds Bob; now each sees the other', async () => {
        await adds(ann, BOB);
        await ann.takePresence(BOB, 'subscribed');
        expect(await sees(ann, BOB)).toBe('available');
        expect(await subscriptionOf(ann, BOB)).toBe('both');
      });

      test.each(FROM_ANN)('Ann is %s', async (_, state, shown) => {
        await shows(ann, state);
        expect(await bob.sees(uriOf(ann))).toBe(shown);
      });

      test('PRES-11: Ann comes back and is shown Bob as he is', async () => {
        await shows(ann, 'available');
        expect([await bob.sees(uriOf(ann)), await sees(ann, BOB)]).toEqual(['available', 'available']);
      });

      test('Ann writes a note, changes it and takes it back: Bob reads each', async () => {
        await ann.sendPresence({}, xml('status', {}, 'at lunch'));
        expect(await bob.reads(uriOf(ann), /at lunch/)).toBe('available');
        await ann.sendPresence({}, xml('show', {}, 'away'), xml('status', {}, 'back at two'));
        expect(await bob.reads(uriOf(ann), /back at two/)).toBe('away');
        await shows(ann, 'available');
        expect(await bob.reads(uriOf(ann), /^$/)).toBe('available');
      });

      test('XEP-0108: Ann is on the phone, and then not', async () => {
        await does(ann, 'talking', 'on_the_phone');
        expect(await bob.reads(uriOf(ann), /In a call/)).toBe('busy');
        await does(ann);
        expect(await bob.reads(uriOf(ann), /^$/)).toBe('available');
      });

      test.each(TABLE_1_5)('Table 1-5: Bob sets %s', async (_, status, shown) => {
        bob.command(`status ${status}`);
        expect(await sees(ann, BOB)).toBe(shown);
      });

      test('Table 1-5: Bob signs out and is Offline; signed in again, each sees the other', async () => {
        await bob.stop();
        expect(await sees(ann, BOB)).toBe('offline');
        bob = await scene.bench.signIn(BOB);
        expect(await sees(ann, BOB)).toBe('available');
        expect(await bob.sees(uriOf(ann))).toBe('available');
      });
    });

    describe('chat', () => {
      test.each(TEXTS)('IM-20: Ann writes to Bob: %s', async (_, text) => {
        await writes(amy, BOB, text);
        expect(await bob.event('message')).toMatchObject({ from: uriOf(amy), text });
      });

      test.each(TEXTS)('IM-21: Bob writes to Ann: %s', async (_, text) => {
        bob.command(`im ${uriOf(amy)} ${text}`);
        expect(await readsTexts(amy, BOB, 1)).toEqual([text]);
      });

      test('promise 2, observed A9: several at once keep their order, in either direction', async () => {
        const texts = ['one', 'two', 'three', 'four', 'five'];
        for (const text of texts) bob.command(`im ${uriOf(ann)} ${text}`);
        expect(await readsTexts(ann, BOB, texts.length)).toEqual(texts);
        await Promise.all(texts.map((text) => writes(ann, BOB, text)));
        for (const text of texts) expect(await bob.event('message')).toMatchObject({ from: uriOf(ann), text });
      });

      test('IM-25: each sees the other typing, and stop', async () => {
        await tellsChatState(amy, BOB, 'composing');
        await bob.event('typing', { from: uriOf(amy), state: 'typing' });
        await tellsChatState(amy, BOB, 'paused');
        await bob.event('typing', { from: uriOf(amy), state: 'stopped' });

        bob.command(`typing ${uriOf(amy)} on`);
        await isToldChatState(amy, BOB, 'composing');
        bob.command(`typing ${uriOf(amy)} off`);
        await isToldChatState(amy, BOB, 'paused');
      });

      test('IM-4: formatted text arrives as plain text', async () => {
        bob.command(`imhtml ${uriOf(amy)} <b>bold</b> &amp; <i>slanted</i>`);
        expect(await readsTexts(amy, BOB, 1)).toEqual(['bold & slanted']);
      });

      test('IM-23: Bob closes the window; the next text of either opens a new session', async () => {
        const session = await scene.session(amy);
        bob.command(`close ${uriOf(amy)}`);
        await scene.world.gateway.logged(new RegExp(`"callId":"${session}","on":"sip.bye"`));
        await isToldChatState(amy, BOB, 'gone');
        await writes(amy, BOB, 'Are you still there?');
        await bob.event('message', { text: 'Are you still there?' });
        const next = await scene.session(amy);
        expect(next).not.toBe(session);

        bob.command(`close ${uriOf(amy)}`);
        bob.command(`im ${uriOf(amy)} Yes, I am.`);
        expect(await readsTexts(amy, BOB, 1)).toEqual(['Yes, I am.']);
        expect(await scene.session(amy)).not.toBe(next);
      });

      test('IM-23, observed A4: Ann leaves; an INVITE of Bob with the Call-ID of her ended session opens a new one', async () => {
        await writes(abe, BOB, 'A word, and gone');
        await bob.event('message', { from: uriOf(abe) });
        const session = await scene.session(abe);
        await tellsChatState(abe, BOB, 'gone');
        const { gateway } = scene.world;
        await gateway.logged(new RegExp(`"method":"BYE".*"callId":"${session}".*"event":"request_sent"`));
        const bye = gateway.lines.find(({ event, method, callId }) => event === 'request_sent' && method === 'BYE' && callId === session);
        await gateway.logged(new RegExp(`"trace":"${String(bye?.trace)}","method":"BYE","status":200`));

        bob.command(`im ${uriOf(abe)} Wait!`);
        expect(await readsTexts(abe, BOB, 1)).toEqual(['Wait!']);
        const [again] = await scene.requests('to isthmus', 'INVITE', abe);
        expect(again?.callId).toBe(session);
      });

      test('XEP-0184: Ann, who may see Bob, is told that his client has her text', async () => {
        await ann.send(xml('message', { to: BOB, type: 'chat', id: 'r-1' }, xml('body', {}, 'Did you get this?'), xml('request', { xmlns: RECEIPTS })));
        await bob.event('message', { from: uriOf(ann), text: 'Did you get this?' });
        await ann.take('receipt', (each) => each.getChild('received', RECEIPTS)?.attrs['id'] === 'r-1');
      });

      test('trap T2: no text of Bob has come twice, though his INVITEs hold the first one of each session', async () => {
        const invites = (await Promise.all([ann, amy, abe].map((user) => scene.requests('to isthmus', 'INVITE', user)))).flat();
        expect(invites.filter((invite) => invite.header('ms-text-format') !== '')).not.toEqual([]);
        bob.command(`im ${uriOf(amy)} The last one`);
        expect(await readsTexts(amy, BOB, 1)).toEqual(['The last one']);
        for (const user of [ann, amy, abe]) expect(user.stanzas.unclaimed.filter((each) => Boolean(each.getChild('body'))).map(String)).toEqual([]);
      });
    });
  });
});
