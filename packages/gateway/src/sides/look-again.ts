/** How often is looked whether what was lost is back, milliseconds. */
const LOOK_MS = 100;

/** Resolves when it is time to look again; keeps no process alive. */
export const lookAgain = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, LOOK_MS).unref());
