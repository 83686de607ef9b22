import { choose, Keepers } from '../src/anchor/rendezvous';

const candidate = (name: string, serial: number, announced = true) => ({ name, serial, announced });
const pairs = Array.from({ length: 50 }, (_, number) => `\0ann${number}@example.com\0bob@example.com`);

describe('which worker a pair is given to (DESIGN 6)', () => {
  test('of two connections of one name the newer one: the older one is a leftover', () => {
    const [old, fresh] = [candidate('w1', 1), candidate('w1', 2)];
    expect([choose([old, fresh], 'p'), choose([fresh, old], 'p')]).toEqual([fresh, fresh]);
  });

  test('one that has told no name is taken only where nobody else is', () => {
    const [named, unnamed, other] = [candidate('w1', 1), candidate('unnamed-2', 2, false), candidate('unnamed-3', 3, false)];
    for (const pair of pairs) expect(choose([unnamed, named], pair)).toBe(named);
    expect(new Set(pairs.map((pair) => choose([unnamed, other], pair)))).toEqual(new Set([unnamed, other]));
    expect([choose([unnamed], 'p'), choose([], 'p')]).toEqual([unnamed, undefined]);
  });
});

describe('which worker a pair had (decision 036)', () => {
  test('is remembered for its lifetime, and forgotten after two', () => {
    const keepers = new Keepers(1_000, 100);
    keepers.keep('p', 'w1', 10);
    expect(keepers.of('p', 1_009)).toBe('w1');
    keepers.keep('q', 'w2', 2_500);
    expect([keepers.of('p', 2_500), keepers.of('q', 2_500)]).toEqual([undefined, 'w2']);
    expect(keepers.of('q', 10_000)).toBeUndefined(); // nobody has asked meanwhile
  });

  test('promise 6: of so many pairs and no more, the latest ones', () => {
    const keepers = new Keepers(1_000_000, 10);
    for (const pair of pairs) {
      keepers.keep(pair, 'w1', 0);
      expect(keepers.size).toBeLessThanOrEqual(10);
      expect(keepers.of(pair, 0)).toBe('w1');
    }
  });
});
