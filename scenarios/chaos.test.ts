import { FAULTS } from '../chaos/faults';
import { runFault } from '../chaos/run';

/** The short form of `npm run chaos`. */
const OPTIONS = { dialect: 'microsoft', rate: 50, seconds: 4, awaySeconds: 1, settleSeconds: 20 } as const;
const NAMES = ['worker killed', 'worker stopped (drain)', 'SIP server killed', 'Redis restarted'];

describe('texts both ways while a part fails', () => {
  test.each(FAULTS.filter(({ name }) => NAMES.includes(name)).map((fault) => [fault.name, fault] as const))(
    'promises 1 and 2: %s: every text arrives or comes back to its sender, in order',
    async (_name, fault) => {
      const { tallies, lost } = await runFault(fault, OPTIONS);
      const toSip = tallies['to SIP'];
      const toXmpp = tallies['to XMPP'];
      expect({ lost: fault.losesSocket === true ? lost.filter((text) => text.startsWith('to-XMPP')) : lost, outOfOrder: toSip.outOfOrder + toXmpp.outOfOrder }).toEqual({ lost: [], outOfOrder: 0 });
      expect(toSip.delivered).toBeGreaterThan(0);
      expect(toXmpp.delivered).toBeGreaterThan(0);
    },
    120_000,
  );

  test('the list of faults holds those that are tried here', () => {
    expect(FAULTS.map(({ name }) => name)).toEqual(expect.arrayContaining(NAMES));
  });
});
