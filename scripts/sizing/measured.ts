/**
 * What things cost, as measured. After a run of `npm run bench -- sizing` (and `-- cluster --only messages`) on the machine in question
 * these are the numbers to change; `node -r ./scripts/register.cjs scripts/docs.ts` writes the page anew.
 */
export const PARTS = ['worker', 'sip server', 'xmpp server', 'redis'] as const;
export type Part = (typeof PARTS)[number];
export type Operation = 'text' | 'typing' | 'session' | 'outwardChange' | 'inwardChange' | 'outwardRefresh' | 'inwardRefresh' | 'outwardSetUp' | 'inwardSetUp';

export interface Cost extends Readonly<Record<Part, number>> {
  readonly what: string;
  readonly source: string;
}

export interface Measured {
  readonly value: number;
  readonly what: string;
  readonly source: string;
}

const cost = (what: string, worker: number, sipServer: number, xmppServer: number, redis: number, source: string): Cost => ({ what, worker, 'sip server': sipServer, 'xmpp server': xmppServer, redis, source });

const MESSAGES = '`bench -- cluster --only messages --rate 1000`, bench/README.md';
const PRESENCE = '`bench -- sizing --watches 4000`; XMPP server: its stanzas at 5,700/s';
/** CPU time of Prosody for one stanza that it relays: 5,700 a second on one core. */
const STANZA = 0.175;

/** Milliseconds of CPU time of each part for one of them. */
export const COSTS: Readonly<Record<Operation, Cost>> = {
  text: cost('a text across', 0.28, 0.15, 0.19, 0.07, MESSAGES),
  typing: cost('a sign of typing', 0.28, 0.15, 0.19, 0.07, 'as a text, which is more than it is'),
  session: cost('a session opened and ended', 0.84, 0.74, 0, 0.21, 'as three texts; SIP server: two requests out of dialog at 2,700/s'),
  outwardChange: cost('a SIP user changes, one XMPP user is shown it', 0.8, 0.11, STANZA, 0.05, PRESENCE),
  inwardChange: cost('an XMPP user changes, one SIP user is told', 0.81, 0.09, STANZA, 0.06, PRESENCE),
  outwardRefresh: cost('a refresh of ours, and the state that comes with it', 1.65, 0.38, 0, 0.2, PRESENCE),
  inwardRefresh: cost("a SIP user's refresh", 0.79, 0.14, 0, 0.06, PRESENCE),
  outwardSetUp: cost('a watch of an XMPP user begins', 1.6, 0.33, 3 * STANZA, 0.11, PRESENCE),
  inwardSetUp: cost('a watch of a SIP user begins', 1.5, 0.3, 4 * STANZA, 0.16, PRESENCE),
};

export const MEMORY = {
  redisPerWatch: { value: 1_500, what: 'bytes of one watch in Redis', source: 'the target of the design; `bench -- presence` measures it' },
  workerPerWatch: { value: 2_000, what: 'bytes of one watch in a worker that has it in its cache', source: 'the same' },
  workerBase: { value: 150e6, what: 'bytes of a worker that holds nothing, with room for garbage', source: '`npm run flood`: 105 MB before anything happens' },
} as const satisfies Readonly<Record<string, Measured>>;
