/** An XMPP user and a SIP user, one of whom watches the other. */
export interface Pair {
  readonly user: string;
  readonly contact: string;
}

/** What the benchmarks of watches tell the far SIP server, and what that answers. */
export type WatchCommand =
  | { readonly do: 'connect'; readonly sipPort: number }
  /** Opens inward watches, so many at a time. */
  | { readonly do: 'watch'; readonly watches: readonly Pair[]; readonly window: number }
  /** Subscribes again in all inward dialogs, evenly within the time; done when all are sent, or with `wait: false` at once. */
  | { readonly do: 'refresh'; readonly seconds: number; readonly wait?: boolean }
  /** Tells the state in the dialogs of these outward watches: of contacts whose address begins so; `rate` a second, or all at once. One that is not taken is the dialog's end. */
  | { readonly do: 'announce'; readonly of: string; readonly rate?: number }
  /** Tells every outward watch, evenly within the time, that it ends that soon: so it is refreshed. */
  | { readonly do: 'shorten'; readonly seconds: number; readonly expiresSeconds: number }
  /** From now on the users here are in this state; told in every new dialog, and to nobody by itself. */
  | { readonly do: 'state'; readonly activity: 'available' | 'busy' | 'away' }
  /** `of`: only inward watches of SIP users whose address begins so. */
  | { readonly do: 'tell'; readonly of?: string };

export interface WatchCounts {
  readonly is: 'counts';
  /** SUBSCRIBEs that opened a dialog, and those in a dialog. */
  readonly opened: number;
  readonly refreshed: number;
  /** Of our own requests: answered 2xx, and anything else. */
  readonly accepted: number;
  readonly refused: number;
  /** The same by method and status, such as `SUBSCRIBE 200`. */
  readonly answers: Readonly<Record<string, number>>;
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

/** What they tell their XMPP server, and what that answers. */
export type XmppCommand =
  /** Every pair's user asks to see the contact; so many a second. */
  | { readonly do: 'ask'; readonly pairs: readonly Pair[]; readonly rate: number }
  /** The users' presence, to these contacts; `rate` a second, or as fast as the stream takes it. */
  | { readonly do: 'show'; readonly pairs: readonly Pair[]; readonly show: 'dnd' | 'away' | ''; readonly rate?: number }
  /** From now on all users are in this state, which is told when they are probed. */
  | { readonly do: 'present'; readonly show: 'dnd' | 'away' | '' }
  /** `of`: only contacts whose address begins so. */
  | { readonly do: 'tell'; readonly of?: string };

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
