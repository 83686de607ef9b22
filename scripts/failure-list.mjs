// What failed, as the last lines of `npm test`: whoever sees only the end of a log sees every failure there, with its message.
import { relative } from 'node:path';

/** Lines of the whole list: the end of a log that a CI service shows is not much longer. */
const MOST_LINES = 150;
/** Lines of one failure, where few have failed; the first ones say what was expected and what came. */
const MOST_LINES_EACH = 25;
const FEWEST_LINES_EACH = 2;
const COLOURS = /\x1b\[[0-9;]*m/g;

/**
 * The failures in a result of jest (`--json`): tests, and files that could not be run at all.
 * @param result what jest wrote
 * @param step the name of the step that it was
 * @param root the project's folder; files are named from there
 * @returns {{ what: string, message: string }[]}
 */
export function failuresOf(result, step, root) {
  return result.testResults.flatMap(({ name, message, status, assertionResults }) => {
    const file = `${step}: ${relative(root, name)}`;
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0) return status === 'failed' ? [{ what: file, message }] : [];
    return failed.map(({ fullName, failureMessages }) => ({ what: `${file}: ${fullName}`, message: failureMessages.join('\n') }));
  });
}

/** The list; each failure begins with `FAILED`. Of a long message the beginning is shown. */
export function failureList(failures) {
  const each = Math.max(FEWEST_LINES_EACH, Math.min(MOST_LINES_EACH, Math.floor(MOST_LINES / Math.max(1, failures.length)) - 1));
  return failures.flatMap(({ what, message }) => [`FAILED ${what}`, ...beginning(message, each)]).map((line) => `${line}\n`).join('');
}

function beginning(message, count) {
  const lines = message.replace(COLOURS, '').split('\n').filter((line) => line.trim() !== '');
  const shown = lines.slice(0, count).map((line) => `    ${line}`);
  return lines.length > count ? [...shown, `    ... ${lines.length - count} more lines above`] : shown;
}
