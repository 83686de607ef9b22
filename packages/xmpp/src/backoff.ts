/** Pauses between attempts to connect: `minMs`, growing by `factor` up to `maxMs`, each off by up to `jitter` of itself. */
export interface ReconnectPolicy {
  readonly minMs: number;
  readonly maxMs: number;
  readonly factor: number;
  /** 0 to 1. Keeps many workers from coming back in the same instant. */
  readonly jitter: number;
}

/** Ten seconds are the promise for being right again (DESIGN section 7): the longest pause stays well below. */
export const DEFAULT_RECONNECT: ReconnectPolicy = { minMs: 200, maxMs: 4_000, factor: 2, jitter: 0.2 };

/**
 * The pause after failure number `failures` (from 1), milliseconds, never above `maxMs`.
 * @param chance from 0 (included) to 1
 */
export function pauseMs(policy: ReconnectPolicy, failures: number, chance: number): number {
  const plain = Math.min(policy.maxMs, policy.minMs * policy.factor ** (failures - 1));
  const swing = 1 + policy.jitter * (2 * chance - 1);
  return Math.min(policy.maxMs, Math.round(plain * swing));
}
