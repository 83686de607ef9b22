import { runFlood } from '../chaos/flood';

/** The short form of `npm run flood`. */
const OPTIONS = { rate: 5_000, seconds: 5, texts: 10 };
const MOST_GROWTH_MB = 200;

describe('a flood of SUBSCRIBE beside ordinary traffic', () => {
  test.each(['one peer', '100 strangers'] as const)(
    'SEC-5, promise 6: from %s: others write to each other, none of their texts is lost, and memory stays within bounds',
    async (name) => {
      const { tallies, answers, rssBefore, rssMost, sentPerSecond } = await runFlood(name, OPTIONS);
      for (const { sent, delivered, misreported, lost } of Object.values(tallies)) {
        expect(lost).toBe(0);
        expect(sent).toBeGreaterThan(0);
        // Answers too are lost in a flood of UDP: its sender takes such a text for failed, although it arrived.
        expect(delivered + misreported).toBeGreaterThan(sent / 2);
      }
      expect(sentPerSecond).toBeGreaterThan(0);
      expect(answers[name === 'one peer' ? '503' : '403'] ?? 0).toBeGreaterThan(0);
      expect(rssMost - rssBefore).toBeLessThan(MOST_GROWTH_MB);
    },
    300_000,
  );
});
