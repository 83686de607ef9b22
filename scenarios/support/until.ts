import { DEFAULT_DEADLINE_MS } from './mailbox';

const PAUSE_MS = 20;

/** Asks until the answer is yes; a question that fails is asked again. Rejects at the deadline. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, deadlineMs = DEFAULT_DEADLINE_MS): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  const isSo = async (): Promise<boolean> => holds();
  while (!(await isSo().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
