import type { LoadThresholds } from '@isthmus/rules';
import type { Store } from '@isthmus/store';
import type { Config } from '../config/schema';
import type { Logger } from '../log';
import type { Metrics } from '../metrics';
import { NewWork, type Limit, type Rates } from './new-work';
import type { StoredPair } from '../pairs/stored';
import { SipIntake, type IntakeRates } from './sip-intake';
import { UserWatches, type WatchLimits } from './user-watches';
import { LoadMonitor } from './load-monitor';

/** What the configuration says about how much a worker takes. */
export interface LimitSettings {
  readonly rates: Rates & IntakeRates;
  readonly load: LoadThresholds;
  readonly watches: WatchLimits;
}

export function limitSettings({ limits }: Config): LimitSettings {
  const { rates, overload } = limits;
  return {
    rates,
    watches: limits,
    load: {
      busy: { loopDelayMs: overload.busyDelayMilliseconds, pendingPercent: overload.busyPendingPercent, storeMs: overload.busyStoreMilliseconds, stalls: overload.busyStalls },
      overloaded: {
        loopDelayMs: overload.overloadedDelayMilliseconds,
        pendingPercent: overload.overloadedPendingPercent,
        storeMs: overload.overloadedStoreMilliseconds,
        stalls: overload.overloadedStalls,
      },
    },
  };
}

export interface LimitParts {
  readonly settings: LimitSettings;
  readonly allowanceOf: (address: string) => string | undefined;
  readonly pendingPercent: () => number;
  readonly store: Pick<Store<StoredPair>, 'pairs' | 'members'>;
  readonly metrics: Pick<Metrics, 'limited'>;
  readonly log: Logger;
  readonly now: () => number;
}

/** What keeps new work out when there is no room for it. */
export interface Limits {
  readonly newWork: NewWork;
  readonly intake: SipIntake;
  readonly userWatches: UserWatches;
  readonly monitor: LoadMonitor;
  readonly onLimit: (limit: Limit) => void;
  readonly change: (settings: LimitSettings) => void;
}

export function buildLimits({ settings, allowanceOf, pendingPercent, store, metrics, log, now }: LimitParts): Limits {
  const onLimit = (limit: Limit) => metrics.limited.inc({ limit });
  const monitor = new LoadMonitor({
    thresholds: settings.load,
    pendingPercent,
    ping: () => store.pairs.ping(),
    now,
    onChange: (load, before, { loopDelayMs, pendingPercent: pending, storeMs, stalls }) => {
      log[load === 'normal' ? 'info' : 'warn']({ load, before, loopDelayMs, pendingPercent: pending, storeMs, stalls }, 'load_changed');
    },
  });
  const newWork = new NewWork({ rates: settings.rates, load: () => monitor.load, onLimit, now });
  const intake = new SipIntake({ rates: settings.rates, allowanceOf, newWork, onLimit, now });
  const userWatches = new UserWatches({ limits: settings.watches, members: store.members, pairs: store.pairs, onLimit });
  const change = ({ rates, load, watches }: LimitSettings) => {
    userWatches.change(watches);
    newWork.change(rates);
    intake.change(rates);
    monitor.change(load);
  };
  return { newWork, intake, userWatches, monitor, onLimit, change };
}
