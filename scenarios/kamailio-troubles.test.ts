import { asksFor, rosterState, sees, shows, unclaimedFrom } from './support/cast';
import { AVAILABLE, bobAdds, CLOSED, open, OPEN } from './support/contact-list';
import { Partition } from './support/kamailio-world';
import type { Couple } from './support/kamailio-world';
import { seesAtLast, soon, START_MS } from './support/recovery';
import type { SipDialog } from './support/sip-dialog';
import { bounceOf } from './support/stanza-error';

/** A real partition with Kamailio: its users decide who sees them; it grants little time; it goes away and comes back. */

describe('SIP users decide who may see them', () => {
  let partition: Partition;
  beforeAll(async () => (partition = await Partition.start({ authorization: true, maxExpiresSeconds: 4 })), START_MS);
  afterAll(() => partition?.stop());

  /** Bob has published, and Ann has asked; nothing is decided. */
  async function asked(): Promise<Couple> {
    const couple = await partition.couple();
    await couple.bob.publishes(open(couple.bob, 'At my desk'));
    await asksFor(couple.ann, couple.bob);
    return couple;
  }

  async function allowed(): Promise<Couple> {
    const couple = await asked();
    await partition.kamailio.decides(couple.bob.user, 'allow');
    expect(await sees(couple.ann, couple.bob, 'At my desk')).toMatchObject(AVAILABLE);
    return couple;
  }

  test('PRES-2, PRES-3: pending, then allowed', async () => {
    const { ann, bob } = await asked();
    await partition.kamailio.untilWatched(bob.address);
    expect(await rosterState(ann, bob)).toBe('none');
    expect(unclaimedFrom(ann, bob)).toEqual([]);
    await partition.kamailio.decides(bob.user, 'allow');
    await ann.takePresence(bob.address, 'subscribed');
    expect(await sees(ann, bob, 'At my desk')).toMatchObject(AVAILABLE);
    expect(await rosterState(ann, bob)).toBe('to');
  });

  test('PRES-12: allowed, then blocked (terminated;reason=rejected): offline, and off the list of those she may see', async () => {
    const { ann, bob } = await allowed();
    await partition.kamailio.decides(bob.user, 'block');
    await ann.takePresence(bob.address, 'unavailable');
    await ann.takePresence(bob.address, 'unsubscribed');
    expect(await rosterState(ann, bob)).toBe('none');
  });

  test('PRES-4: blocked from the beginning: denied', async () => {
    const { ann, bob } = await partition.couple();
    await partition.kamailio.decides(bob.user, 'block');
    await asksFor(ann, bob);
    await ann.takePresence(bob.address, 'unsubscribed');
    expect(await rosterState(ann, bob)).toBe('none');
  });

  test('politely blocked: offline, and allowed again: as he is', async () => {
    const { ann, bob } = await allowed();
    await partition.kamailio.decides(bob.user, 'polite-block');
    await seesAtLast(ann, bob, 'offline');
    await partition.kamailio.decides(bob.user, 'allow');
    await seesAtLast(ann, bob, 'available');
    expect(await rosterState(ann, bob)).toBe('to');
  });

  test('PRES-7: what is granted for 4 s is refreshed in the dialog before it expires, three times and more, and nothing is seen of it', async () => {
    const { ann, bob } = await allowed();
    const first = await partition.kamailio.subscriptionTo(bob.address);
    let isOver = false;
    const refreshed = partition.kamailio.untilRefreshed(bob.address, first.cseq + 3).finally(() => (isOver = true));
    while (!isOver) {
      await bob.publishes(open(bob, 'At my desk')); // what is published is granted no longer
      await Promise.race([refreshed, new Promise((resolve) => setTimeout(resolve, 500))]);
    }
    await refreshed;
    expect(await partition.kamailio.subscriptionTo(bob.address)).toMatchObject({ callId: first.callId });
    await bob.publishes(open(bob, 'Still here'));
    expect(await sees(ann, bob)).toMatchObject({ available: true, status: 'Still here' });
  });
});

describe('Kamailio goes away', () => {
  let partition: Partition;
  beforeAll(async () => (partition = await Partition.start()), START_MS);
  afterAll(() => partition?.stop());

  /** Each sees the other. */
  async function friends(): Promise<Couple & { readonly watch: SipDialog }> {
    const { ann, bob } = await partition.couple();
    const watch = await bobAdds({ ann, bob });
    await bob.publishes(open(bob, 'At my desk'));
    await asksFor(ann, bob);
    await seesAtLast(ann, bob, 'available');
    return { ann, bob, watch };
  }

  test('promises 1, 3 and 4: restarted, it knows all that it knew: right again, and its users have done nothing', async () => {
    const { ann, bob, watch } = await friends();
    await partition.kamailio.suspend();
    await ann.sendChat(bob.address, 'Are you there?', 'm1');
    expect(await bounceOf(ann, 'm1')).toMatchObject({ condition: 'remote-server-timeout', body: 'Are you there?' });
    await seesAtLast(ann, bob, 'offline');
    await shows(ann, 'dnd');
    await partition.kamailio.resume();
    await soon(Promise.all([seesAtLast(ann, bob, 'available'), bob.isToldAtLast({ ...OPEN, rpid: 'busy' })]));
    await ann.sendChat(bob.address, 'Welcome back');
    expect(await bob.reads()).toBe('Welcome back');
    expect((await bob.watchesOn(watch, 3600)).status).toBe(200);
    expect((await bob.isTold(watch)).said).toMatchObject({ rpid: 'busy' });
  });

  test('promises 3 and 4: it crashes and has lost everything: right again as soon as its users are back', async () => {
    const { ann, bob, watch } = await friends();
    await partition.kamailio.crash();
    await seesAtLast(ann, bob, 'offline');
    await partition.kamailio.forget();
    await partition.kamailio.resume();
    await soon(partition.kamailio.untilWatched(bob.address));
    expect(unclaimedFrom(ann, bob).filter((stanza) => stanza === 'presence')).toEqual([]);
    bob.forgetsPublication();
    await bob.registers();
    await bob.publishes(open(bob, 'Here I am'));
    expect(await sees(ann, bob, 'Here I am')).toMatchObject(AVAILABLE);
    await ann.sendPresence({ type: 'unavailable' });
    await bob.isToldAtLast(CLOSED);
    expect((await bob.watchesOn(watch, 0)).status).toBe(200);
  });
});
