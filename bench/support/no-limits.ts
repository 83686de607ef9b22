const MANY = 1_000_000;

/** `limits` of a worker that takes whatever comes: a bench asks what the program can do, not what it lets in. */
export const NO_LIMITS = {
  maxUserContacts: MANY,
  maxUserWatchers: MANY,
  maxUserUndecided: MANY,
  rates: { sipPeerPerSecond: MANY, sipPeerMessagesPerSecond: MANY, sipStrangersPerSecond: MANY, sipUserPerMinute: MANY, xmppUserPerMinute: MANY, allPerSecond: MANY },
  overload: {
    busyDelayMilliseconds: MANY,
    overloadedDelayMilliseconds: MANY,
    busyPendingPercent: 100,
    overloadedPendingPercent: 100,
    busyStoreMilliseconds: MANY,
    overloadedStoreMilliseconds: MANY,
    busyStalls: MANY,
    overloadedStalls: MANY,
  },
};
