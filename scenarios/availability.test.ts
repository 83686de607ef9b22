import xml from '@xmpp/xml';

import { allows, asksFor, Cast, sees, shows } from './support/cast';
import type { Couple } from './support/cast';
import { draftPidf, msrtcPidf, rpidPidf } from './support/presence-documents';
import type { Said } from './support/presence-documents';
import { ONLY } from './support/server-differences';
import type { SipDialog } from './support/sip-dialog';
import { does, takesBack } from './support/xmpp-steps';

/** Which client speaks, in which document, and what a user does: the whole way, on both wires. */

const CATEGORIES = 'application/msrtc-event-categories+xml';
const MSRTC = 'text/xml+msrtc.pidf';
const PIDF = 'application/pidf+xml';
/** As a real client sends it (microsoft-observed B). */
const OF_A_CLIENT = `${CATEGORIES}, ${MSRTC}, application/xpidf+xml, ${PIDF}, application/rlmi+xml, multipart/related`;
const JABBER = xml('c', { xmlns: 'http://jabber.org/protocol/caps', hash: 'sha-1', node: 'http://jabber.cisco.com/caxl', ver: 'v' });

/** Bob watches Ann, and sees her available. */
async function bobWatchesAnn(cast: Cast, accept: string, available: Said): Promise<Couple> {
  const couple = await cast.couple();
  const { ann, bob } = couple;
  await bob.watches(ann.bareJid, { accept });
  await bob.isTold();
  await ann.takePresence(bob.address, 'subscribe');
  await allows(ann, bob);
  await bob.isToldAtLast(available);
  return couple;
}

/** And Ann watches Bob: her server knows that he wants to hear what she does. */
async function eachWatchesTheOther(cast: Cast, accept: string, available: Said): Promise<Couple & { readonly watch: SipDialog }> {
  const couple = await bobWatchesAnn(cast, accept, available);
  const { ann, bob } = couple;
  await asksFor(ann, bob);
  const watch = await bob.letsWatch();
  await bob.tells(watch, rpidPidf(bob.uri, { basic: 'open' }));
  expect((await sees(ann, bob)).available).toBe(true);
  return { ...couple, watch };
}

describe('dialect microsoft, as it comes', () => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect: 'microsoft' })));
  afterAll(() => cast.stop());

  test('the richest document that the client accepts: do not disturb and the note survive, and the note goes again', async () => {
    const { ann, bob } = await bobWatchesAnn(cast, OF_A_CLIENT, { availability: '3500' });
    await shows(ann, 'dnd', 'Writing');
    const notice = await bob.isTold();
    expect(notice.message.header('Content-Type')).toBe(CATEGORIES);
    expect(notice.said).toEqual({ availability: '9500', note: 'Writing' });
    await shows(ann, 'xa');
    expect((await bob.isTold()).said).toEqual({ availability: '15500' });
    await ann.sendPresence({ type: 'unavailable' });
    expect((await bob.isTold()).said).toEqual({ availability: '18500' });
  });

  test('never one that the client does not name', async () => {
    const { ann, bob } = await bobWatchesAnn(cast, `application/xpidf+xml, ${MSRTC}, ${PIDF}`, { availability: '300', activity: '400' });
    await shows(ann, 'dnd');
    const notice = await bob.isTold();
    expect(notice.message.header('Content-Type')).toBe(MSRTC);
    expect(notice.said).toEqual({ availability: '300', activity: '600', state: '9500' });
  });

  test.each([
    ['categories', OF_A_CLIENT, { availability: '3500' }, { availability: '6500', token: 'on-the-phone' }, { availability: '6500', token: 'in-a-meeting' }],
    ['msrtc', MSRTC, { availability: '300', activity: '400' }, { availability: '300', activity: '500' }, { availability: '300', activity: '600' }],
    ['PIDF: Busy (Table 1-8)', PIDF, { basic: 'open' }, { basic: 'open', draft: 'busy' }, { basic: 'open', draft: 'busy' }],
  ])('XEP-0108, XEP-0163: Ann is on the phone, in a meeting, and back: %s', async (_form, accept, available, onThePhone, inMeeting) => {
    const { ann, bob } = await eachWatchesTheOther(cast, accept, available);
    await does(ann, 'talking', 'on_the_phone');
    expect((await bob.isTold()).said).toEqual(onThePhone);
    await does(ann);
    expect((await bob.isTold()).said).toEqual(available);
    await does(ann, 'working', 'in_a_meeting');
    expect((await bob.isTold()).said).toEqual(inMeeting);
    await (ONLY.tellsOfRetraction ? takesBack(ann) : does(ann));
    expect((await bob.isTold()).said).toEqual(available);
  });

  test('XEP-0163: what Ann did before they met is told as well', async () => {
    const { ann, bob } = await cast.couple();
    await does(ann, 'talking', 'on_the_phone');
    await bob.watches(ann.bareJid, { accept: OF_A_CLIENT });
    await bob.isTold();
    await ann.takePresence(bob.address, 'subscribe');
    await allows(ann, bob);
    await bob.isToldAtLast({ availability: '3500' });
    await asksFor(ann, bob);
    await bob.tells(await bob.letsWatch(), rpidPidf(bob.uri, { basic: 'open' }));
    expect((await bob.isTold()).said).toEqual({ availability: '6500', token: 'on-the-phone' });
  });
});

