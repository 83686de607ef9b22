import { XmppAbsence } from '../src/xmpp-absence';

const GRACE_MS = 5_000;

let others: boolean;
let told: number;
let absence: XmppAbsence;

beforeEach(() => {
  jest.useFakeTimers();
  others = false;
  told = 0;
  absence = new XmppAbsence({ graceMs: GRACE_MS, othersReach: () => others, onAway: () => (told += 1) });
});
afterEach(() => {
  absence.stop();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

test('it is away when nobody has reached it for the grace, and that is told once', () => {
  absence.lost();
  jest.advanceTimersByTime(GRACE_MS - 1);
  expect([absence.isAway, told]).toEqual([false, 0]);
  jest.advanceTimersByTime(1);
  expect([absence.isAway, told]).toEqual([true, 1]);
  jest.advanceTimersByTime(10 * GRACE_MS);
  expect(told).toBe(1);
});

test('a link that comes back within the grace is no absence', () => {
  absence.lost();
  jest.advanceTimersByTime(GRACE_MS - 1);
  absence.back();
  jest.advanceTimersByTime(10 * GRACE_MS);
  expect([absence.isAway, told]).toEqual([false, 0]);
});

test('promise 1: the other workers lose it later than this one: texts are refused then too, and not taken for ever', () => {
  others = true;
  absence.lost();
  jest.advanceTimersByTime(3 * GRACE_MS);
  expect([absence.isAway, told]).toEqual([false, 0]);
  others = false;
  jest.advanceTimersByTime(GRACE_MS);
  expect([absence.isAway, told]).toEqual([true, 1]);
});

test('another worker reaches it again before this one: texts are taken at once, and the next absence is told', () => {
  absence.lost();
  jest.advanceTimersByTime(GRACE_MS);
  others = true;
  expect(absence.isAway).toBe(false);
  jest.advanceTimersByTime(GRACE_MS);
  others = false;
  jest.advanceTimersByTime(GRACE_MS);
  expect([absence.isAway, told]).toEqual([true, 2]);
});

test('promise 3: a link that is up again says that it had been lost, the first one does not', () => {
  expect(absence.back()).toBe(false);
  absence.lost();
  expect(absence.back()).toBe(true);
  expect(absence.back()).toBe(false);
});

test('a link that is lost after the end keeps nothing alive', () => {
  absence.stop();
  absence.lost();
  expect(jest.getTimerCount()).toBe(0);
});
