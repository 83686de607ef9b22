/**
 * What either side can say about a user's availability, in one vocabulary (the union of the manual's Tables 1-5 to 1-8,
 * RFC 6121 `show`, RPID activities and Microsoft's numbers). Which of these survives a crossing is decided in `rules`.
 */
export const SETTINGS = [
  'available',
  'idle',
  'away',
  'be-right-back',
  'extended-away',
  'busy',
  'on-the-phone',
  'meeting',
  'do-not-disturb',
  'out-of-office',
  'offline',
] as const;

export type Setting = (typeof SETTINGS)[number];

/** The families of XMPP clients that the manual's tables tell apart: Cisco Jabber, Cisco Unified Personal Communicator 8.x, all others. */
export const FAMILIES = ['jabber', 'cupc', 'third-party'] as const;

export type Family = (typeof FAMILIES)[number];

/** The state of one user as one side tells it to the other. */
export interface Presence {
  readonly setting: Setting;
  /** Free text that the user wrote. */
  readonly note?: string;
  /** BCP 47 tag of the note. */
  readonly noteLanguage?: string;
  /** Since when nobody has touched the device: RFC 3339, UTC (XEP-0319, RPID user-input). */
  readonly idleSince?: string;
  readonly displayName?: string;
  /** Of an XMPP user: the family of the client that speaks for him. Absent: third-party. */
  readonly family?: Family;
}

/** The state of a user of whom nothing may or can be told. Blocked, unknown and signed out look exactly like this. */
export const OFFLINE: Presence = { setting: 'offline' };

/** RFC 6121 section 4.7.2.1. Absent means available. */
export type Show = 'away' | 'chat' | 'dnd' | 'xa';

/** One available resource of an XMPP user (RFC 6121 section 4.7). */
export interface ResourcePresence {
  readonly resource: string;
  readonly show?: Show;
  readonly status?: string;
  /** -128 to 127 (RFC 6121 section 4.7.2.3). */
  readonly priority: number;
  /** RFC 3339, UTC (XEP-0319). */
  readonly idleSince?: string;
  /** XEP-0108 general and specific activity, e.g. `talking/on_the_phone`. */
  readonly activity?: string;
  /** Of its client, by the entity capabilities (XEP-0115). Absent: third-party. */
  readonly family?: Family;
}

/** One of a user's several devices, as one tuple of a PIDF document tells it (RFC 3863 section 4.1.2; PRES-41, PRES-43). */
export interface TuplePresence {
  /** Tells the tuples of a user apart; goes out as a hash only. */
  readonly resource: string;
  readonly presence: Presence;
  /** XMPP priority, -128 to 127; a negative one is not told (RFC 8048 Table 1 note 6). */
  readonly priority: number;
}

/** RFC 6665 section 4.1.3: the substate of a subscription as a notifier states it. */
export type SubscriptionSubstate = 'active' | 'pending' | 'terminated';
