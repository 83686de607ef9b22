import { FAULTS } from '../chaos/faults';
import { runFault } from '../chaos/run';

/** The short form of `npm run chaos`. */
const OPTIONS = { dialect: 'microsoft', rate: 50, seconds: 4, awaySeconds: 1, settleSeconds: 20 } as const;
const NAMES = ['worker killed', 'worker stopped (drain)', 'SIP server killed', 'Redis restarted', 'Prosody restarted'];
/** One text of each of the 100 pairs may be on its way in each direction when a part dies. */
const IN_FLIGHT = 100;

describe('texts both ways while a part fails', () => {
  test.each(FAULTS.filter(({ name }) => NAMES.includes(name)).map((fault) => [fault.name, fault] as const))(
    'promises 1 and 2: %s: every text arrives or comes back to its sender, in order',
    async (_name, fault) => {
      const { tallies, lost } = await runFault(fault, OPTIONS);
      expect(lost).toEqual([]);
      for (const { sent, delivered, returned, misreported, doubled, inSocket, outOfOrder } of Object.values(tallies)) {
        expect({ known: delivered + returned + misreported + inSocket, outOfOrder }).toEqual({ known: sent, outOfOrder: 0 });
        expect(delivered).toBeGreaterThan(0);
        expect(doubled).toBeLessThanOrEqual(IN_FLIGHT);
        expect(inSocket).toBeLessThanOrEqual(fault.losesSocket === true ? OPTIONS.rate * (2 + OPTIONS.awaySeconds) : 0);
      }
    },
    120_000,
  );

  test('the list of faults holds those that are tried here', () => {
    expect(FAULTS.map(({ name }) => name)).toEqual(expect.arrayContaining(NAMES));
  });
});
