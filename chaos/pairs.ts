import type { Fault } from './faults';
import type { Random } from './random';

/** Pairs of faults that have no part in common. */
export function randomPairs(faults: readonly Fault[], count: number, random: Random): readonly (readonly [Fault, Fault])[] {
  const all = faults.flatMap((one, index) => faults.slice(index + 1).filter((other) => areApart(one, other)).map((other): [Fault, Fault] => [one, other]));
  const [first, ...others] = all;
  return first === undefined ? [] : Array.from({ length: count }, () => random.pick([first, ...others]));
}

/** Have they no part in common, and does each do something? */
const areApart = (one: Fault, other: Fault): boolean => [one, other].every(({ touches }) => touches.length > 0) && !one.touches.some((part) => other.touches.includes(part));
