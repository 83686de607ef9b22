import fc from 'fast-check';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diagrams, type EventName, type MachineName } from '../src';
import { CONVERSATION } from '../src/conversation/table';
import { INWARD } from '../src/inward/table';
import { OUTWARD } from '../src/outward/table';
import { KINDS, World, type Move, type Transition } from './support/world';

type Cells = Readonly<Record<string, Readonly<Record<string, { readonly to: readonly string[] } | undefined>>>>;

const TABLES: Readonly<Record<MachineName, Cells>> = {
  conversation: CONVERSATION as unknown as Cells,
  outward: OUTWARD as unknown as Cells,
  inward: INWARD as unknown as Cells,
};

const EVENTS: readonly (Exclude<EventName, 'sip.outcome'> | `outcome.${string}`)[] = [
  'xmpp.subscribe',
  'xmpp.unsubscribe',
  'xmpp.subscribed',
  'xmpp.unsubscribed',
  'xmpp.probe',
  'xmpp.available',
  'xmpp.unavailable',
  'xmpp.activity',
  'xmpp.account',
  'xmpp.message',
  'xmpp.chat-state',
  'xmpp.receipt',
  'xmpp.error',
  'sip.invite',
  'sip.reinvite',
  'sip.ack',
  'sip.cancel',
  'sip.bye',
  'sip.message',
  'sip.typing',
  'sip.report',
  'sip.refused',
  'sip.subscribe',
  'sip.notify',
  'outcome.invite',
  'outcome.message',
  'outcome.typing',
  'outcome.bye',
  'outcome.subscribe',
  'outcome.notify',
  'timer',
  'owner.gone',
  'route.down',
  'route.up',
  'policy',
  'xmpp.down',
  'xmpp.up',
];

/** Thousands of arbitrary lives, the same ones at every run: what was seen of each cell. */
const seen = new Map<string, Set<string>>();
const cellOf = ({ machine, from, on }: Omit<Transition, 'to'>) => `${machine}: ${from} x ${on}`;

/** What an inward watch lives on. */
const INWARD_KINDS = KINDS.filter((kind) => /subscribe|refresh|decision|policy|presence|success|timer|system|wish|pass/.test(kind));

/** What an outward watch lives on: rare among all kinds of moves. */
const OUTWARD_KINDS = KINDS.filter((kind) => !/says|chatState|invite|bye|message|typing|subscribe|refresh|handOver|dialect|comesBack|report|policy/.test(kind));

/** A watch that is up and being refreshed. */
const REFRESHING: readonly Move[] = [
  { kind: 'wish', a: 0, b: 0 },
  { kind: 'success', a: 0, b: 40 },
  { kind: 'notify', a: 0, b: 5 },
  { kind: 'timer', a: 0, b: 0 },
  { kind: 'account', a: 2, b: 0 },
];

/** A watch that waits for its first NOTIFY, and for the XMPP server's word about the user. */
const UNNOTIFIED: readonly Move[] = [
  { kind: 'wish', a: 0, b: 0 },
  { kind: 'notify', a: 0, b: 0 },
  { kind: 'success', a: 0, b: 0 },
  { kind: 'presence', a: 0, b: 0 },
];

/** Each may see the other, and what is delivered is reported. */
const REPORTING: readonly Move[] = [
  { kind: 'subscribe', a: 0, b: 3 },
  { kind: 'decision', a: 1, b: 0 },
  { kind: 'dialect', a: 1, b: 0 },
];

/** In a session of a standard SIP server's user the XMPP user types. */
const TYPING: readonly Move[] = [
  { kind: 'dialect', a: 1, b: 0 },
  { kind: 'invite', a: 0, b: 1 },
  { kind: 'chatState', a: 0, b: 0 },
];

function live(kinds: readonly Move['kind'][], numRuns: number, maxLength: number, start: readonly Move[] = []): void {
  const move: fc.Arbitrary<Move> = fc.record({ kind: fc.constantFrom(...kinds), a: fc.nat(40), b: fc.nat(100) });
  const lives = fc.sample(fc.array(move, { minLength: maxLength / 2, maxLength, size: 'max' }), { numRuns, seed: 42 });
  for (const life of lives) {
    const world = new World();
    world.play([...start, ...life]);
    for (const transition of world.transitions) {
      const cell = cellOf(transition);
      seen.set(cell, (seen.get(cell) ?? new Set()).add(transition.to));
    }
  }
}

beforeAll(() => {
  live(KINDS, 500, 200);
  live(OUTWARD_KINDS, 300, 150);
  live(OUTWARD_KINDS, 1500, 10, REFRESHING);
  live(['pass'], 50, 2, UNNOTIFIED);
  live(INWARD_KINDS, 600, 60);
  live(['says', 'outcome'], 100, 10, TYPING);
  live(['message', 'comesBack', 'comesBack', 'dialect'], 200, 10, REPORTING);
});

describe.each(Object.keys(TABLES) as MachineName[])('%s', (machine) => {
  const table = TABLES[machine];
  const cells = Object.keys(table).flatMap((from) => EVENTS.map((on) => [from, on] as const));

  test.each(cells)('%s x %s leads where the table says, and to every place that it names', (from, on) => {
    const targets = seen.get(cellOf({ machine, from, on }));
    const declared = table[from]?.[on]?.to;
    if (declared === undefined) {
      // An absent cell changes nothing, if the event can happen in this state at all.
      expect([...(targets ?? [from])]).toEqual([from]);
      return;
    }
    expect([...(targets ?? [])].sort()).toEqual([...declared].sort());
  });

  test('the table names no event that does not exist', () => {
    const named = Object.values(table).flatMap((row) => Object.keys(row));
    expect(named.filter((on) => !(EVENTS as readonly string[]).includes(on))).toEqual([]);
  });

  test('docs/states shows the table; `UPDATE_STATES=1` draws it anew', () => {
    const path = join(__dirname, '../../../docs/states', `${machine}.mmd`);
    const drawn = diagrams()[machine];
    if (process.env['UPDATE_STATES'] === '1') writeFileSync(path, drawn);
    expect(readFileSync(path, 'utf8')).toBe(drawn);
  });
});
