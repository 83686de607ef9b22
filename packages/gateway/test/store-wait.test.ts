import { fault, FaultError } from '@isthmus/model';
import { StoreUnavailableError, type StoreState } from '@isthmus/store';
import { StoreWait } from '../src/sides/store-wait';

/** Decision 096. The clock is the test's: each look finds it a second later. */
describe('a SUBSCRIBE and a store that is away', () => {
  const away = (): FaultError => new FaultError(fault('server.unavailable'), { cause: new StoreUnavailableError('restarting') });
  let state: StoreState;
  let at: number;
  let takes: number;
  beforeEach(() => {
    [state, at, takes] = [{ is: 'away', why: 'restarting' }, 0, 0];
  });

  const storeWait = (maxWaiting = 10): StoreWait => new StoreWait({ store: { get state() { return state; } }, waitMs: 5_000, maxWaiting, now: () => (at += 1_000) });
  /** Not taken until the store is back, which it is at a certain attempt. */
  const takenAt = (attempt: number) => async (): Promise<void> => {
    takes += 1;
    if (takes < attempt) throw away();
  };

  test('promise 3: it is tried again when the store is back', async () => {
    const taken = storeWait().run(takenAt(2));
    state = { is: 'ready' };
    await taken;
    expect(takes).toBe(2);
  });

  test('promise 3: a store that is back and gone again is waited for as well', async () => {
    state = { is: 'ready' };
    await storeWait().run(takenAt(3));
    expect(takes).toBe(3);
  });

  test('promise 6: it is not tried while the store is away, and refused as it was when that takes too long', async () => {
    await expect(storeWait().run(takenAt(9))).rejects.toMatchObject({ fault: fault('server.unavailable') });
    expect(takes).toBe(1);
  });

  test('promise 6: a store that seems to be back and takes nothing is not asked for ever', async () => {
    state = { is: 'ready' };
    await expect(storeWait().run(takenAt(99))).rejects.toBeInstanceOf(FaultError);
    expect(takes).toBeLessThan(6);
  });

  test('promise 6: what comes while too many wait is refused at once', async () => {
    const one = storeWait(1);
    const first = one.run(takenAt(2));
    await new Promise((resolve) => setImmediate(resolve));
    let others = 0;
    await expect(one.run(async () => { others += 1; throw away(); })).rejects.toBeInstanceOf(FaultError);
    state = { is: 'ready' };
    await first;
    expect([takes, others]).toEqual([2, 1]);
  });

  test('what fails for another reason is not tried again', async () => {
    state = { is: 'ready' };
    const failure = new FaultError(fault('server.error'));
    await expect(storeWait().run(async () => { takes += 1; throw failure; })).rejects.toBe(failure);
    expect(takes).toBe(1);
  });
});
