/**
 * `npm run bench -- cluster [--seconds S] [--rate R] [--watches N] [--only messages|watches|plain|refreshes]`: several workers and SIP servers as one.
 *
 * Messages: what one costs each part (CPU), with one and two workers and SIP servers, at the same rate for each worker; so that the
 * parts, and not this machine, are compared. Watches: N of each direction on two workers, one of which is killed; `plain`: without the anchor,
 * as it is with a drachtio-server by itself. Refreshes: how often two workers get in each other's way at them.
 */
import type { Report } from './support/report';
import { benchCost } from './support/cluster-cost';
import { benchKill } from './support/cluster-kill';
import { benchRefresh } from './support/cluster-refresh';

export interface ClusterOptions {
  /** Messages per second for each worker; default 500. */
  readonly rate?: number;
  /** Rounds of one second for each figure. */
  readonly seconds: number;
  /** Of each direction; default 10,000. */
  readonly watches?: number;
  readonly only?: string;
}

export async function benchCluster(options: ClusterOptions, report: Report): Promise<void> {
  const { only = '' } = options;
  if ('messages'.includes(only)) await benchCost(options, report);
  if ('watches'.includes(only)) await benchKill(true, options, report);
  if ('refreshes'.includes(only)) await benchRefresh(options, report);
  if (only === 'plain') await benchKill(false, options, report);
}
