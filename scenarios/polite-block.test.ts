import { allows, asksFor, Cast, refuses, shows, unclaimedFrom } from './support/cast';
import type { Couple } from './support/cast';
import { bobAdds, CLOSED, OPEN } from './support/contact-list';
import type { WatchWish } from './support/sip-person';
import type { SipMessage } from './support/sip-message';

/** PRES-25 and the manual's polite blocking: who is denied sees a user who is offline, in every detail. */

const CHANGING = new Set(['via', 'from', 'to', 'call-id', 'cseq', 'contact', 'content-length']);

/** All that a client could tell one answer from another by, the names of the two users aside. */
function fingerprint(message: SipMessage): unknown {
  const neutral = (text: string): string => text.replace(/(ann|bob)\d+@/g, '$1@').replace(/(expires=|ID-|P-)[0-9a-f]+/g, '$1');
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

  /** Ann lets Bob see her, and has gone. */
  async function offline(): Promise<Couple> {
    const couple = await cast.couple();
    const watch = await bobAdds(couple);
    await couple.ann.sendPresence({ type: 'unavailable' });
    await couple.bob.isTold(watch);
    return couple;
  }

  it('a new subscription to one who denies and to one who is offline are the same (PRES-25)', async () => {
    expect(await looksAnew(await denied())).toEqual(await looksAnew(await offline()));
  });

  it('so is a single look (PRES-25, PRES-29)', async () => {
    expect(await looksAnew(await denied(), { expires: 0 })).toEqual(await looksAnew(await offline(), { expires: 0 }));
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
