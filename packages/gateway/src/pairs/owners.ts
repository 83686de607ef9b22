import { anchoredAt } from '@isthmus/sip';

/** What is known of the owner of a dialog: `unclear` becomes one of the others with time. */
export type OwnerState = 'held' | 'gone' | 'unclear';

/** Lives of anchors that are remembered. */
const MAX_LIVES = 256;

/** The server of an owner that is the connection of a worker, `worker/server/number`. */
const serverOf = (owner: string): string | undefined => anchoredAt(owner) ?? owner.split('/')[1];

/**
 * Which owners of dialogs are gone. The connection of a worker is gone when nobody has it. The life of an anchor outlasts all
 * connections of workers to it: that nobody is connected may be over in a moment. It is certainly over when its server is seen with
 * another owner, and it counts as over when nobody has seen it for so long.
 */
export class Owners {
  private readonly seen = new Map<string, number>();

  constructor(
    private readonly graceMs: number,
    private readonly startedAt: number,
  ) {}

  /** Notes who is there; true when the life of an anchor is among them that was not there before. */
  note(present: Iterable<string>, at: number): boolean {
    let isNew = false;
    for (const owner of present) {
      if (anchoredAt(owner) === undefined) continue;
      isNew ||= !this.seen.has(owner);
      this.seen.delete(owner);
      this.seen.set(owner, at);
    }
    for (const owner of this.seen.keys()) {
      if (this.seen.size <= MAX_LIVES) break;
      this.seen.delete(owner);
    }
    return isNew;
  }

  stateOf(owner: string, present: ReadonlySet<string>, at: number): OwnerState {
    if (present.has(owner)) return 'held';
    const server = anchoredAt(owner);
    if (server === undefined) return 'gone';
    for (const other of present) if (serverOf(other) === server) return 'gone';
    return at - (this.seen.get(owner) ?? this.startedAt) >= this.graceMs ? 'gone' : 'unclear';
  }
}
