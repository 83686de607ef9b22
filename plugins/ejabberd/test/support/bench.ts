import { Ejabberd } from '../../../../scenarios/support/ejabberd';
import type { EjabberdOptions } from '../../../../scenarios/support/ejabberd';
import { Bench, benchOptions } from '../../../test/support/bench';

export { DOMAIN, GATEWAY } from '../../../test/support/bench';

/** A bench on ejabberd, with anything that our tests configure there. */
export const startBench = async (accounts: readonly string[], options: Partial<EjabberdOptions> = {}): Promise<Bench<Ejabberd>> =>
  new Bench(await Ejabberd.start({ ...benchOptions(accounts), ...options }));
