import type { Context, EngineSettings } from '@isthmus/engine';
import type { Pair } from '@isthmus/model';
import { newId } from '../ids';
import type { Route, RouteTable } from '../routes';

/** How the contact of a pair is reached now: one context for each route, made when it is first asked for. */
export class Contexts {
  private readonly known = new Map<Route | undefined, Context>();

  constructor(
    private readonly table: RouteTable,
    private readonly settings: EngineSettings,
  ) {}

  of(pair: Pair): Context {
    const route = this.table.find(pair.contact);
    const known = this.known.get(route);
    if (known !== undefined) return known;
    const context = this.newContext(route);
    this.known.set(route, context);
    return context;
  }

  /** The routes have changed. */
  forget(): void {
    this.known.clear();
  }

  private newContext(route: Route | undefined): Context {
    const { settings } = this;
    if (route === undefined) return { dialect: 'simple', variant: 'lync', documents: 'pidf', approval: 'answer', settings, newId };
    const { dialect, variant, documents, approval, messageStatus, receipts, assumeSentMs } = route;
    const confirms = receipts === 'off' ? {} : { receipts };
    return { dialect, variant, documents, approval, pageStatus: messageStatus, ...confirms, silenceIsConsent: assumeSentMs > 0, settings, newId };
  }
}
