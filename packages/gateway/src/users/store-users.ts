import type { BareJid } from '@isthmus/model';
import type { UserList } from '@isthmus/store';
import { Answers } from '../answers';
import type { SipUsers } from './sip-users';

export interface StoreUsersOptions {
  readonly list: Pick<UserList, 'has'>;
  /** So long is an answer believed, milliseconds. */
  readonly ttlMs: number;
  readonly maxCached: number;
  readonly now: () => number;
}

/** The list of SIP users in the store. An answer that is known is given at once; several callers share one question. */
export class StoreUsers implements SipUsers {
  private answers: Answers;
  private readonly asking = new Map<BareJid, Promise<boolean>>();

  constructor(private readonly options: StoreUsersOptions) {
    this.answers = new Answers(options);
  }

  has(user: BareJid): boolean | Promise<boolean> {
    return this.answers.get(user) ?? this.asking.get(user) ?? this.ask(user);
  }

  /** What was asked before is not believed any more. */
  refresh(): void {
    this.answers = new Answers(this.options);
  }

  stop(): void {
    this.refresh();
  }

  private ask(user: BareJid): Promise<boolean> {
    const { answers } = this;
    const question = this.options.list
      .has(user)
      .then((answer) => {
        answers.set(user, answer);
        return answer;
      })
      .finally(() => this.asking.delete(user));
    this.asking.set(user, question);
    return question;
  }
}
