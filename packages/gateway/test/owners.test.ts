import { Owners } from '../src/pairs/owners';

const GRACE_MS = 5_000;
const START = 1_000_000;

describe('owners of dialogs', () => {
  const fresh = (): Owners => new Owners(GRACE_MS, START);
  const present = (...names: string[]): ReadonlySet<string> => new Set(names);

  test('promise 3: the connection of a worker is gone as soon as nobody has it', () => {
    expect(fresh().stateOf('w1/d1/abc-1', present('w1/d1/abc-2'), START)).toBe('gone');
    expect(fresh().stateOf('w1/d1/abc-1', present('w1/d1/abc-1'), START)).toBe('held');
  });

  test('DESIGN 5: the life of an anchor outlasts the workers: it is gone when its server is seen with another one', () => {
    const owners = fresh();
    expect(owners.stateOf('@d1/one', present('@d1/one'), START)).toBe('held');
    expect(owners.stateOf('@d1/one', present('@d2/one'), START)).toBe('unclear');
    expect(owners.stateOf('@d1/one', present('@d1/two'), START)).toBe('gone');
    expect(owners.stateOf('@d1/one', present('w1/d1/abc-1'), START)).toBe('gone'); // the anchor was taken away
  });

  test('DESIGN 5, promise 3: nobody is connected: it counts as gone when that lasts, from when it was seen last', () => {
    const owners = fresh();
    expect(owners.stateOf('@d1/one', present(), START + GRACE_MS - 1)).toBe('unclear');
    expect(owners.stateOf('@d1/one', present(), START + GRACE_MS)).toBe('gone');
    owners.note(present('@d1/one'), START + GRACE_MS);
    expect(owners.stateOf('@d1/one', present(), START + GRACE_MS + 1)).toBe('unclear');
    expect(owners.stateOf('@d1/one', present(), START + 2 * GRACE_MS)).toBe('gone');
  });

  test('a life is new once', () => {
    const owners = fresh();
    expect([['w1/d1/a-1'], ['@d1/one'], ['@d1/one', '@d2/one'], ['@d1/one'], ['@d1/two'], ['@d1/one']].map((names) => owners.note(names, START))).toEqual([false, true, true, false, true, false]);
  });

  test('promise 6: what it remembers is bounded', () => {
    const owners = fresh();
    for (let life = 0; life < 1_000; life += 1) owners.note([`@d1/${life}`], START);
    expect(owners.note(['@d1/999'], START)).toBe(false);
    expect(owners.note(['@d1/0'], START)).toBe(true);
  });
});
