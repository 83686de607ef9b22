/** What one look at a part has shown. */
export interface Finding {
  /** The part, e.g. `xmpp` or `route lync`. */
  readonly part: string;
  /** `warning`: it works, and will not always. `problem`: something does not work. */
  readonly level: 'ok' | 'warning' | 'problem';
  /** What is so, in plain words. */
  readonly text: string;
  /** What to do about it. */
  readonly advice?: string;
}

export const ok = (part: string, text: string): Finding => ({ part, level: 'ok', text });
export const warning = (part: string, text: string, advice: string): Finding => ({ part, level: 'warning', text, advice });
export const problem = (part: string, text: string, advice: string): Finding => ({ part, level: 'problem', text, advice });

const MARKS = { ok: 'ok      ', warning: 'warning ', problem: 'PROBLEM ' } as const;

/** For people: a line for each finding, and below it what to do. */
export function asText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ part }) => part.length));
  const lines = findings.flatMap(({ level, part, text, advice }) => [
    `${MARKS[level]} ${part.padEnd(width)}  ${text}`,
    ...(advice === undefined ? [] : [`${' '.repeat(width + 11)}-> ${advice}`]),
  ]);
  const count = (level: Finding['level']) => findings.filter((each) => each.level === level).length;
  const [problems, warnings] = [count('problem'), count('warning')];
  const sum = problems + warnings === 0 ? 'Nothing is wrong.' : `${plural(problems, 'problem')}, ${plural(warnings, 'warning')}.`;
  return `${lines.join('\n')}\n\n${sum}\n`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
