import type { PairRecord } from '@isthmus/engine';
import type { PairStore } from '@isthmus/store';
import type { StoredPair } from '../pairs/stored';
import type { Stage, UserCommand } from './command';
import { lookAt } from './records';

/** One line of the answer. */
export interface Count {
  readonly label: string;
  readonly value: string;
}

export interface CountersOptions {
  readonly pairs: PairStore<StoredPair>;
  /** What this worker knows besides: messages, links. */
  readonly others: () => Promise<readonly Count[]>;
  /** Records that are looked at: it costs a round trip each. */
  readonly maxRecords: number;
}

/** Pairs, watches by state, sessions, messages, links: a look at the whole for an administrator. */
export class CountersCommand implements UserCommand {
  constructor(private readonly options: CountersOptions) {}

  async show(): Promise<Stage> {
    const { pairs, others, maxRecords } = this.options;
    const total = await pairs.count();
    const tally = new Tally();
    const keys: string[] = [];
    for await (const key of pairs.scan()) if (keys.push(key) >= maxRecords) break;
    const damaged = await lookAt(pairs, keys, (_pair, record) => tally.add(record));
    const looked = keys.length;
    const part = looked < total ? ` (of ${looked} pairs looked at)` : '';
    const counts = [{ label: 'Pairs of users', value: `${total}` }, ...tally.lines(part), ...damagedLine(damaged, part), ...(await others())];
    const fields = counts.map(({ label, value }, index) => ({ name: `count-${index + 1}`, type: 'text-single', label, values: [value] }) as const);
    return { is: 'done', form: { type: 'result', title: 'Counters', fields } };
  }

  /** There is nothing to submit: the counters are shown anew. */
  take(): Promise<Stage> {
    return this.show();
  }
}

/** What cannot be read is counted by itself: it must not hide the others. */
function damagedLine(damaged: number, part: string): readonly Count[] {
  return damaged === 0 ? [] : [{ label: `Records that are damaged in the store${part}`, value: `${damaged}` }];
}

/** How many there are of each kind. */
class Tally {
  private readonly counts = new Map<string, number>();

  add({ inward, outward, conversation }: PairRecord): void {
    if (inward.watches.length > 0) this.count(`SIP devices that watch: ${inward.is}`, inward.watches.length);
    if (outward.is !== 'idle') this.count(`SIP users watched: ${outward.is}`, 1);
    if (conversation.is !== 'none') this.count(`Conversations: ${conversation.is}`, 1);
  }

  lines(part: string): readonly Count[] {
    return [...this.counts].sort().map(([label, value]) => ({ label: `${label}${part}`, value: `${value}` }));
  }

  private count(label: string, by: number): void {
    this.counts.set(label, (this.counts.get(label) ?? 0) + by);
  }
}
