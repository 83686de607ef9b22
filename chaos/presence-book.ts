/** What one sees of the other. */
export type State = 'available' | 'away' | 'dnd' | 'offline';
/** Who is shown: SIP users to XMPP users, or XMPP users to SIP users. */
export type Way = 'to XMPP' | 'to SIP';

interface Truth {
  readonly state: State;
  readonly since: number;
}

interface Line {
  readonly way: Way;
  readonly contact: string;
  shown: State;
}

/** What was wrong since `mark`. */
export interface Wrong {
  /** Pairs of watcher and contact that were wrong at some time. */
  readonly contacts: number;
  /** When the last one was seen wrong, milliseconds of the clock; undefined: none ever was. */
  readonly lastAt: number | undefined;
}

/** So long may a change be on its way before what is shown counts as wrong. */
const GRACE_MS = 2_500;

/** Compares what is shown with the truth. All times are milliseconds of one clock. */
export class PresenceBook {
  private readonly truths = new Map<string, Truth>();
  private readonly lines = new Map<string, Line>();
  private readonly everWrong: Record<Way, Set<string>> = { 'to XMPP': new Set(), 'to SIP': new Set() };
  private readonly lastWrong: Partial<Record<Way, number>> = {};

  /** So it is from now on. */
  is(contact: string, state: State, at: number): void {
    if (this.stateOf(contact) !== state) this.truths.set(contact, { state, since: at });
  }

  stateOf(contact: string): State {
    return this.truths.get(contact)?.state ?? 'offline';
  }

  /** The watcher is to see the contact from now on. */
  watches(way: Way, watcher: string, contact: string): void {
    this.lines.set(key(watcher, contact), { way, contact, shown: 'offline' });
  }

  shows(watcher: string, contact: string, state: State): void {
    const line = this.lines.get(key(watcher, contact));
    if (line !== undefined) line.shown = state;
  }

  /** The watcher sees nobody any more. */
  blind(watcher: string): void {
    for (const [name, line] of this.lines) if (name.startsWith(`${watcher} `)) line.shown = 'offline';
  }

  /** Pairs that are not shown as they are, however fresh the change. */
  get differing(): readonly string[] {
    return [...this.lines].filter(([, line]) => line.shown !== this.stateOf(line.contact)).map(([name, { shown, contact }]) => `${name}: ${shown} instead of ${this.stateOf(contact)}`);
  }

  /** From now on it is counted what is wrong. */
  mark(): void {
    for (const way of ['to XMPP', 'to SIP'] as const) {
      this.everWrong[way].clear();
      delete this.lastWrong[way];
    }
  }

  /** Takes note of all that is wrong at this time. */
  look(at: number): void {
    for (const [name, { way, contact, shown }] of this.lines) {
      const truth = this.truths.get(contact) ?? { state: 'offline', since: -Infinity };
      if (shown === truth.state || at - truth.since <= GRACE_MS) continue;
      this.everWrong[way].add(name);
      this.lastWrong[way] = at;
    }
  }

  wrong(way: Way): Wrong {
    return { contacts: this.everWrong[way].size, lastAt: this.lastWrong[way] };
  }
}

const key = (watcher: string, contact: string): string => `${watcher} ${contact}`;
