import xml from '@xmpp/xml';

import { allows, asksFor, Cast, refuses, shows, unclaimedFrom } from './support/cast';
import type { Couple } from './support/cast';
import { decides, setsPolicy } from './support/commands';
import { bobAdds, CLOSED, OPEN } from './support/contact-list';
import type { WatchWish } from './support/sip-person';
import type { SipMessage } from './support/sip-message';

/** PRES-25 and the manual's polite blocking: who is denied sees a user who is offline, in every detail. */

const CHANGING = new Set(['via', 'from', 'to', 'call-id', 'cseq', 'contact', 'content-length']);

/** The time in a document (PRES-42); its form is compared. */
const TIMESTAMP = /(?<=<timestamp>)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z(?=<)/g;

/** All that a client could tell one answer from another by, the names of the two users and the times aside. */
function fingerprint(message: SipMessage): unknown {
  const neutral = (text: string): string => text.replace(/(ann|bob)\d+@/g, '$1@').replace(/(expires=|ID-|P-)[0-9a-f]+/g, '$1').replace(TIMESTAMP, 'TIME');
  const headers = message.headers.map(([name, value]) => (CHANGING.has(name.toLowerCase()) ? name : `${name}: ${neutral(value)}`));
  return [neutral(message.startLine.replace(/sip:\S+ SIP/, 'SIP')), headers, neutral(message.text)];
}

/** Bob subscribes anew: the answer, and what he is told. */
async function looksAnew({ ann, bob }: Couple, { expires = 3600 }: WatchWish = {}): Promise<unknown> {
  const headers = { Event: 'presence', Accept: 'application/pidf+xml', Expires: `${expires}` };
  const { response } = await bob.peer.request('SUBSCRIBE', { from: bob.uri, to: `sip:${ann.bareJid}`, headers });
  return [fingerprint(response), fingerprint((await bob.isTold()).message)];
}

describe.each(['microsoft', 'simple'] as const)('dialect %s', (dialect) => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect })));
  afterAll(() => cast.stop());

  /** Ann has said no before she was seen. */
  async function denied(): Promise<Couple> {
    const couple = await cast.couple();
    const { ann, bob } = couple;
    const watch = await bob.watches(ann.bareJid);
    await bob.isTold(watch);
    await ann.takePresence(bob.address, 'subscribe');
    await refuses(ann, bob);
    if (dialect === 'simple') expect(await bob.isTold(watch)).toMatchObject({ substate: 'active', said: CLOSED });
    return couple;
  }

  /** Bob has seen her, and then she hides from him; the NOTIFY that hides her. */
  async function hides(couple: Couple, how: () => Promise<void>): Promise<unknown> {
    const watch = await bobAdds(couple);
    await how();
    return fingerprint((await couple.bob.isTold(watch)).message);
  }

  /** Ann blocks Bob by her list. */
  async function blocked(): Promise<Couple> {
    const couple = await cast.couple();
    await hides(couple, () => decides(couple.ann, 'block', couple.bob.address));
    return couple;
  }

  /** Ann's list blocks Bob before he has ever asked. */
  async function blockedBefore(): Promise<Couple> {
    const couple = await cast.couple();
    await setsPolicy(couple.ann, { block: [couple.bob.address] });
    return couple;
  }

  /** Ann takes back what she granted. */
  async function revoked(): Promise<Couple> {
    const couple = await cast.couple();
    await hides(couple, () => decides(couple.ann, 'revoke', couple.bob.address));
    return couple;
  }

  /** Ann lets Bob see her, and has gone. */
  async function offline(): Promise<Couple> {
    const couple = await cast.couple();
    const watch = await bobAdds(couple);
    await couple.ann.sendPresence({ type: 'unavailable' });
    await couple.bob.isTold(watch);
    return couple;
  }

  const HIDDEN = [
    ['denies', denied],
    ['has blocked him', blocked],
    ['has blocked him before he came', blockedBefore],
    ['has taken her permission back', revoked],
  ] as const;

  it.each(HIDDEN)('a new subscription to one who %s and to one who is offline are the same (PRES-25)', async (_how, hidden) => {
    expect(await looksAnew(await hidden())).toEqual(await looksAnew(await offline()));
  });

  it.each(HIDDEN)('so is a single look at one who %s (PRES-25, PRES-29)', async (_how, hidden) => {
    expect(await looksAnew(await hidden(), { expires: 0 })).toEqual(await looksAnew(await offline(), { expires: 0 }));
  });

  it('in a running subscription being blocked, being revoked and her going offline are the same (PRES-25)', async () => {
    const going = await cast.couple();
    const gone = await hides(going, () => going.ann.sendPresence({ type: 'unavailable' }));
    for (const action of ['block', 'revoke']) {
      const couple = await cast.couple();
      expect(await hides(couple, () => decides(couple.ann, action, couple.bob.address))).toEqual(gone);
    }
  });

  it('nothing of her is told to one whom she denies, whatever she does (SEC-6)', async () => {
    const couple = await denied();
    const { ann, bob } = couple;
    const { bob: friend } = await cast.couple();
    await bobAdds({ ann, bob: friend });
    await shows(ann, 'dnd');
    await friend.isTold();
    expect(bob.unclaimed('NOTIFY')).toEqual([]);
    const look = await bob.watches(ann.bareJid, { expires: 0 });
    expect((await bob.isTold(look)).said).toEqual(CLOSED);
  });

  it('presence that she directs at one of them is told to nobody else (SEC-6)', async () => {
    const { ann, bob } = await cast.couple();
    const { bob: other } = await cast.couple();
    await bobAdds({ ann, bob });
    await bobAdds({ ann, bob: other });
    await ann.sendPresence({ to: bob.address }, xml('show', {}, 'dnd'), xml('status', {}, 'FOR-BOB-ALONE'));
    expect((await bob.isTold()).message.text).not.toContain('<basic>closed');
    await shows(ann, 'away');
    expect((await other.isTold()).message.text).not.toContain('FOR-BOB-ALONE');
    expect(other.unclaimed('NOTIFY')).toEqual([]);
  });

  it('a denied watcher who asks again disturbs her no more (PRES-22)', async () => {
    const { ann, bob } = await denied();
    const { bob: later } = await cast.couple();
    const watch = await bob.watches(ann.bareJid);
    expect((await bob.isTold(watch)).said).toEqual(CLOSED);
    await later.isTold(await later.watches(ann.bareJid));
    await ann.takePresence(later.address, 'subscribe');
    expect(unclaimedFrom(ann, bob)).toEqual([]);
  });

  it('a refusal can be taken back: she adds him, is asked about him once more, and he sees her (PRES-23, PRES-25)', async () => {
    const { ann, bob } = await denied();
    await asksFor(ann, bob);
    await ann.takePresence(bob.address, 'subscribe');
    await allows(ann, bob);
    await bob.isToldAtLast(OPEN);
  });
});
