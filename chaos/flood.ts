import { readFileSync } from 'node:fs';
import { Child } from '../bench/support/child';
import { percentile } from '../bench/support/report';
import { DOMAIN, World } from '../scenarios/support/world';
import type { FloodCommand, FloodReport } from './flood-protocol';
import { Ledger, since, type Direction, type Tally } from './ledger';
import { SipSide } from './sip-side';
import { XmppSender } from './xmpp-sender';

/** Who floods. The ordinary traffic is that of another peer, 127.0.0.1. */
export const FLOODS = {
  'no flood': [],
  'one peer': ['127.0.7.1'],
  'one peer, 100 hosts': hosts('127.0.7'),
  '100 peers': hosts('127.0.8'),
  '100 strangers': hosts('127.0.9'),
} as const satisfies Record<string, readonly string[]>;
export type FloodName = keyof typeof FLOODS;

export interface FloodOptions {
  /** SUBSCRIBE per second. */
  readonly rate: number;
  readonly seconds: number;
  /** Texts per second of ordinary users, each way. */
  readonly texts: number;
}

export interface FloodResult {
  readonly name: FloodName;
  /** As they came about: a machine may not reach what was asked. */
  readonly sentPerSecond: number;
  readonly answers: Readonly<Record<string, number>>;
  readonly tallies: Readonly<Record<Direction, Tally>>;
  /** From the moment a text was written until it arrived, milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Memory of the worker, MB: before, most during, and after. */
  readonly rssBefore: number;
  readonly rssMost: number;
  readonly rssAfter: number;
  /** What users of the XMPP side were asked by those who flood. */
  readonly questions: number;
}

const USERS = ['u0', 'u1', 'u2', 'u3', 'u4'];
const CONTACTS = 20;
const TICK_MS = 5;
const LOOK_MS = 250;
/** What waits for a route that was taken for dead meanwhile goes on when that is found back. */
const SETTLE_MS = 90_000;

const PAIRS = USERS.flatMap((user) => Array.from({ length: CONTACTS }, (_each, index) => ({ user, contact: `c${user}x${index}@${DOMAIN}` })));

function hosts(network: string): readonly string[] {
  return Array.from({ length: 100 }, (_each, index) => `${network}.${index + 1}`);
}

/** Knows when each text was written and when it came. */
class TimedLedger extends Ledger {
  readonly tookMs: number[] = [];
  private readonly begunAt = new Map<string, number>();

  override begin(direction: Direction, pair: string): string {
    const id = super.begin(direction, pair);
    this.begunAt.set(id, performance.now());
    return id;
  }

  override arrived(id: string): void {
    const begun = this.begunAt.get(id);
    if (begun !== undefined) this.tookMs.push(performance.now() - begun);
    this.begunAt.delete(id);
    super.arrived(id);
  }
}

/** A world of its own with one worker and its own SIP server; ordinary traffic while somebody floods. */
export async function runFlood(name: FloodName, { rate, seconds, texts }: FloodOptions): Promise<FloodResult> {
  const world = await World.start({
    dialect: 'microsoft',
    users: USERS,
    prosody: { withoutModules: ['mam', 'carbons'], extraModules: ['smacks'], logLevel: 'warn' },
    log: { level: 'info' },
    limits: { overload: {} }, // it sheds as it does anywhere
    sip: { peers: [{ name: 'pool', from: ['127.0.7.0/24'] }], allow: ['127.0.8.0/24'] },
  });
  const flood = new Child<FloodCommand, FloodReport>('../../chaos/flood-end.ts');
  const ledger = new TimedLedger();
  const senders = USERS.map((user) => new XmppSender({ user, domain: DOMAIN, port: world.server.c2sPort, ledger }));
  try {
    await Promise.all([flood.next(), ...senders.map((sender) => sender.online())]);
    const sip = SipSide.serve(world.peer, { ledger });
    // Sessions are up before the flood comes.
    for (const { user, contact } of PAIRS) {
      sip.say(contact, `${user}@${DOMAIN}`, ledger.begin('to XMPP', `${contact} ${user}`));
      await settled(ledger);
    }
    ledger.tookMs.length = 0;
    const before = talliesOf(ledger);
    const memory = new Memory(world.gateway.pid);
    const addresses: readonly string[] = FLOODS[name];
    const flooded = addresses.length === 0 ? undefined : flood.run({ do: 'flood', port: world.sipPort, to: USERS.map((user) => `${user}@${DOMAIN}`), rate, seconds, addresses });
    await pour(texts, seconds, (index) => {
      const pair = PAIRS[index % PAIRS.length];
      if (pair !== undefined) say(pair, sip, senders, ledger);
    });
    const report = (await flooded)?.find((each) => each.is === 'flooded');
    await settled(ledger);
    memory.stop();
    const questions = Number(/isthmus_stanzas_total\{direction="out",kind="presence"\} (\d+)/.exec(await world.gateway.metrics())?.[1] ?? 0);
    return {
      name,
      sentPerSecond: report === undefined ? 0 : report.sent / (report.tookMs / 1_000),
      answers: report?.answers ?? {},
      tallies: { 'to SIP': since(before['to SIP'], ledger.tally('to SIP')), 'to XMPP': since(before['to XMPP'], ledger.tally('to XMPP')) },
      p50: percentile(ledger.tookMs, 0.5),
      p99: percentile(ledger.tookMs, 0.99),
      rssBefore: memory.before,
      rssMost: memory.most,
      rssAfter: memory.now,
      questions,
    };
  } finally {
    flood.stop();
    for (const sender of senders) sender.stop();
    await world.stop();
  }
}

function talliesOf(ledger: Ledger): Readonly<Record<Direction, Tally>> {
  return { 'to SIP': ledger.tally('to SIP'), 'to XMPP': ledger.tally('to XMPP') };
}

function say({ user, contact }: (typeof PAIRS)[number], sip: SipSide, senders: readonly XmppSender[], ledger: Ledger): void {
  const pair = `${contact} ${user}`;
  const id = ledger.begin('to SIP', pair);
  if (senders[USERS.indexOf(user)]?.say(contact, id) !== true) ledger.forget(id);
  sip.say(contact, `${user}@${DOMAIN}`, ledger.begin('to XMPP', pair));
}

async function pour(rate: number, seconds: number, write: (index: number) => void): Promise<void> {
  const begun = performance.now();
  const total = Math.floor(rate * seconds);
  for (let sent = 0; sent < total; await pause(TICK_MS)) {
    const due = Math.min(total, Math.ceil(((performance.now() - begun) / 1_000) * rate));
    for (; sent < due; sent += 1) write(sent);
  }
}

async function settled(ledger: Ledger): Promise<void> {
  const begun = performance.now();
  while (ledger.unsettled > 0 && performance.now() - begun < SETTLE_MS) await pause(TICK_MS);
}

/** What a process takes of the memory (`VmRSS` of proc(5)), MB. */
class Memory {
  readonly before: number;
  most: number;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly pid: number) {
    this.before = this.now;
    this.most = this.before;
    this.timer = setInterval(() => (this.most = Math.max(this.most, this.now)), LOOK_MS);
  }

  get now(): number {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
