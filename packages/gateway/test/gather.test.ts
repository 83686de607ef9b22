import { Instance, Place } from './support/instance';
import { outcomeOf, PAIR, pairOfUser, recordIn, says, textsOf, writes } from './support/pairs';
import { TappedPairs } from './support/stores';
import { eventually, settled } from './support/waiting';

let place: Place;
let tapped: TappedPairs;
let one: Instance;
/** What the loop has asked to be called back for. */
let gathered: (() => void)[];

beforeEach(() => {
  place = new Place();
  tapped = new TappedPairs(place.pairs);
  gathered = [];
  one = new Instance(place, 'w1#a', { store: tapped, gather: (commit) => gathered.push(commit) });
});

const commitHeld = (): void => gathered.splice(0).forEach((commit) => commit());
const queueOf = async (): Promise<string[]> => (await recordIn(place.pairs)).conversation.queue.map(({ id }) => id);
const effectsOf = async (): Promise<string[]> => textsOf((await recordIn(place.pairs)).effects);

/** Ann's text has been answered 200, and nothing follows from that. */
async function saidAndTaken(text: string): Promise<void> {
  await one.loop.handle(PAIR, says(text));
  one.doer.sent.at(-1)?.answer(200);
  await eventually('the outcome is held', () => gathered.length > 0);
}

describe('commits that nothing waits for', () => {
  test('are made together, when the time has come', async () => {
    for (const name of ['ann', 'eve']) await one.loop.handle(pairOfUser(name), says(name));
    for (const sent of one.doer.sent) sent.answer(200);
    await eventually('the outcomes are held', () => gathered.length > 0);
    await settled();
    expect(tapped.commits).toHaveLength(2);
    expect(gathered).toHaveLength(1);
    commitHeld();
    await one.loop.drained();
    expect(tapped.commits).toHaveLength(4);
    for (const name of ['ann', 'eve']) expect((await recordIn(place.pairs, pairOfUser(name))).effects).toEqual([]);
  });

  test('promise 1: what is handed over to the XMPP side leaves the record by one of them', async () => {
    await one.loop.handle(PAIR, writes('a'));
    await eventually('it is held', () => gathered.length > 0);
    expect(one.doer.begun).toEqual(['xmpp.message a', 'sip.answer']);
    expect(await effectsOf()).toEqual(['a']);
    commitHeld();
    await one.loop.drained();
    expect((await recordIn(place.pairs)).effects).toEqual([]);
    expect(one.doer.begun).toEqual(['xmpp.message a', 'sip.answer']);
  });

  test('beside other workers, what is handed over leaves the record at once: the next text may come by another one', async () => {
    const beside = new Instance(place, 'w3#c', { gather: (commit) => gathered.push(commit), isAlone: () => false });
    await beside.loop.handle(PAIR, writes('a'));
    await eventually('it is out of the record', async () => (await recordIn(place.pairs)).effects.length === 0);
    expect(gathered).toEqual([]);
  });

  test('promise 1: an effect counts as running until then, so that nobody takes it for lost', async () => {
    await saidAndTaken('a');
    expect(one.runner.inFlight).toBe(1);
    await one.looksAfter(6_000);
    commitHeld();
    await one.loop.drained();
    expect(one.doer.begun).toEqual(['sip.message a']);
  });

  test('promise 2: the next event of the pair meets what is held, and one commit has both', async () => {
    await saidAndTaken('a');
    await one.loop.handle(PAIR, says('b'));
    expect(tapped.commits).toHaveLength(2);
    expect(await queueOf()).toEqual(['b']);
    expect(one.doer.begun).toEqual(['sip.message a', 'sip.message b']);
    commitHeld(); // nothing is left of it
    await settled();
    expect(tapped.commits).toHaveLength(2);
  });

  test('promise 1: an outcome from which something follows is committed at once', async () => {
    await Promise.all([one.loop.handle(PAIR, says('a')), one.loop.handle(PAIR, says('b'))]);
    one.doer.nth(0).answer(200);
    await eventually('the next text is sent', () => one.doer.sent.length === 2);
    expect(gathered).toEqual([]);
    expect(await queueOf()).toEqual(['b']);
  });

  test('an event of the same turn that nothing follows from is not held: its sender waits', async () => {
    await one.loop.handle(PAIR, says('a'));
    await one.loop.handle(PAIR, says('b'));
    expect(tapped.commits).toHaveLength(2);
    expect(gathered).toEqual([]);
  });

  test('promise 1: where another worker was faster, they are made of what it left', async () => {
    await saidAndTaken('a');
    const two = new Instance(place, 'w2#b');
    await two.loop.handle(PAIR, says('b'));
    commitHeld();
    await eventually('the next text is sent', () => one.doer.sent.length === 2);
    expect(one.conflicts).toBe(1);
    expect(await queueOf()).toEqual(['b']);
    expect(textsOf(one.doer.sent.map(({ effect }) => effect))).toEqual(['a', 'b']);
  });

  test('promise 1: what has been told while they were held is told again when the store is back', async () => {
    await saidAndTaken('a');
    tapped.away = true;
    commitHeld();
    await eventually('it has been tried', () => tapped.commits.length === 2);
    tapped.away = false;
    await eventually('it is told', async () => (await recordIn(place.pairs)).effects.length === 0);
    expect(one.failures).toEqual([]);
  });

  test('promise 6: they count as pending, and drained waits for them', async () => {
    await saidAndTaken('a');
    expect(one.loop.pending).toBe(1);
    const drained = one.loop.drained();
    commitHeld();
    await drained;
    expect(one.loop.pending).toBe(0);
    await eventually('nothing is in flight', () => one.runner.inFlight === 0);
  });

  test('the same outcome once more changes nothing', async () => {
    await saidAndTaken('a');
    const again = one.loop.handle(PAIR, outcomeOf(one.doer.nth(0).effect));
    commitHeld(); // while the pair's turn is taken: next time, then
    await settled();
    commitHeld();
    await again;
    expect((await recordIn(place.pairs)).effects).toEqual([]);
    expect(one.ignored).toHaveLength(1);
  });
});
