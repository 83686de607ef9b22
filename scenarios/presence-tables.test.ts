import { allows, asksFor, Cast, sees, shows } from './support/cast';
import type { Couple, Shown } from './support/cast';
import { draftPidf, msrtcPidf, rpidPidf } from './support/presence-documents';
import type { PresenceDocument, Said } from './support/presence-documents';
import type { SipDialog } from './support/sip-dialog';

/** Each row of the manual's tables and of RFC 8048 and RFC 4480, on both wires. */

type FromSip = readonly [setting: string, document: (uri: string, note: string) => PresenceDocument, shown: Omit<Shown, 'status'>];
type FromXmpp = readonly [setting: string, show: string | undefined, said: Said];

const AVAILABLE = { available: true };
const AWAY = { available: true, show: 'away' };
const BUSY = { available: true, show: 'dnd' };
const EXTENDED_AWAY = { available: true, show: 'xa' };
const OFFLINE = { available: false };

const msrtc = (availability: number, activity: number, state?: number): FromSip[1] => (uri, note) => msrtcPidf(uri, { availability, activity, note, ...(state !== undefined && { state }) });
const draft = (basic: 'open' | 'closed', activity?: string): FromSip[1] => (uri, note) => draftPidf(uri, { basic, note, ...(activity !== undefined && { activity }) });
const rpid = (basic: 'open' | 'closed', activity?: string): FromSip[1] => (uri, note) => rpidPidf(uri, { basic, note, ...(activity !== undefined && { activity }) });
const copied = (show: string): FromSip[1] => (uri, note) => rpidPidf(uri, { basic: 'open', note, show });

const TABLE_1_5_MSRTC: readonly FromSip[] = [
  ['Available', msrtc(300, 400), AVAILABLE],
  ['Away', msrtc(300, 100), AWAY],
  ['Be Right Back', msrtc(300, 300), AWAY],
  ['Busy', msrtc(300, 600), BUSY],
  ['Do Not Disturb', msrtc(300, 600, 9500), BUSY],
  ['Appear Offline', msrtc(0, 100, 18500), OFFLINE],
  ['Offline', msrtc(0, 100), OFFLINE],
];
/** What a Microsoft server's PIDF can say of them. */
const TABLE_1_5_PIDF: readonly FromSip[] = [
  ['Available', draft('open'), AVAILABLE],
  ['Away', draft('open', 'away'), AWAY],
  ['Busy', draft('open', 'busy'), BUSY],
  ['Offline', draft('closed'), OFFLINE],
];
const RFC_4480: readonly FromSip[] = [
  ['open', rpid('open'), AVAILABLE],
  ['busy', rpid('open', 'busy'), BUSY],
  ['on-the-phone', rpid('open', 'on-the-phone'), BUSY],
  ['meeting', rpid('open', 'meeting'), BUSY],
  ['appointment', rpid('open', 'appointment'), BUSY],
  ['presentation', rpid('open', 'presentation'), BUSY],
  ['away', rpid('open', 'away'), AWAY],
  ['lunch', rpid('open', 'lunch'), AWAY],
  ['in-transit', rpid('open', 'in-transit'), AWAY],
  ['sleeping', rpid('open', 'sleeping'), AWAY],
  ['vacation', rpid('open', 'vacation'), EXTENDED_AWAY],
  ['permanent-absence', rpid('open', 'permanent-absence'), EXTENDED_AWAY],
  ['other', rpid('open', 'other'), AVAILABLE],
  ['closed', rpid('closed'), OFFLINE],
  ['closed with an activity', rpid('closed', 'busy'), OFFLINE],
];
const RFC_8048_SHOW: readonly FromSip[] = [
  ['away', copied('away'), AWAY],
  ['xa', copied('xa'), EXTENDED_AWAY],
  ['dnd', copied('dnd'), BUSY],
];

const TABLE_1_8_PIDF: readonly FromXmpp[] = [
  ['Available', undefined, { basic: 'open' }],
  ['Available (free for chat)', 'chat', { basic: 'open' }],
  ['Away', 'away', { basic: 'open', draft: 'away' }],
  ['Extended Away', 'xa', { basic: 'open', draft: 'away' }],
  ['Do Not Disturb', 'dnd', { basic: 'open', draft: 'busy' }],
];
const IN_FULL_MSRTC: readonly FromXmpp[] = [
  ['Available', undefined, { availability: '300', activity: '400' }],
  ['Away', 'away', { availability: '300', activity: '100' }],
  ['Extended Away', 'xa', { availability: '300', activity: '100' }],
  ['Do Not Disturb', 'dnd', { availability: '300', activity: '600', state: '9500' }],
];
const TO_RFC_4480: readonly FromXmpp[] = [
  ['available', undefined, { basic: 'open' }],
  ['free for chat', 'chat', { basic: 'open' }],
  ['away', 'away', { basic: 'open', rpid: 'away', show: 'away' }],
  ['extended away', 'xa', { basic: 'open', rpid: 'away', show: 'xa' }],
  ['do not disturb', 'dnd', { basic: 'open', rpid: 'busy', show: 'dnd' }],
];

