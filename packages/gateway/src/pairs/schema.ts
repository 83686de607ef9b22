import { type Commit, type CommitResult, DamagedRecordError, type Due, type PairStore, type Stored } from '@isthmus/store';
import type { StoredPair } from './stored';

/**
 * Records carry the number of their schema, so that two adjacent versions of isthmus work side by side while one takes the place of
 * the other (docs/upgrade.md; decision 078). A version of schema n
 * - reads what schemas up to n wrote, and brings it to n in memory;
 * - reads n + 1 too, which may differ from n only by fields that n does not know: it goes on from these records, keeps the fields
 *   that it does not know, and leaves the number as it is;
 * - leaves alone what is of a later schema;
 * - writes the schema that all live workers have, so that none of them meets what it cannot read.
 */

/** The schema that the engine's records are of in memory. */
export const SCHEMA = 1;

/** How a record of one schema becomes one of the next, and the other way round. Neither may lose what the other cannot make again. */
export interface SchemaStep {
  readonly up: (stored: StoredPair) => StoredPair;
  readonly down: (stored: StoredPair) => StoredPair;
}

/** The first leads from schema 1 to 2, and so on: there are `SCHEMA - 1`. */
export const STEPS: readonly SchemaStep[] = [];

export interface SchemaOptions {
  readonly steps?: readonly SchemaStep[];
  /** The lowest schema of the live workers, this one included. */
  readonly lowest: () => number;
  /** A record of a later schema than can be read was met. */
  readonly onTooNew: (schema: number, newest: number) => void;
}

/** The pairs of a store, as a worker of one schema reads and writes them. */
export class SchemaPairs implements PairStore<StoredPair> {
  private readonly steps: readonly SchemaStep[];
  private readonly own: number;

  constructor(
    private readonly real: PairStore<StoredPair>,
    private readonly options: SchemaOptions,
  ) {
    this.steps = options.steps ?? STEPS;
    this.own = schemaOf(this.steps);
  }

  /** Rejects with a `DamagedRecordError` where the record is of a later schema than the next one. */
  async load(key: string): Promise<Stored<StoredPair> | undefined> {
    const stored = await this.real.load(key);
    return stored && { ...stored, record: this.read(key, stored.record) };
  }

  commit(commit: Commit<StoredPair>): Promise<CommitResult> {
    return this.real.commit(commit.record === undefined ? commit : { ...commit, record: this.write(commit.record) });
  }

  putBack(key: string, { record, version }: Stored<StoredPair>, due: number | undefined): Promise<boolean> {
    return this.real.putBack(key, { record: this.write(record), version }, due);
  }

  due(now: number, limit: number): Promise<readonly Due[]> {
    return this.real.due(now, limit);
  }

  claim(keys: readonly string[], now: number, until: number): Promise<string[]> {
    return this.real.claim(keys, now, until);
  }

  scan(prefix?: string): AsyncIterable<string> {
    return this.real.scan(prefix);
  }

  count(): Promise<number> {
    return this.real.count();
  }

  ping(): Promise<void> {
    return this.real.ping();
  }

  private read(key: string, stored: StoredPair): StoredPair {
    const schema = numberOf(stored);
    const known = raised(stored, this.steps);
    if (known !== undefined) return known;
    this.options.onTooNew(schema, this.own + 1);
    throw new DamagedRecordError(`the record of ${JSON.stringify(key)} is of schema ${schema}, and this version reads up to ${this.own + 1}: upgrade this worker`);
  }

  private write(stored: StoredPair): StoredPair {
    if (numberOf(stored) > this.own) return stored;
    const target = Math.max(1, Math.min(this.own, this.options.lowest()));
    let value = raised(stored, this.steps) ?? stored;
    for (let schema = this.own; schema > target; schema -= 1) value = this.steps[schema - 2]?.down(value) ?? value;
    return withNumber(value, target);
  }
}

/** A stored record in this version's schema, also where it is of the next one; undefined when it is of a later one still. */
export function raised(stored: StoredPair, steps: readonly SchemaStep[] = STEPS): StoredPair | undefined {
  const schema = numberOf(stored);
  const own = schemaOf(steps);
  if (schema > own + 1) return undefined;
  const value = steps.slice(Math.max(0, schema - 1)).reduce((before, { up }) => up(before), stored);
  return schema >= own ? value : withNumber(value, own);
}

/** The schema that a version with these steps has. */
export const schemaOf = (steps: readonly SchemaStep[]): number => steps.length + 1;

/** What was written before there were numbers is of the first schema. */
const numberOf = ({ record }: StoredPair): number => (record as { readonly schema?: number }).schema ?? 1;

/** In memory the engine takes every record for one of its own; the number is for the store. */
function withNumber(stored: StoredPair, schema: number): StoredPair {
  if (numberOf(stored) === schema) return stored;
  return { ...stored, record: { ...stored.record, schema: schema as typeof SCHEMA } };
}
