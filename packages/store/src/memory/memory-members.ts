import { checkName, checkTtl } from '../arguments';
import type { MemberStore } from '../port';

/** Sets of names with the time at which each ends. */
export class MemoryMembers implements MemberStore {
  private readonly sets = new Map<string, Map<string, number>>();

  constructor(
    private readonly now: () => number,
    private readonly open: () => void,
  ) {}

  async put(set: string, member: string, max: number, ttlMs: number): Promise<boolean> {
    this.open();
    checkName('set', set);
    checkName('member', member);
    checkTtl(ttlMs);
    const members = this.sets.get(set) ?? new Map<string, number>();
    const at = this.now();
    // Looked through only where it matters: those that have ended are many sets' worth of work.
    if (members.size >= max) for (const [name, until] of members) if (until <= at) members.delete(name);
    if (!members.has(member) && members.size >= max) return false;
    this.sets.set(set, members.set(member, at + ttlMs));
    return true;
  }

  async remove(set: string, member: string): Promise<void> {
    this.open();
    const members = this.sets.get(set);
    members?.delete(member);
    if (members?.size === 0) this.sets.delete(set);
  }
}
