import type { Arena } from './arena';
import type { Fault } from './faults';
import { since, type Direction, type Socket, type Tally } from './ledger';
import { Load, type LoadOptions } from './load';
import type { Way } from './presence-book';
import type { Random } from './random';

export interface TrialOptions extends LoadOptions {
  /** Load before the fault, and after it is mended. */
  readonly beforeSeconds: number;
  readonly afterSeconds: number;
  /** When the fate of a text is unknown for so long after the last one was sent, it is lost; what is shown wrong then stays wrong. */
  readonly settleSeconds: number;
}

export interface Sight {
  /** Pairs of watcher and contact that were wrong at some time since the fault. */
  readonly wrong: number;
  /** From the moment that counts (`rightFrom`) until the last one was right, milliseconds; undefined: some never were. */
  readonly rightAfterMs: number | undefined;
}

export interface Trial {
  readonly faults: readonly Fault[];
  readonly texts: Readonly<Record<Direction, Tally>>;
  readonly presence: Readonly<Record<Way, Sight>>;
  /** How often somebody was shown typing, and who is so still, although nobody types. */
  readonly typing: { readonly seen: number; readonly stuck: readonly string[] };
  /** Requests of the far side that were refused because a dialog was lost (481). */
  readonly lostDialogs: number;
  /** Each lost text with the time at which it was written, from the fault on; who is shown wrong at the end. */
  readonly lost: readonly string[];
  readonly stillWrong: readonly string[];
}

const DIRECTIONS = ['to SIP', 'to XMPP'] as const;
const LOOK_MS = 100;
/** Before the fault a stanza may have been written that the XMPP server had not handed on. */
const HELD_MS = 2_000;
/** Time for what comes a second time. */
const TWICE_MS = 1_500;

/** Load, one or more faults on the way, and the account of what became of it all. */
export async function runTrial(arena: Arena, faults: readonly Fault[], { random, ...options }: TrialOptions & { readonly random: Random }): Promise<Trial> {
  const { ledger, presence, typing } = arena;
  const before = talliesOf(arena);
  const [dialogsBefore, seenBefore] = [lostDialogs(arena), typing.seen];
  const load = new Load(arena, random, options);
  load.start();
  await pause(options.beforeSeconds * 1_000);
  const brokenAt = performance.now();
  presence.mark();
  const looking = setInterval(() => presence.look(performance.now()), LOOK_MS);
  try {
    await Promise.all(faults.map((fault, index) => makeTrouble(arena, fault, index * random.next() * 2_000)));
    const mendedAt = performance.now();
    await pause(options.afterSeconds * 1_000);
    load.stop();
    await settled(arena, options.settleSeconds * 1_000);
    const held: Socket | undefined = faults.some((fault) => fault.losesWhatServerHeld) ? { direction: 'to SIP', from: brokenAt - HELD_MS, until: mendedAt } : undefined;
    const from = faults.every((fault) => fault.rightFrom === 'break') ? brokenAt : mendedAt;
    return {
      faults,
      texts: { 'to SIP': since(before['to SIP'], ledger.tally('to SIP', held)), 'to XMPP': since(before['to XMPP'], ledger.tally('to XMPP')) },
      presence: { 'to SIP': sight(arena, 'to SIP', from), 'to XMPP': sight(arena, 'to XMPP', from) },
      typing: { seen: typing.seen - seenBefore, stuck: typing.stuck },
      lostDialogs: lostDialogs(arena) - dialogsBefore,
      lost: ledger.lost(brokenAt, held),
      stillWrong: presence.differing,
    };
  } finally {
    load.stop();
    clearInterval(looking);
  }
}

const talliesOf = ({ ledger }: Arena): Record<Direction, Tally> => ({ 'to SIP': ledger.tally('to SIP'), 'to XMPP': ledger.tally('to XMPP') });
const lostDialogs = ({ sip, watches }: Arena): number => sip.lostSessions + watches.lostDialogs;

function sight({ presence }: Arena, way: Way, from: number): Sight {
  const { contacts, lastAt } = presence.wrong(way);
  const rightAfterMs = presence.differing.length > 0 && lastAt !== undefined && performance.now() - lastAt < 2 * LOOK_MS ? undefined : Math.max(0, (lastAt ?? from) - from);
  return { wrong: contacts, rightAfterMs };
}

async function makeTrouble(arena: Arena, fault: Fault, waitMs: number): Promise<void> {
  await pause(waitMs);
  await fault.break(arena);
  await pause(fault.awaySeconds * 1_000);
  await fault.mend(arena);
}

/** The fate of all texts is known, everybody sees everybody as he is, and nobody types any more; or the time is over. */
async function settled({ ledger, presence, typing }: Arena, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (ledger.unsettled + presence.differing.length + typing.stuck.length > 0 && performance.now() < deadline) await pause(LOOK_MS);
  await pause(TWICE_MS);
}

/** What the trial shows that must not be; empty: all bars are met. */
export function failures({ texts, presence, typing, lost, stillWrong }: Trial, { rightWithinSeconds, inFlight }: Bars): readonly string[] {
  const faults = DIRECTIONS.flatMap((direction) => {
    const { lost: missing, outOfOrder, doubled } = texts[direction];
    const { wrong, rightAfterMs } = presence[direction];
    return [
      ...(missing > 0 ? [`${missing} texts ${direction} lost: ${lost.slice(0, 5).join(', ')}`] : []),
      ...(outOfOrder > 0 ? [`${outOfOrder} texts ${direction} out of order`] : []),
      ...(doubled > inFlight ? [`${doubled} texts ${direction} doubled, more than ${inFlight}`] : []),
      ...(rightAfterMs === undefined || rightAfterMs > rightWithinSeconds * 1_000
        ? [`presence ${direction} of ${wrong} pairs wrong, ${rightAfterMs === undefined ? 'and not right again' : `the last one for ${(rightAfterMs / 1_000).toFixed(1)} s`}`]
        : []),
    ];
  });
  return [...faults, ...(stillWrong.length > 0 ? [`shown wrong at the end: ${stillWrong.slice(0, 5).join(', ')}`] : []), ...(typing.stuck.length > 0 ? [`typing stuck: ${typing.stuck.slice(0, 5).join(', ')}`] : [])];
}

export interface Bars {
  readonly rightWithinSeconds: number;
  /** Texts that may come twice: one of each pair may be on its way. */
  readonly inFlight: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
