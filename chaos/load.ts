import type { Arena, Couple } from './arena';
import type { State } from './presence-book';
import type { Random } from './random';

export interface LoadOptions {
  /** Texts per second each way. */
  readonly rate: number;
  /** Changes of presence per second, of the users of each side together. */
  readonly changes: number;
}

const TICK_MS = 5;
/** Every so many texts one types before. */
const TYPED = 5;
/** Every so many texts somebody begins to type and writes nothing. */
const UNDECIDED = 20;
const STATES = ['available', 'away', 'dnd'] as const satisfies readonly State[];

/** Steady texts, typing and changes of presence both ways, until it is stopped. */
export class Load {
  private texts = 0;
  private changed = 0;
  private begun = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly arena: Arena,
    private readonly random: Random,
    private readonly options: LoadOptions,
  ) {}

  start(): void {
    this.begun = performance.now();
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  /** Nothing more is sent; all states stay as they are. */
  stop(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    const seconds = (performance.now() - this.begun) / 1_000;
    const { couples } = this.arena;
    for (; this.texts < seconds * this.options.rate; this.texts += 1) this.say(couples[this.texts % couples.length], this.texts);
    for (; this.changed < seconds * this.options.changes; this.changed += 1) this.change(couples[this.changed % couples.length]);
  }

  private say(couple: Couple | undefined, number: number): void {
    if (couple === undefined) return;
    const { user, contact } = couple;
    const { ledger, senders, sip } = this.arena;
    const sender = senders.get(user);
    if (number % TYPED === 0) {
      sender?.types(contact, true);
      sip.types(contact, user, true);
    }
    if (number % UNDECIDED === 0) {
      sender?.types(contact, false);
      return sip.types(contact, user, false);
    }
    const pair = `${contact} ${user}`;
    if (sender?.isOnline === true) {
      const id = ledger.begin('to SIP', pair);
      if (!sender.say(contact, id)) ledger.forget(id);
    }
    sip.say(contact, user, ledger.begin('to XMPP', pair));
  }

  /** A SIP user and an XMPP user show another state. */
  private change(couple: Couple | undefined): void {
    if (couple === undefined) return;
    const { presence, senders, watches, couples } = this.arena;
    const at = performance.now();
    presence.is(couple.contact, this.other(presence.stateOf(couple.contact)), at);
    watches.changed(couple.contact);
    // One of them has all his contacts as watchers: he changes as much more seldom.
    const share = Math.max(1, Math.round(couples.length / senders.size));
    if (this.changed % share !== 0) return;
    const state = this.other(presence.stateOf(couple.user));
    presence.is(couple.user, state, at);
    senders.get(couple.user)?.shows(state);
  }

  private other(state: State): Exclude<State, 'offline'> {
    const [one = 'away', two = 'dnd'] = STATES.filter((each) => each !== state);
    return this.random.pick([one, two]);
  }
}
