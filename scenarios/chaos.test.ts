import { Arena } from '../chaos/arena';
import { FAULTS } from '../chaos/faults';
import { Random } from '../chaos/random';
import { failures, runTrial } from '../chaos/run';
import { START_MS } from './support/recovery';

/** The short form of `npm run chaos`: one deployment through one fault after another. The time until presence is right is a generous deadline here. */
const OPTIONS = { rate: 20, changes: 8, beforeSeconds: 1, afterSeconds: 2, settleSeconds: 90 } as const;
const NAMES = ['w1 killed', 'sip1 restarted', 'redis restarted', 'prosody restarted'] as const;
const [USERS, CONTACTS] = [3, 6];
const BARS = { rightWithinSeconds: 90, inFlight: USERS * CONTACTS };

describe('a deployment through one fault after another', () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await Arena.start({ users: USERS, contacts: CONTACTS });
  }, START_MS);
  afterAll(() => arena?.stop());

  test.each(NAMES)(
    'promises 1 to 4: %s: every text arrives or comes back, in order; everybody is shown as he is; nobody types for ever',
    async (name) => {
      const faults = FAULTS.filter((fault) => fault.name === name);
      expect(faults).toHaveLength(1);
      const trial = await runTrial(arena, faults, { ...OPTIONS, random: new Random(1) });
      expect(failures(trial, BARS)).toEqual([]);
      for (const { delivered } of Object.values(trial.texts)) expect(delivered).toBeGreaterThan(0);
      expect(trial.typing.seen).toBeGreaterThan(0);
    },
    300_000,
  );
});
