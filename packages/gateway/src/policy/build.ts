import type { Store } from '@isthmus/store';
import type { Accounts } from '../accounts';
import { catalogueOf } from '../commands/catalogue';
import { Commands } from '../commands/commands';
import type { Count } from '../commands/counters-command';
import { perMinute, RateLimit } from '../limits/rate-limit';
import type { Logger } from '../log';
import type { Metrics } from '../metrics';
import type { PairLoop } from '../pairs/loop';
import type { StoredPair } from '../pairs/stored';
import type { Sweeper } from '../pairs/sweep';
import { Policies } from './policies';
import type { PolicySettings } from './settings';

export interface PolicyParts {
  readonly settings: PolicySettings;
  readonly domains: readonly string[];
  readonly store: Store<StoredPair>;
  readonly loop: PairLoop;
  readonly sweeper: Sweeper;
  readonly accounts: Accounts;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** The worker's links, for the counters. */
  readonly links: () => readonly Count[];
}

/** Users who are told apart by the limit of commands. */
const MAX_LIMITED = 10_000;

export function buildPolicy(parts: PolicyParts): { readonly policies: Policies; readonly commands: Commands } {
  const { settings, store, now } = parts;
  const { everyone, mixedScripts, maxListEntries, maxListedWatchers, commandsPerMinute, administrators } = settings;
  const policies = new Policies({ ...parts, store: store.policies, pairs: store.pairs, everyone, mixedScripts, maxEntries: maxListEntries });
  const others = async () => [...(await messageCounts(parts.metrics)), ...parts.links()];
  const catalogue = catalogueOf({ policies, pairs: store.pairs, maxListed: maxListedWatchers, others });
  const rate = new RateLimit(perMinute(commandsPerMinute), MAX_LIMITED, now);
  return { policies, commands: new Commands({ ...parts, catalogue, administrators, rate }) };
}

/** Of this worker, since it was started. */
async function messageCounts({ messages }: Metrics): Promise<readonly Count[]> {
  const { values } = await messages.get();
  return values.map(({ labels, value }) => ({ label: `Messages ${labels.direction ?? ''}, ${labels.outcome ?? ''} (this worker)`, value: `${value}` }));
}
