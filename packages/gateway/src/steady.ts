/**
 * Milliseconds that pass, from any beginning: never fewer than have passed. A clock that is set back takes nothing from them, and
 * the time in which the machine stood still (suspended, moved to another host), of which the monotonic clock may know nothing,
 * counts by the wall clock. A clock that is set forward counts too: then a lease ends too early, which costs one beat.
 */
export function steadyClock(wall: () => number = Date.now, monotonic: () => number = () => performance.now()): () => number {
  let before = { wall: wall(), monotonic: monotonic() };
  let passed = 0;
  return () => {
    const at = { wall: wall(), monotonic: monotonic() };
    passed += Math.max(0, at.wall - before.wall, at.monotonic - before.monotonic);
    before = at;
    return passed;
  };
}

/** The one of this process. */
export const steady = steadyClock();
