import { PresenceBook } from '../presence-book';

const [ANN, BOB] = ['ann@example.com', 'bob@example.com'];

function book(): PresenceBook {
  const presence = new PresenceBook();
  presence.watches('to XMPP', ANN, BOB);
  presence.is(BOB, 'available', 0);
  presence.mark();
  return presence;
}

describe('the account of what is shown', () => {
  it('promise 4: whoever is shown otherwise than he is, is wrong; who is shown as he is, is not', () => {
    const presence = book();
    expect(presence.differing).toEqual([`${ANN} ${BOB}: offline instead of available`]);
    presence.shows(ANN, BOB, 'available');
    expect(presence.differing).toEqual([]);
    presence.look(60_000);
    expect(presence.wrong('to XMPP')).toEqual({ contacts: 0, lastAt: undefined });
  });

  it('a fresh change may be on its way; an old one counts from look to look', () => {
    const presence = book();
    presence.look(1_000);
    expect(presence.wrong('to XMPP').contacts).toBe(0);
    for (const at of [5_000, 6_000]) presence.look(at);
    presence.shows(ANN, BOB, 'available');
    presence.look(7_000);
    expect(presence.wrong('to XMPP')).toEqual({ contacts: 1, lastAt: 6_000 });
    expect(presence.wrong('to SIP')).toEqual({ contacts: 0, lastAt: undefined });
    presence.mark();
    expect(presence.wrong('to XMPP')).toEqual({ contacts: 0, lastAt: undefined });
  });

  it('the same state again is no fresh change', () => {
    const presence = book();
    presence.is(BOB, 'available', 4_900);
    presence.look(5_000);
    expect(presence.wrong('to XMPP').contacts).toBe(1);
  });

  it('who has lost his stream sees nobody; others do', () => {
    const presence = book();
    presence.shows(ANN, BOB, 'available');
    presence.blind('amy@example.com');
    expect(presence.differing).toEqual([]);
    presence.blind(ANN);
    expect(presence.differing).toHaveLength(1);
  });
});
