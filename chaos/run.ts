import { DOMAIN, World } from '../scenarios/support/world';
import type { Fault } from './faults';
import { Ledger, type Direction, type Socket, type Tally } from './ledger';
import { SipSide } from './sip-side';
import { XmppSender } from './xmpp-sender';

export interface ChaosOptions {
  readonly dialect: 'microsoft' | 'simple';
  /** Texts per second in each direction. */
  readonly rate: number;
  /** How long texts are sent; the fault comes after a third of it. */
  readonly seconds: number;
  /** How long the part is away. */
  readonly awaySeconds: number;
  /** When the fate of a text is unknown for so long after the last one was sent, it is lost. */
  readonly settleSeconds: number;
}

export interface ChaosResult {
  readonly fault: Fault;
  readonly tallies: Readonly<Record<Direction, Tally>>;
  /** From the last text sent until the fate of all was known, milliseconds. */
  readonly settledMs: number;
  /** Each lost text with the time at which it was written, from the fault on. */
  readonly lost: readonly string[];
}

const USERS = ['u0', 'u1', 'u2', 'u3', 'u4'];
const CONTACTS_PER_USER = 20;
const WORKERS = 2;
const TICK_MS = 5;
/** So long before the fault a stanza may have been written that still stood in a socket then. */
const IN_SOCKET_MS = 2_000;
/** Time for what comes a second time. */
const TWICE_MS = 2_000;

const PAIRS = USERS.flatMap((user) => Array.from({ length: CONTACTS_PER_USER }, (_each, index) => ({ user, contact: `c${user}x${index}@${DOMAIN}` })));

/** A world of its own: two workers, Redis that keeps what it wrote, Prosody, the SIP server, all real; load, one fault, the account. */
export async function runFault(fault: Fault, options: ChaosOptions): Promise<ChaosResult> {
  const world = await World.start({
    dialect: options.dialect,
    users: USERS,
    store: 'redis',
    sipServer: 'process',
    workers: WORKERS,
    prosody: { withoutModules: ['mam', 'carbons'], extraModules: ['smacks', 'offline'], logLevel: 'warn' },
    log: { level: 'info' },
    // Five users do the work of many.
    limits: { rates: { xmppUserPerMinute: 1_000_000 } },
  });
  const ledger = new Ledger();
  const senders = new Map(USERS.map((user) => [user, new XmppSender({ user, domain: DOMAIN, port: world.prosody.c2sPort, ledger })]));
  try {
    await Promise.all([...senders.values()].map((sender) => sender.online()));
    const sip = SipSide.serve(world.peer, ledger);
    const trouble = makeTrouble(world, fault, options);
    await pour(options, (index) => {
      const pair = PAIRS[index % PAIRS.length];
      if (pair !== undefined) sayBothWays(pair, { ledger, senders, sip });
    });
    const { brokenAt, mendedAt } = await trouble;
    const settledMs = await settled(ledger, options.settleSeconds * 1_000);
    const socket: Socket | undefined = fault.losesSocket && { direction: 'to SIP', from: brokenAt - IN_SOCKET_MS, until: mendedAt };
    return { fault, settledMs, lost: ledger.lost(brokenAt, socket), tallies: { 'to SIP': ledger.tally('to SIP', socket), 'to XMPP': ledger.tally('to XMPP') } };
  } finally {
    for (const sender of senders.values()) sender.stop();
    await world.stop();
  }
}

interface Ends {
  readonly ledger: Ledger;
  readonly senders: ReadonlyMap<string, XmppSender>;
  readonly sip: SipSide;
}

function sayBothWays({ user, contact }: (typeof PAIRS)[number], { ledger, senders, sip }: Ends): void {
  const pair = `${contact} ${user}`;
  const sender = senders.get(user);
  if (sender?.isOnline === true) {
    const id = ledger.begin('to SIP', pair);
    if (!sender.say(contact, id)) ledger.forget(id);
  }
  sip.say(contact, `${user}@${DOMAIN}`, ledger.begin('to XMPP', pair));
}

async function makeTrouble(world: World, fault: Fault, { seconds, awaySeconds }: ChaosOptions): Promise<{ readonly brokenAt: number; readonly mendedAt: number }> {
  await pause((seconds * 1_000) / 3);
  const brokenAt = performance.now();
  await fault.break(world);
  await pause((fault.awaySeconds ?? awaySeconds) * 1_000);
  await fault.mend(world);
  return { brokenAt, mendedAt: performance.now() };
}

async function pour({ rate, seconds }: ChaosOptions, say: (index: number) => void): Promise<void> {
  const begun = performance.now();
  const total = Math.floor(rate * seconds);
  for (let sent = 0; sent < total; await pause(TICK_MS)) {
    const due = Math.min(total, Math.ceil(((performance.now() - begun) / 1_000) * rate));
    for (; sent < due; sent += 1) say(sent);
  }
}

async function settled(ledger: Ledger, limitMs: number): Promise<number> {
  const begun = performance.now();
  while (ledger.unsettled > 0 && performance.now() - begun < limitMs) await pause(TICK_MS);
  const took = performance.now() - begun;
  // Whatever is to come twice, comes now.
  await pause(TWICE_MS);
  return took;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
