import { coresOf, sizing } from '../../scripts/sizing/arithmetic';
import { DEFAULTS } from '../../scripts/sizing/assumptions';
import { COSTS, type Operation } from '../../scripts/sizing/measured';
import { limitsOf } from '../../scripts/sizing/table';

/** Numbers that can be done in one's head. */
const EASY = { ...DEFAULTS, sipShare: 0.5, onlineShare: 0.5, contacts: 40, changesPerHour: 36, textsPerDay: 36, busyHourShare: 0.5, textsPerSession: 10, typingPerText: 2, outwardRefreshSeconds: 500, inwardRefreshSeconds: 1_000, signInMinutes: 50, utilisation: 0.5, spare: 1 };

describe('what so many users need', () => {
  test('watches: the online users of one side, and their contacts of the other', () => {
    const { outward, inward } = sizing(1_000, EASY); // 500 users, half of them online, 20 of their 40 contacts
    expect([outward, inward]).toEqual([5_000, 5_000]);
    expect(sizing(1_000, { ...EASY, sipShare: 0.1 })).toMatchObject({ outward: 450 * 4, inward: 50 * 36 });
  });

  test('nothing crosses where all users are on one side', () => {
    for (const sipShare of [0, 1]) {
      const { outward, inward, busyHour, morning } = sizing(1_000, { ...EASY, sipShare });
      expect([outward, inward, ...Object.values(busyHour), ...Object.values(morning)].every((each) => each === 0)).toBe(true);
    }
  });

  test('the busy hour: texts, typing, sessions, changes while online, refreshes', () => {
    const { busyHour } = sizing(1_000, EASY);
    expect(busyHour.text).toBeCloseTo(2.5); // 1,000 users, 18 texts in the hour, half of them across
    expect(busyHour.typing).toBeCloseTo(5);
    expect(busyHour.session).toBeCloseTo(0.25);
    expect(busyHour.outwardChange).toBeCloseTo(25); // 5,000 watches, 36 changes an hour, half of the watched online
    expect([busyHour.outwardRefresh, busyHour.inwardRefresh]).toEqual([10, 5]);
  });

  test('the morning: every watch begins once, within the time', () => {
    const { morning } = sizing(1_000, EASY);
    expect(morning.outwardSetUp).toBeCloseTo(5_000 / 3_000);
    expect(morning.inwardChange).toBeCloseTo(2_500 / 3_000);
  });

  test('cores: what things cost, as often as they happen', () => {
    const rates = Object.fromEntries(Object.keys(COSTS).map((name) => [name, 0])) as Record<Operation, number>;
    expect(coresOf({ ...rates, text: 1_000 })).toEqual({
      worker: expect.closeTo(COSTS.text.worker),
      'sip server': expect.closeTo(COSTS.text['sip server']),
      'xmpp server': expect.closeTo(COSTS.text['xmpp server']),
      redis: expect.closeTo(COSTS.text.redis),
    });
  });

  test('servers: as many as keep below the share of a core that is used, and those to spare', () => {
    for (const users of [1_000, 77_777, 1_000_000, 10_000_000]) {
      const { cores, workers, sipServers } = sizing(users, EASY);
      expect(cores.worker / (workers - 1)).toBeLessThanOrEqual(0.5);
      expect(cores['sip server'] / (sipServers - 1)).toBeLessThanOrEqual(0.5);
      if (workers > 2) expect(cores.worker / (workers - 2)).toBeGreaterThan(0.5);
    }
    expect(sizing(10, EASY)).toMatchObject({ workers: 2, sipServers: 2, shards: 1, oneXmppServer: true });
    expect(sizing(1e8, EASY).shards).toBeGreaterThanOrEqual(3);
  });

  test('the limit: what one of a part carries keeps it just as busy as it may be', () => {
    const limits = limitsOf(sizing(10_000, EASY), EASY);
    for (const [part, users] of limits) expect(sizing(users, EASY).cores[part as 'worker']).toBeCloseTo(0.5);
    expect(limits.map(([, users]) => users)).toEqual(limits.map(([, users]) => users).sort((a, b) => a - b));
  });
});