describe("a deployment's own words", () => {
  const tables = {
    toMicrosoft: { jabber: { 'do-not-disturb': 'away' }, 'third-party': { 'extended-away': 'offline' } },
    fromMicrosoft: { jabber: { busy: 'extended-away' } },
    statusTexts: { 'on-the-phone': 'Am Telefon' },
  };
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect: 'microsoft', documents: 'pidf', tables })));
  afterAll(() => cast.stop());

  test('documents: pidf sends four states only, whatever else the client accepts', async () => {
    const { ann, bob } = await bobWatchesAnn(cast, OF_A_CLIENT, { basic: 'open' });
    await shows(ann, 'dnd', 'Writing');
    expect((await bob.isTold()).said).toEqual({ basic: 'open', draft: 'busy' });
  });

  test("toMicrosoft: the row of the client's family counts, and follows the client", async () => {
    const { ann, bob } = await bobWatchesAnn(cast, PIDF, { basic: 'open' });
    await ann.sendPresence({}, xml('show', {}, 'dnd'), JABBER);
    expect((await bob.isTold()).said).toEqual({ basic: 'open', draft: 'away' });
    await ann.sendPresence({}, xml('show', {}, 'dnd'));
    expect((await bob.isTold()).said).toEqual({ basic: 'open', draft: 'busy' });
    await ann.sendPresence({}, xml('show', {}, 'xa'));
    expect((await bob.isTold()).said).toEqual({ basic: 'closed' });
  });

  test('fromMicrosoft: the column is that of the client that watches', async () => {
    const { ann, bob, watch } = await eachWatchesTheOther(cast, PIDF, { basic: 'open' });
    await bob.tells(watch, draftPidf(bob.uri, { basic: 'open', activity: 'busy' }));
    expect(await sees(ann, bob)).toEqual({ available: true, show: 'dnd' });
    await ann.sendPresence({}, JABBER);
    await bob.isTold();
    await bob.tells(watch, draftPidf(bob.uri, { basic: 'open' }));
    expect(await sees(ann, bob)).toEqual({ available: true });
    await bob.tells(watch, draftPidf(bob.uri, { basic: 'open', activity: 'busy' }));
    expect(await sees(ann, bob)).toEqual({ available: true, show: 'xa' });
  });

  test('a setting that XMPP has no word for is told in the status, in our words or theirs, unless he says something himself', async () => {
    const { ann, bob, watch } = await eachWatchesTheOther(cast, PIDF, { basic: 'open' });
    await bob.tells(watch, msrtcPidf(bob.uri, { availability: 300, activity: 500 }));
    expect(await sees(ann, bob)).toEqual({ available: true, show: 'dnd', status: 'Am Telefon' });
    await bob.tells(watch, msrtcPidf(bob.uri, { availability: 300, activity: 300 }));
    expect(await sees(ann, bob)).toEqual({ available: true, show: 'away', status: 'Be right back' });
    await bob.tells(watch, msrtcPidf(bob.uri, { availability: 300, activity: 300, note: 'Coffee' }));
    expect(await sees(ann, bob)).toEqual({ available: true, show: 'away', status: 'Coffee' });
  });
});

describe('dialect simple', () => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect: 'simple' })));
  afterAll(() => cast.stop());

  test('PRES-41, PRES-42, PRES-43: a tuple for each device, with its priority, show and note, and dated', async () => {
    const { ann, bob } = await bobWatchesAnn(cast, PIDF, { basic: 'open' });
    const phone = await cast.world.signIn(ann.bareJid.split('@')[0], 'phone: @/1');
    await phone.sendPresence({}, xml('show', {}, 'away'), xml('status', {}, 'Out'), xml('priority', {}, '5'));
    const { message } = await bob.isToldAtLast({ note: 'Out' });
    const tuples = [...message.text.matchAll(/<tuple id="([^"]*)">(.*?)<\/tuple>/gs)];
    expect(tuples.map(([, id]) => /^ID-[0-9a-f]{16}$/.test(id ?? ''))).toEqual([true, true]);
    expect(tuples[0]?.[2]).toMatch(/<show xmlns="jabber:client">away<\/show>.*<contact priority="0.039">.*<note>Out<\/note><timestamp>[^<]+<\/timestamp>$/s);
    expect(tuples[1]?.[2]).toMatch(/<basic>open<\/basic><\/status><contact priority="0.000">/);
    expect(message.text).not.toContain('phone: @/1');
  });

  test('XEP-0108: on the phone is an activity of RFC 4480', async () => {
    const { ann, bob } = await eachWatchesTheOther(cast, PIDF, { basic: 'open' });
    await does(ann, 'talking', 'on_the_phone');
    expect((await bob.isTold()).said).toEqual({ basic: 'open', rpid: 'on-the-phone' });
  });
});
