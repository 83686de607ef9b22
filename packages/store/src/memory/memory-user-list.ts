import type { BareJid } from '@isthmus/model';
import type { UserList } from '../port';

export class MemoryUserList implements UserList {
  private users: ReadonlySet<BareJid> = new Set<BareJid>();

  constructor(private readonly open: () => void) {}

  async has(user: BareJid): Promise<boolean> {
    this.open();
    return this.users.has(user);
  }

  async add(users: readonly BareJid[]): Promise<number> {
    return this.become([...this.users, ...users]);
  }

  async remove(users: readonly BareJid[]): Promise<number> {
    const gone = new Set(users);
    return this.become([...this.users].filter((user) => !gone.has(user)));
  }

  async replace(users: readonly BareJid[]): Promise<void> {
    this.become(users);
  }

  async *list(): AsyncIterable<BareJid> {
    this.open();
    yield* this.users;
  }

  async count(): Promise<number> {
    this.open();
    return this.users.size;
  }

  /** By how many they are more or fewer now. */
  private become(users: readonly BareJid[]): number {
    this.open();
    const before = this.users.size;
    this.users = new Set(users);
    return Math.abs(this.users.size - before);
  }
}
