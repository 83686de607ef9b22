import type { XmppLinkLog } from './log';

export type XmppLinkChange =
  | { readonly is: 'up' }
  | { readonly is: 'down'; readonly why: string }
  | { readonly is: 'failed'; readonly why: string };

/** Who wants to hear of a link's changes. What a listener throws is logged; the others and the link go on. */
export class Changes {
  private readonly listeners: ((change: XmppLinkChange) => void)[] = [];

  constructor(private readonly log: XmppLinkLog) {}

  listen(listener: (change: XmppLinkChange) => void): void {
    this.listeners.push(listener);
  }

  tell(change: XmppLinkChange): void {
    for (const listener of this.listeners) {
      try {
        listener(change);
      } catch (error) {
        this.log.error({ error }, 'xmpp_change_handle_failed');
      }
    }
  }
}