/** Ann watches Bob, and sees him offline. */
async function annWatchesBob(cast: Cast): Promise<Couple & { readonly watch: SipDialog }> {
  const couple = await cast.couple();
  await asksFor(couple.ann, couple.bob);
  const watch = await couple.bob.letsWatch();
  await couple.bob.tells(watch, rpidPidf(couple.bob.uri, { basic: 'closed' }));
  await couple.ann.takePresence(couple.bob.address, 'subscribed');
  await sees(couple.ann, couple.bob);
  return { ...couple, watch };
}

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

/** One watch for a whole table: the text of each row makes it news. */
function tableFromSip(cast: () => Cast, title: string, rows: readonly FromSip[]): void {
  describe(title, () => {
    let watched: Awaited<ReturnType<typeof annWatchesBob>>;
    beforeAll(async () => (watched = await annWatchesBob(cast())));

    it.each(rows)('%s', async (setting, documentOf, shown) => {
      const { ann, bob, watch } = watched;
      const answer = await bob.tells(watch, documentOf(bob.uri, `I am ${setting}`));
      expect(answer.status).toBe(200);
      expect(await sees(ann, bob, `I am ${setting}`)).toEqual({ ...shown, status: `I am ${setting}` });
    });
  });
}

interface Form {
  readonly accept: string;
  readonly available: Said;
  readonly offline: Said;
  /** Has the form a place for the user's own text? */
  readonly hasNote: boolean;
}
const PIDF = { accept: 'application/pidf+xml', available: { basic: 'open' }, offline: { basic: 'closed' } } as const;
const DRAFT_FORM: Form = { ...PIDF, hasNote: false };
const RFC_FORM: Form = { ...PIDF, hasNote: true };
const MSRTC_FORM: Form = {
  accept: 'text/xml+msrtc.pidf',
  available: { availability: '300', activity: '400' },
  offline: { availability: '0', activity: '100' },
  hasNote: true,
};

function tableFromXmpp(cast: () => Cast, title: string, rows: readonly FromXmpp[], form: Form): void {
  describe(title, () => {
    let watched: Couple;
    beforeAll(async () => (watched = await bobWatchesAnn(cast(), form.accept, form.available)));

    it.each(rows)('%s', async (setting, show, said) => {
      const { ann, bob } = watched;
      await shows(ann, show, `I am ${setting}`);
      const notice = await bob.isTold();
      expect(notice.substate).toBe('active');
      expect(notice.message.header('Content-Type')).toBe(form.accept);
      expect(notice.said).toEqual(form.hasNote ? { ...said, note: `I am ${setting}` } : said);
    });

    it('Offline (PRES-44: the last resource leaves, the subscription stays)', async () => {
      const { ann, bob } = watched;
      await ann.sendPresence({ type: 'unavailable' });
      const notice = await bob.isTold();
      expect(notice.substate).toBe('active');
      expect(notice.said).toEqual(form.offline);
    });
  });
}

describe('dialect microsoft', () => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect: 'microsoft' })));
  afterAll(() => cast.stop());

  tableFromSip(() => cast, 'Table 1-5, text/xml+msrtc.pidf', TABLE_1_5_MSRTC);
  tableFromSip(() => cast, 'Table 1-5, PIDF in the draft form', TABLE_1_5_PIDF);
  tableFromXmpp(() => cast, 'Table 1-8, PIDF in the draft form', TABLE_1_8_PIDF, DRAFT_FORM);
  tableFromXmpp(() => cast, 'in full, text/xml+msrtc.pidf', IN_FULL_MSRTC, MSRTC_FORM);
});

describe('dialect simple', () => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect: 'simple' })));
  afterAll(() => cast.stop());

  tableFromSip(() => cast, 'RFC 4480 activities', RFC_4480);
  tableFromSip(() => cast, 'RFC 8048 Table 1: show inside the status', RFC_8048_SHOW);
  tableFromXmpp(() => cast, 'RFC 8048 Table 1 with RFC 4480', TO_RFC_4480, RFC_FORM);
});
