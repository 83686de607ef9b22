import { LookAgain } from '../src/pairs/look-again';

/** A clock that the test moves. */
class Bench {
  readonly looks: number[] = [];
  private now = 0;
  private planned: { at: number; run: () => void }[] = [];
  /** Does the pair still wait when it is looked at? */
  waits = true;
  readonly again = new LookAgain(
    async () => {
      this.looks.push(this.now);
      if (this.waits) this.again.soon('pair');
    },
    (ms, run) => {
      this.planned.push({ at: this.now + ms, run });
      return undefined;
    },
  );

  async pass(ms: number): Promise<void> {
    for (const until = this.now + ms; this.now < until; this.now += 1) {
      const due = this.planned.filter(({ at }) => at <= this.now);
      this.planned = this.planned.filter(({ at }) => at > this.now);
      for (const { run } of due) run();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

test('promise 2: a pair that waits is looked at again soon, then less and less often, and at last not at all', async () => {
  const bench = new Bench();
  bench.again.soon('pair');
  bench.again.soon('pair');
  await bench.pass(3_000);
  expect(bench.looks).toEqual([10, 30, 70, 150, 310, 630, 1_270]);
});

test('a pair that waits no more is forgotten, and begins anew the next time', async () => {
  const bench = new Bench();
  bench.again.soon('pair');
  await bench.pass(35);
  bench.waits = false;
  await bench.pass(100);
  expect(bench.looks).toEqual([10, 30, 70]);
  bench.again.soon('pair');
  await bench.pass(20);
  expect(bench.looks).toEqual([10, 30, 70, 145]);
});

test('nothing is looked at after the stop', async () => {
  const bench = new Bench();
  bench.again.stop();
  bench.again.soon('pair');
  await bench.pass(50);
  expect(bench.looks).toEqual([]);
});
