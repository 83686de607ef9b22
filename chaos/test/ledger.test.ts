import { Ledger } from '../ledger';

const PAIR = 'bob ann';

function texts(ledger: Ledger, count: number): string[] {
  return Array.from({ length: count }, () => ledger.begin('to SIP', PAIR));
}

describe('the account of texts', () => {
  it('promise 1: each text has one outcome; neither arrived nor returned is lost', () => {
    const ledger = new Ledger();
    const [arrived = '', returned = '', both = '', forgotten = '', lost = ''] = texts(ledger, 5);
    ledger.arrived(arrived);
    ledger.returned(returned);
    ledger.arrived(both);
    ledger.returned(both);
    ledger.forget(forgotten);
    expect(ledger.tally('to SIP')).toEqual({ sent: 4, delivered: 1, returned: 1, misreported: 1, doubled: 0, inSocket: 0, lost: 1, outOfOrder: 0 });
    expect(ledger.unsettled).toBe(1);
    expect(ledger.lost(0)).toEqual([expect.stringMatching(new RegExp(`^${lost} at `))]);
    expect(ledger.tally('to XMPP').sent).toBe(0);
  });

  it('what may have stood in the socket of the part that died is counted by itself: of that direction and time only', () => {
    const ledger = new Ledger();
    const before = performance.now();
    texts(ledger, 2);
    ledger.begin('to XMPP', PAIR);
    const window = { direction: 'to SIP', from: before, until: performance.now() } as const;
    expect(ledger.tally('to SIP', window)).toMatchObject({ inSocket: 2, lost: 0 });
    expect(ledger.tally('to XMPP', window)).toMatchObject({ inSocket: 0, lost: 1 });
    expect(ledger.lost(before, window)).toHaveLength(1);
    for (const other of [{ ...window, until: before - 1 }, { ...window, from: window.until + 1, until: window.until + 2 }]) {
      expect(ledger.tally('to SIP', other)).toMatchObject({ inSocket: 0, lost: 2 });
    }
  });

  it('promise 1: a text that comes twice is doubled, and counts as delivered once', () => {
    const ledger = new Ledger();
    const [text = ''] = texts(ledger, 1);
    ledger.arrived(text);
    ledger.arrived(text);
    expect(ledger.tally('to SIP')).toMatchObject({ delivered: 1, doubled: 1, lost: 0 });
    expect(ledger.unsettled).toBe(0);
  });

  it('promise 2: one that comes first after a later one is out of order; a repetition is not', () => {
    const ledger = new Ledger();
    const [one = '', two = '', three = ''] = texts(ledger, 3);
    for (const text of [one, three, one, two]) ledger.arrived(text);
    expect(ledger.tally('to SIP')).toMatchObject({ delivered: 3, doubled: 1, outOfOrder: 1 });
  });

  it('one that arrives late although its sender was told that it failed is misreported, not out of order', () => {
    const ledger = new Ledger();
    const [one = '', two = ''] = texts(ledger, 2);
    ledger.returned(one);
    ledger.arrived(two);
    ledger.arrived(one);
    expect(ledger.tally('to SIP')).toMatchObject({ delivered: 1, misreported: 1, outOfOrder: 0 });
  });

  it('what arrives after all did leave its sender, and cannot be forgotten', () => {
    const ledger = new Ledger();
    const [text = ''] = texts(ledger, 1);
    ledger.arrived(text);
    ledger.forget(text);
    expect(ledger.tally('to SIP')).toMatchObject({ sent: 1, delivered: 1 });
  });

  it('promise 1: a forgotten text that shows up after all counts, twice where it comes twice', () => {
    const ledger = new Ledger();
    const [text = '', other = ''] = texts(ledger, 2);
    for (const each of [text, other]) ledger.forget(each);
    expect(ledger.tally('to SIP').sent).toBe(0);
    for (const each of [text, text]) ledger.arrived(each);
    ledger.returned(other);
    expect(ledger.tally('to SIP')).toMatchObject({ sent: 2, delivered: 1, returned: 1, doubled: 1, lost: 0 });
    expect(ledger.unsettled).toBe(0);
  });

  it('a text of nobody is not counted', () => {
    const ledger = new Ledger();
    ledger.arrived('unknown');
    ledger.returned('unknown');
    ledger.forget('unknown');
    expect(ledger.tally('to XMPP')).toMatchObject({ sent: 0, delivered: 0, returned: 0 });
  });
});
