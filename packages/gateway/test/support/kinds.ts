import type { SimulationOptions } from './simulation';

/** The kinds of stories that the simulated cluster plays, by name. */
export const KINDS: readonly (readonly [name: string, options: Omit<SimulationOptions, 'seed'>])[] = [
  ['one worker', { instances: 1, crashes: 0, strays: 0 }],
  ['two workers, stanzas astray', { instances: 2, crashes: 0, strays: 30 }],
  ['two workers that die', { instances: 2, crashes: 3, strays: 0 }],
  ['three workers that die, stanzas astray', { instances: 3, crashes: 3, strays: 30 }],
  ['two workers that stall', { instances: 2, crashes: 0, strays: 10, stalls: 0.5 }],
  ['three workers, each cut from the store now and then', { instances: 3, crashes: 0, strays: 30, cuts: 1 }],
  ['three workers that stall, are cut off and die', { instances: 3, crashes: 2, strays: 30, stalls: 0.5, cuts: 0.5 }],
  ['numbered: two workers, pairs that move', { instances: 2, crashes: 0, strays: 30, numbers: true }],
  ['numbered: three workers that die anywhere, or drain', { instances: 3, crashes: 1, strays: 30, numbers: true, kills: 0.3, drains: 1 }],
  ['numbered: two workers that stall', { instances: 2, crashes: 0, strays: 10, stalls: 0.5, numbers: true }],
  ['numbered: three workers to which all of that happens', { instances: 3, crashes: 1, strays: 30, stalls: 0.5, cuts: 0.5, numbers: true, kills: 0.2, drains: 1 }],
];
