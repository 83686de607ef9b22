import type { Fence } from '../pairs/runner';
import { lookAgain } from './look-again';

/**
 * The same question again and again about something that was begun: may it go on (decision 072)? What takes seconds, as a request that goes from
 * one next hop to the other, may outlive the lease under which it was begun, and then others do it.
 */
export function stillOurs(fence: Fence, now: () => number): (until: number) => Promise<boolean> {
  const { instance } = fence;
  return async (until) => {
    while (fence.instance === instance && !fence.holdsLease() && now() < until) await lookAgain();
    return fence.instance === instance && fence.holdsLease();
  };
}
