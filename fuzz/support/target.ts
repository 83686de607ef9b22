/** Something that reads bytes of others. `check` throws where a promise is broken; what it returns does not matter. */
export interface Target {
  readonly name: string;
  /** Valid texts. For bytes one character is one byte. */
  readonly samples: readonly string[];
  readonly check: (input: string) => void;
  /** Cases in `npm test`. */
  readonly runs: number;
  /** Characters of the largest input that this reader is ever given (a limit before it); default: 200,000. */
  readonly largest?: number;
}
