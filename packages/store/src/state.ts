import type { StoreState } from './port';

/** The state of a store and who wants to hear of its changes. */
export class ObservedState {
  private readonly listeners = new Set<(state: StoreState) => void>();

  constructor(private state: StoreState) {}

  get current(): StoreState {
    return this.state;
  }

  /** Tells the listeners, unless nothing changed. A closed store stays closed. */
  become(next: StoreState): void {
    if (this.state.is === 'closed' || same(this.state, next)) return;
    this.state = next;
    for (const listener of [...this.listeners]) listener(next);
  }

  listen(listener: (state: StoreState) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** Whatever was thrown, as an Error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** One line that says why a store that is not ready cannot be used. */
export function whyNot(state: StoreState): string {
  switch (state.is) {
    case 'ready':
      return 'it is ready';
    case 'closed':
      return 'it was closed';
    case 'away':
    case 'unwritable':
    case 'refused':
      return state.why;
  }
}

function same(a: StoreState, b: StoreState): boolean {
  if (a.is === 'ready' && b.is === 'ready') return a.warning === b.warning;
  return a.is === b.is && whyNot(a) === whyNot(b);
}
