import type { Policies } from '../policy/policies';
import type { CatalogueEntry } from './command';
import { CountersCommand, type CountersOptions } from './counters-command';
import { PolicyCommand } from './policy-command';
import { WatchersCommand, type WatchersOptions } from './watchers-command';

export interface CatalogueParts extends Pick<WatchersOptions, 'pairs' | 'maxListed'>, Pick<CountersOptions, 'others'> {
  readonly policies: Policies;
}

/** Records that the counters look at. */
const MAX_COUNTED = 10_000;

/** The commands that the gateway offers. The nodes stay: clients and scripts keep them. */
export function catalogueOf({ policies, pairs, maxListed, others }: CatalogueParts): readonly CatalogueEntry[] {
  const policy = new PolicyCommand(policies);
  const watchers = new WatchersCommand({ policies, pairs, maxListed });
  return [
    { node: 'urn:isthmus:commands:policy', name: 'My availability policy', scope: 'own', command: policy },
    { node: 'urn:isthmus:commands:watchers', name: 'Who watches me', scope: 'own', command: watchers },
    { node: 'urn:isthmus:commands:policy-of-user', name: "A user's availability policy", scope: 'any', command: policy },
    { node: 'urn:isthmus:commands:watchers-of-user', name: 'Who watches a user', scope: 'any', command: watchers },
    { node: 'urn:isthmus:commands:counters', name: 'Counters', scope: 'system', command: new CountersCommand({ pairs, others, maxRecords: MAX_COUNTED }) },
  ];
}
