/** What `npm run bench -- presence` tells the far SIP server, and what that answers. */
export type WatchCommand =
  | { readonly do: 'connect'; readonly sipPort: number }
  /** Opens inward watches, so many at a time. */
  | { readonly do: 'watch'; readonly watches: readonly { readonly contact: string; readonly user: string }[]; readonly window: number }
  /** Subscribes again in all inward dialogs, evenly within the time. */
  | { readonly do: 'refresh'; readonly seconds: number }
  /** Tells every outward watch, evenly within the time, that it ends that soon: so it is refreshed. */
  | { readonly do: 'shorten'; readonly seconds: number; readonly expiresSeconds: number }
  /** From now on the users here are in this state; told in every new dialog, and to nobody by itself. */
  | { readonly do: 'state'; readonly activity: 'available' | 'busy' | 'away' }
  | { readonly do: 'tell' };

export interface WatchCounts {
  readonly is: 'counts';
  /** SUBSCRIBEs that opened a dialog, and those in a dialog. */
  readonly opened: number;
  readonly refreshed: number;
  /** Of our own requests: answered 2xx, and anything else. */
  readonly accepted: number;
  readonly refused: number;
  /** Inward watches by what their last document says. */
  readonly told: Readonly<Record<string, number>>;
  /** NOTIFYs that came. */
  readonly notified: number;
}

export type WatchReport =
  | { readonly is: 'ready'; readonly port: number }
  | { readonly is: 'done'; readonly of: WatchCommand['do'] }
  | { readonly is: 'failed'; readonly why: string }
  | WatchCounts;

/** What the benchmark tells its XMPP server, and what that answers. */
export type XmppCommand =
  /** Every pair's user asks to see the contact; so many a second. */
  | { readonly do: 'ask'; readonly pairs: readonly { readonly user: string; readonly contact: string }[]; readonly rate: number }
  /** The user's presence, to these contacts, as fast as the stream takes it. */
  | { readonly do: 'show'; readonly user: string; readonly contacts: readonly string[]; readonly show: 'dnd' | 'away' | '' }
  /** From now on a probed user is in this state. */
  | { readonly do: 'present'; readonly show: 'dnd' | 'away' | '' }
  | { readonly do: 'tell' };

export interface XmppCounts {
  readonly is: 'counts';
  /** Contacts by what their user was told last: available, dnd, away, offline. */
  readonly shown: Readonly<Record<string, number>>;
  /** Component connections. */
  readonly streams: number;
  readonly stanzas: number;
}

export type XmppReport =
  | { readonly is: 'ready'; readonly port: number }
  | { readonly is: 'done'; readonly of: XmppCommand['do'] }
  | { readonly is: 'failed'; readonly why: string }
  | XmppCounts;
