/** What the checks of the conformance runner share: outcomes, and reading cases of unknown shape. */

export type Outcome =
  | { readonly name: string; readonly result: 'passed' | 'skipped' }
  | { readonly name: string; readonly result: 'failed'; readonly reason: string };

export type Case = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Case {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects of a list; of an object, those of its lists. Anything else in them counts as a case, too. */
export function casesOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) {
    return value;
  }
  return isObject(value) ? Object.values(value).flatMap((part) => (Array.isArray(part) ? part : [])) : [];
}

export function passed(name: string): Outcome {
  return { name, result: 'passed' };
}

export function failed(name: string, reason: string): Outcome {
  return { name, result: 'failed', reason };
}

/** Passed where nothing is wrong, else failed with everything that is. */
export function outcomeOf(name: string, complaints: readonly string[]): Outcome {
  return complaints.length === 0 ? passed(name) : failed(name, complaints.join('; '));
}

export function show(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}
