/** Which worker a pair belongs to: the rule of the partition plug-in (plugins/prosody/README.md, "Which connection"). */
import { hash } from 'node:crypto';

/** @param pair as `pairOf` gives it */
export function scoreOf(worker: string, pair: string): string {
  return hash('sha1', `${worker}${pair}`, 'hex');
}

/** A candidate of the choice. */
export interface Candidate {
  readonly name: string;
  /** Whether the worker has told its name itself. */
  readonly announced: boolean;
  /** Rises with every connection: of two of one name the newer one is taken. */
  readonly serial: number;
}

/** The one with the highest score; those without a name of their own come last. */
export function choose<C extends Candidate>(candidates: readonly C[], pair: string): C | undefined {
  if (candidates.length < 2) return candidates[0];
  const announced = candidates.filter((each) => each.announced);
  let best: { candidate: C; score: string } | undefined;
  for (const candidate of announced.length > 0 ? announced : candidates) {
    const score = scoreOf(candidate.name, pair);
    if (best === undefined || score > best.score || (score === best.score && candidate.serial > best.candidate.serial)) best = { candidate, score };
  }
  return best?.candidate;
}

/**
 * Which worker had a pair lately (decision 036): for one to two lifetimes. Two generations, so that nothing needs a timer of its own and
 * forgetting costs nothing.
 */
export class Keepers {
  private young = new Map<string, string>();
  private old = new Map<string, string>();
  private turnedAt = 0;

  /** @param limit pairs remembered; beyond it the memory is only shorter */
  constructor(
    private readonly lifetimeMs: number,
    private readonly limit: number,
  ) {}

  of(pair: string, now: number): string | undefined {
    this.turn(now);
    return this.young.get(pair) ?? this.old.get(pair);
  }

  keep(pair: string, worker: string, now: number): void {
    this.turn(now);
    if (this.young.get(pair) === worker) return;
    this.young.set(pair, worker);
    this.old.delete(pair);
    if (this.young.size * 2 >= this.limit) this.next(now);
  }

  get size(): number {
    return this.young.size + this.old.size;
  }

  private turn(now: number): void {
    if (now - this.turnedAt < this.lifetimeMs) return;
    if (now - this.turnedAt >= 2 * this.lifetimeMs) this.young = new Map();
    this.next(now);
  }

  private next(now: number): void {
    this.old = this.young;
    this.young = new Map();
    this.turnedAt = now;
  }
}
