import type { Inward } from '@isthmus/engine';
import type { BareJid } from '@isthmus/model';

export interface Watcher {
  readonly contact: BareJid;
  readonly inward: Inward;
}

const STATES: Readonly<Record<Inward['is'], string>> = {
  none: 'does not watch',
  pending: 'waits for your answer',
  active: 'sees you',
  denied: 'refused, sees you as offline',
  blocked: 'blocked by policy, sees you as offline',
};

/** One line about a watcher: his address, what he sees, on how many devices, and how long unless he asks again. */
export function describeWatcher({ contact, inward }: Watcher): string {
  const { watches } = inward;
  const state = STATES[inward.is];
  if (watches.length === 0) return `${contact}: ${state}; does not watch now`;
  const last = new Date(Math.max(...watches.map(({ expiresAt }) => expiresAt)));
  const devices = watches.length === 1 ? '1 device' : `${watches.length} devices`;
  return `${contact}: ${state}; ${devices}, until ${last.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
