import { sipeBench } from './sipe-build';

/** A suite that needs the SIPE bench. Without the bench it says so, as a test yet to do; in CI that is a failure. */
export function describeWithSipe(title: string, suite: () => void): void {
  if (sipeBench() !== undefined) return describe(title, suite);
  console.warn(`${title}: left out, the SIPE bench is not here (let ISTHMUS_SIPE name its folder)`);
  describe(title, () => test.todo('left out: the SIPE bench is not here (ISTHMUS_SIPE)'));
}
