import { allowanceOf } from '../src/limits/allowance';
import { SipIntake, type IntakeRates } from '../src/limits/sip-intake';

let now: number;
let reached: string[];
beforeEach(() => {
  [now, reached] = [0, []];
});

/** 192.0.2.x is the pool, 198.51.100.x are hosts of the short form, all others are strangers. */
const listed = (address: string): string | undefined => {
  if (address.startsWith('192.0.2.')) return allowanceOf({ name: 'pool' }, address);
  return address.startsWith('198.51.100.') ? allowanceOf({ name: 'allow' }, address) : undefined;
};
function intakeOf(rates: Partial<IntakeRates> = {}, preview = () => 0): SipIntake {
  return new SipIntake({
    rates: { sipPeerMessagesPerSecond: 2, sipStrangersPerSecond: 2, ...rates },
    allowanceOf: listed,
    newWork: { preview },
    onLimit: (limit) => void reached.push(limit),
    now: () => now,
  });
}
const taken = (intake: SipIntake, addresses: readonly string[], proven = false) => addresses.filter((address) => intake.message(address, proven) === 0);

test('promise 6: a peer has one allowance for all of its hosts; those of the short form have one each', () => {
  const intake = intakeOf();
  expect(taken(intake, ['192.0.2.1', '192.0.2.2', '192.0.2.3', '198.51.100.1', '198.51.100.2'])).toEqual(['192.0.2.1', '192.0.2.2', '198.51.100.1', '198.51.100.2']);
  expect(reached).toEqual(['sip_messages']);
  now = 1_000;
  expect(taken(intake, ['192.0.2.3'])).toEqual(['192.0.2.3']);
});

test('promise 6: a flood from many addresses that are no peers shares one allowance, and takes nothing from a peer', () => {
  const intake = intakeOf();
  const flood = Array.from({ length: 10_000 }, (_, index) => `10.${index >> 8}.${index & 255}.1`);
  expect(taken(intake, flood)).toHaveLength(2);
  expect(taken(intake, ['192.0.2.1'])).toHaveLength(1);
  expect(new Set(reached)).toEqual(new Set(['sip_strangers']));
});

test('whoever has shown a certificate is told apart by his address', () => {
  const intake = intakeOf();
  expect(taken(intake, ['203.0.113.1', '203.0.113.1', '203.0.113.1', '203.0.113.2'], true)).toEqual(['203.0.113.1', '203.0.113.1', '203.0.113.2']);
});

test('SEC-5: requests of a peer are asked about under its name; strangers are left to the worker', () => {
  const asked: unknown[] = [];
  const intake = intakeOf({}, ((...all: unknown[]) => (asked.push(all), 7)) as () => number);
  expect([intake.request('192.0.2.9', 'SUBSCRIBE'), intake.request('203.0.113.1', 'SUBSCRIBE')]).toEqual([7, 0]);
  expect(asked).toEqual([['pool', 'SUBSCRIBE']]);
});

test('other rates count from the moment of the change', () => {
  const intake = intakeOf({ sipPeerMessagesPerSecond: 1, sipStrangersPerSecond: 1 });
  const all = ['192.0.2.1', '192.0.2.1', '203.0.113.1', '203.0.113.1'];
  expect(taken(intake, all)).toHaveLength(2);
  intake.change({ sipPeerMessagesPerSecond: 10, sipStrangersPerSecond: 10 });
  expect(taken(intake, all)).toHaveLength(4);
});
