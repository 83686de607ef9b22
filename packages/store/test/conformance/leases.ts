import type { Store } from '../../src';
import { eventually } from '../support/worlds';
import type { Note, Place, World } from '../support/worlds';

const LONG_MS = 600_000;

/** Who is dead, and who says so: what the workers' fencing stands on (promise 1). */
export const leasesSuite = ({ adapter, begin }: Place): void =>
  describe(`leases in ${adapter}`, () => {
    let world: World;
    let workers: Store<Note>['workers'];

    beforeEach(async () => {
      world = await begin();
      ({ workers } = await world.open());
    });
    afterEach(() => world.end());

    const ended = (worker: string): Promise<void> => eventually(`the lease of ${worker} ends`, async () => !(await workers.workers()).has(worker));

    test('promise 6: a worker that dies and comes back again and again leaves no leases behind, although nobody else is there to find them', async () => {
      for (let life = 0; life < 50; life += 1) await workers.heartbeat(`w1#${life}`, 20, []);
      expect([...(await workers.heartbeat('w1#last', LONG_MS, [])).workers.keys()]).toEqual(['w1#last']);
    });

    test('decision 089: a new life ends former ones of its own name alone, and not another worker of that name that still speaks', async () => {
      await workers.heartbeat('w1#running', LONG_MS, []);
      for (const other of ['w1#former', 'w#1', 'w2#a', 'w1']) await workers.heartbeat(other, LONG_MS / 2, []);
      expect([...(await workers.heartbeat('w1#new', LONG_MS, [])).workers.keys()].sort()).toEqual(['w#1', 'w1', 'w1#new', 'w1#running', 'w2#a']);
      expect((await workers.heartbeat('w1#former', LONG_MS, [])).known).toBe(false);
    });

    test('a heartbeat shows all that live, and whether there was a lease before', async () => {
      await workers.heartbeat('w2', LONG_MS, ['w2/1', 'é "quoted"']);
      expect(await workers.heartbeat('w1', LONG_MS, ['w1/1'])).toEqual({ known: false, workers: new Map([['w1', ['w1/1']], ['w2', ['w2/1', 'é "quoted"']]]) });
      expect(await workers.heartbeat('w1', LONG_MS, [])).toMatchObject({ known: true });
      await workers.leave('w1');
      expect(await workers.heartbeat('w1', LONG_MS, [])).toMatchObject({ known: false });
    });

    test('promise 1: who is found dead is told so when he returns, and only he', async () => {
      await workers.heartbeat('survivor', LONG_MS, []);
      await workers.heartbeat('stalled', 20, []);
      await ended('stalled');
      expect([...(await workers.heartbeat('survivor', LONG_MS, [])).workers.keys()]).toEqual(['survivor']);
      expect((await workers.heartbeat('stalled', LONG_MS, [])).known).toBe(false);
      expect((await workers.heartbeat('survivor', LONG_MS, [])).known).toBe(true);
    });

    test('promise 1: a lease that has ended and that nobody has looked at is renewed', async () => {
      await workers.heartbeat('stalled', 20, []);
      await ended('stalled');
      expect((await workers.heartbeat('stalled', LONG_MS, [])).known).toBe(true);
    });

    test.each([
      ['comes back', ['returning']],
      ['is new', []],
    ])('promise 3: when no heartbeat came through for a while, the first one that %s finds nobody dead and gives all one more lease', async (_how, before) => {
      for (const worker of [...before, 'late']) await workers.heartbeat(worker, 20, [`${worker}/1`]);
      await ended('late');
      const { workers: shown } = await workers.heartbeat('returning', LONG_MS, []);
      expect(shown.get('late')).toEqual(['late/1']);
      expect((await workers.workers()).get('late')).toEqual(['late/1']);
      await workers.heartbeat('returning', LONG_MS, []);
      expect((await workers.heartbeat('late', LONG_MS, [])).known).toBe(true);
    });

    test('promise 3: but for one more lease only', async () => {
      await workers.heartbeat('dead', 20, []);
      await ended('dead');
      await eventually('it is found dead', async () => !(await workers.heartbeat('returning', 200, [])).workers.has('dead'));
    });
  });
