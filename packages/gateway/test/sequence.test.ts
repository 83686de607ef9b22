import { Sequence } from '../src/sides/sequence';

/** A check that ends when the test says so. */
function heldCheck(): { readonly check: () => Promise<string>; readonly release: (result: string) => void; readonly fail: (why: Error) => void } {
  let release: (result: string) => void = () => undefined;
  let fail: (why: Error) => void = () => undefined;
  const outcome = new Promise<string>((resolve, reject) => {
    release = resolve;
    fail = reject;
  });
  return { check: () => outcome, release, fail };
}

describe('work that waits for a check (promise 2)', () => {
  test('without a check it runs at once', () => {
    const did: string[] = [];
    void new Sequence().run('pair', undefined, async () => void did.push('one'));
    expect(did).toEqual(['one']);
  });

  test('later work of the same key waits behind it, work of another key does not', async () => {
    const sequence = new Sequence();
    const did: string[] = [];
    const { check, release } = heldCheck();
    const first = sequence.run('pair', check, async (result) => void did.push(`one ${result}`));
    const second = sequence.run('pair', undefined, async () => void did.push('two'));
    await sequence.run('other', undefined, async () => void did.push('other'));
    expect(did).toEqual(['other']);
    release('checked');
    await Promise.all([first, second]);
    expect(did).toEqual(['other', 'one checked', 'two']);
  });

  test('a check that fails rejects its own work, and the next one goes on', async () => {
    const sequence = new Sequence();
    const did: string[] = [];
    const { check, fail } = heldCheck();
    const first = sequence.run('pair', check, async () => void did.push('one'));
    const second = sequence.run('pair', undefined, async () => void did.push('two'));
    fail(new Error('no answer'));
    await expect(first).rejects.toThrow('no answer');
    await second;
    expect(did).toEqual(['two']);
  });

  test('observed A3: what came later can wait until it has begun, not until it is done', async () => {
    const sequence = new Sequence();
    const did: string[] = [];
    const { check, release } = heldCheck();
    void sequence.run('pair', check, () => {
      did.push('invite');
      return new Promise(() => undefined);
    });
    const answer = sequence.begun('pair').then(() => did.push('answer'));
    await sequence.begun('other');
    expect(did).toEqual([]);
    release('admitted');
    await answer;
    expect(did).toEqual(['invite', 'answer']);
  });
});
