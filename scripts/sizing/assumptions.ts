/** What is assumed of users, and of the machines. Each may be given on the command line by its name. */
export interface Assumption {
  readonly value: number;
  readonly unit: string;
  readonly what: string;
}

/** Half way through a migration everything crosses most often: that is what must be carried. */
export const ASSUMPTIONS = {
  sipShare: { value: 0.5, unit: '', what: 'of the users are on the SIP side' },
  onlineShare: { value: 0.7, unit: '', what: 'of the users are online in the busy hour' },
  contacts: { value: 30, unit: '', what: 'contacts of a user, evenly over both sides; each of them has the user too' },
  changesPerHour: { value: 6, unit: '/h', what: 'changes of presence of a user in the busy hour: away, back, in a call' },
  textsPerDay: { value: 40, unit: '/day', what: 'texts that a user writes, evenly to his contacts' },
  busyHourShare: { value: 0.2, unit: '', what: "of a day's texts are written in the busy hour" },
  typingPerText: { value: 2, unit: '', what: 'signs of typing for a text' },
  textsPerSession: { value: 10, unit: '', what: 'texts until a session ends because it is quiet' },
  outwardRefreshSeconds: { value: 3_150, unit: 's', what: 'from one refresh of ours to the next: an hour is asked for (`availability.watchExpiresSeconds`)' },
  inwardRefreshSeconds: { value: 6_300, unit: 's', what: "from one of a SIP user's refreshes to the next: less than two hours" },
  signInMinutes: { value: 60, unit: 'min', what: 'in which all who are online sign in, in the morning' },
  utilisation: { value: 0.6, unit: '', what: 'of a core is used at most: the rest is for bursts and for what others do' },
  spare: { value: 1, unit: '', what: 'more workers and SIP servers than the load needs: one may die' },
} as const satisfies Readonly<Record<string, Assumption>>;

export type Assumptions = { readonly [Name in keyof typeof ASSUMPTIONS]: number };

export const DEFAULTS = Object.fromEntries(Object.entries(ASSUMPTIONS).map(([name, { value }]) => [name, value])) as unknown as Assumptions;
