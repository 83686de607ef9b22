import { asksFor, Cast, sees, unclaimedFrom } from './support/cast';
import { annAdds, AVAILABLE, open } from './support/contact-list';

/** The SIP server decides how long a watch lasts; here it grants seconds, so that the test need not last for hours. */
const GRANTED_SECONDS = 6;

describe.each(['microsoft', 'simple'] as const)('an XMPP user watches for longer than the SIP server grants, dialect %s', (dialect) => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect })));
  afterAll(() => cast.stop());

  it('the watch is refreshed three times, each in the dialog and within the time, and he sees no gap (PRES-7)', async () => {
    const { ann, bob } = await cast.couple();
    await asksFor(ann, bob);
    const granted = { Expires: `${GRANTED_SECONDS}` };
    const watch = await bob.peer.accept(await bob.receive('SUBSCRIBE'), { headers: granted });
    let before = Date.now();
    await bob.tells(watch, open(bob, 'At my desk'));
    expect(await sees(ann, bob, 'At my desk')).toMatchObject(AVAILABLE);
    await ann.takePresence(bob.address, 'subscribed');
    for (let refresh = 1; refresh <= 3; refresh += 1) {
      const incoming = await bob.receive('SUBSCRIBE');
      expect(incoming.message.callId).toBe(watch.callId);
      expect(incoming.message.header('CSeq')).toBe(`${refresh + 1} SUBSCRIBE`);
      expect(Date.now() - before).toBeLessThan(GRANTED_SECONDS * 1_000);
      await bob.peer.reply(incoming, 200, { headers: granted });
      before = Date.now();
      await bob.tells(watch, open(bob, 'At my desk'));
    }
    expect(unclaimedFrom(ann, bob)).toEqual([]);
  });

  it('the SIP server moves him as soon as he is watched: watched anew at once, and no gap is seen (PRES-12)', async () => {
    const { ann, bob } = await cast.couple();
    const old = await annAdds({ ann, bob });
    await bob.tells(old, undefined, 'terminated;reason=deactivated');
    const watch = await bob.letsWatch();
    expect(watch.callId).not.toBe(old.callId);
    await bob.tells(watch, open(bob, 'Moved'));
    expect(await sees(ann, bob, 'Moved')).toMatchObject(AVAILABLE);
  });
});
