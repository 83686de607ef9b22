import type { PairStore } from '../../src';

/** As a worker that is alone claims: all that is due, as far as the limit goes. */
export async function claimDue(pairs: PairStore<unknown>, now: number, until: number, limit: number): Promise<string[]> {
  const due = await pairs.due(now, limit);
  return pairs.claim(due.map(({ key }) => key), now, until);
}
