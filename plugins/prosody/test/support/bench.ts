import { Prosody } from '../../../../scenarios/support/prosody';
import type { ProsodyOptions } from '../../../../scenarios/support/prosody';
import { Bench, benchOptions } from '../../../test/support/bench';

export { DOMAIN, GATEWAY } from '../../../test/support/bench';

/** A bench on Prosody, with anything that Prosody can be configured to. */
export const startBench = async (accounts: readonly string[], options: Partial<ProsodyOptions> = {}): Promise<Bench<Prosody>> =>
  new Bench(await Prosody.start({ ...benchOptions(accounts), ...options }));
