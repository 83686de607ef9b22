/**
 * `npm run bench -- im`: messages across, in both directions, through a real Prosody, one worker, and the SIP server in a
 * process of its own; beside it, in the same run, what a drachtio-srf program without isthmus reaches on that server.
 */
import { readFileSync } from 'node:fs';
import { Child } from './support/child';
import { CpuMeter } from './support/cpu';
import type { BareCommand, BareReport } from './support/bare';
import type { FarCommand, FarReport } from './support/far-protocol';
import { percentile, type Report } from './support/report';
import { XmppLoad } from './support/xmpp-load';
import { SipServer } from '../scenarios/support/sipd';
import { World, DOMAIN } from '../scenarios/support/world';

export interface ImOptions {
  /** Rate of the latency runs, messages per second; default 100 and 1000. */
  readonly rate?: number;
  readonly seconds: number;
}

type Far = Child<FarCommand, FarReport>;
type Direction = 'XMPP->SIP' | 'SIP->XMPP';

const USERS = ['u0', 'u1', 'u2', 'u3', 'u4'];
const CONTACTS_PER_USER = 20;
/** Rates tried for the sustained figure, messages per second. */
const RATES = [500, 1_000, 1_500, 2_000, 2_500, 3_000, 3_500, 4_000, 4_500, 5_000, 6_000];
/** A rate is sustained when nothing was lost and the last message was there so soon after the last was sent. */
const MAX_BACKLOG_MS = 1_000;
const SETTLE_MS = 20_000;
/** DESIGN section 9. */
const TARGET = { p50: 1.5, p99: 15, cpu: 0.15, share: 0.9 };

const PAIRS = USERS.flatMap((_user, user) =>
  Array.from({ length: CONTACTS_PER_USER }, (_each, index) => ({ user, contact: `b${user}x${index}@${DOMAIN}` })),
);

interface Run {
  readonly sent: number;
  readonly arrived: number;
  /** Came back to their senders as errors. */
  readonly returned: number;
  readonly p50: number;
  readonly p99: number;
  readonly backlogMs: number;
  readonly cpu: Readonly<Record<string, number>>;
}

export async function benchIm(options: ImOptions, report: Report): Promise<void> {
  const bare = await bareLimit(options, report);
  for (const store of ['memory', 'redis'] as const) await benchStore(store, options, report, bare);
}

/** What drachtio-srf alone reaches: taking in, and sending in dialogs by id. */
async function bareLimit(options: ImOptions, report: Report): Promise<Record<Direction, number>> {
  report.heading('A bare drachtio-srf program on the same SIP server');
  const own = process.env.ISTHMUS_DRACHTIO === undefined ? await SipServer.start() : undefined;
  const far: Far = new Child('far-end.ts');
  const program = new Child<BareCommand, BareReport>('bare.ts');
  try {
    const ready = await far.next();
    if (ready.is !== 'ready') throw new Error('the far end did not start');
    const admin = own?.adminPort ?? Number(process.env.ISTHMUS_DRACHTIO?.split(':')[1]);
    const secret = own?.secret ?? process.env.ISTHMUS_DRACHTIO_SECRET ?? 'cymru';
    const sipPort = own?.sipPort ?? Number(process.env.ISTHMUS_DRACHTIO_SIP ?? 5060);
    await program.run({ do: 'connect', port: admin, secret });
    await far.run({ do: 'connect', sipPort });
    await far.run({ do: 'page', seconds: options.seconds, window: 100 });
    const [counts] = await far.run({ do: 'tell' });
    const taken = counts?.is === 'counts' ? counts.answered / options.seconds : 0;
    const [sent] = await program.run({ do: 'send', farPort: ready.port, dialogs: 100, seconds: options.seconds });
    const given = sent?.is === 'sent' ? sent.answered / options.seconds : 0;
    report.add('bare: taking in MESSAGE, answering 200', taken, 'msg/s');
    report.add('bare: sending MESSAGE in dialogs by id', given, 'msg/s');
    return { 'SIP->XMPP': taken, 'XMPP->SIP': given };
  } finally {
    far.stop();
    program.stop();
    await own?.stop();
  }
}

async function benchStore(store: 'memory' | 'redis', options: ImOptions, report: Report, bare: Record<Direction, number>): Promise<void> {
  const far: Far = new Child('far-end.ts');
  const ready = await far.next();
  if (ready.is !== 'ready') throw new Error('the far end did not start');
  const world = await World.start({
    dialect: 'microsoft',
    users: USERS,
    nextHopPort: ready.port,
    store,
    sipServer: 'process',
    prosody: { withoutModules: ['mam', 'carbons'], logLevel: 'warn' },
    log: { level: 'info' },
  });
  const load = new XmppLoad();
  try {
    await load.signIn(USERS, DOMAIN, world.prosody.c2sPort);
    await far.run({ do: 'connect', sipPort: world.sipPort });
    await far.run({ do: 'open', pairs: PAIRS.map(({ user, contact }) => ({ contact, user: `${USERS[user]}@${DOMAIN}` })) });
    const meter = new CpuMeter({
      worker: world.gateway.pid,
      prosody: world.prosody.pid,
      'sip server': world.sipServer?.pid ?? world.gateway.pid,
      ...(store === 'redis' && { redis: world.redis.pid }),
    });
    for (const direction of ['XMPP->SIP', 'SIP->XMPP'] as const) {
      report.heading(`${direction}, ${store} store`);
      const run = (rate: number): Promise<Run> => once(direction, { far, load, meter }, rate, options.seconds);
      await run(200); // warm-up: opens the sessions, fills the caches
      await latency(`${direction}, ${store}`, run, options, report);
      await sustained(`${direction}, ${store}`, run, report, store === 'redis' ? bare[direction] * TARGET.share : null);
    }
  } finally {
    await load.signOut().catch(() => undefined);
    far.stop();
    await world.stop();
  }
}

async function latency(name: string, run: (rate: number) => Promise<Run>, options: ImOptions, report: Report): Promise<void> {
  for (const rate of options.rate === undefined ? [100, 1_000] : [options.rate]) {
    const result = await run(rate);
    report.add(`${name}: p50 at ${rate}/s`, result.p50, 'ms', TARGET.p50);
    report.add(`${name}: p99 at ${rate}/s`, result.p99, 'ms', TARGET.p99);
    report.add(`${name}: lost at ${rate}/s`, lostIn(result), 'msg', 0);
    reportCpu(`${name}: CPU at ${rate}/s`, result, report, null);
  }
}

/** At low rates a message wakes each process up by itself; what the work costs shows at the highest rate that is sustained. */
function reportCpu(name: string, run: Run, report: Report, workerTarget: number | null): void {
  for (const [process, ms] of Object.entries(run.cpu)) {
    report.add(`${name}, ${process}`, ms / Math.max(1, run.arrived), 'ms/msg', process === 'worker' ? workerTarget : null);
  }
}

/** The highest rate of the list without loss or backlog. */
async function sustained(name: string, run: (rate: number) => Promise<Run>, report: Report, target: number | null): Promise<void> {
  let best: { readonly rate: number; readonly run: Run } | undefined;
  let last: Run | undefined;
  for (const rate of RATES) {
    last = await run(rate);
    if (last.arrived < last.sent || last.backlogMs > MAX_BACKLOG_MS) break;
    best = { rate, run: last };
  }
  report.add(`${name}: sustained without loss`, best?.rate ?? 0, 'msg/s', target, 'least');
  if (best !== undefined) reportCpu(`${name}: CPU at ${best.rate}/s`, best.run, report, TARGET.cpu);
  if (last === undefined || last === best?.run) return;
  report.add(`${name}: returned to the sender at the first rate over it`, last.returned, 'msg');
  report.add(`${name}: lost at the first rate over it`, lostIn(last), 'msg', 0);
}

/** Neither delivered nor returned: nobody was told (promise 1). */
function lostIn({ sent, arrived, returned }: Run): number {
  return sent - arrived - returned;
}

async function once(
  direction: Direction,
  { far, load, meter }: { far: Far; load: XmppLoad; meter: CpuMeter },
  rate: number,
  seconds: number,
): Promise<Run> {
  load.reset();
  await far.run({ do: 'reset' });
  meter.start();
  const sent = Math.floor(rate * seconds);
  if (direction === 'XMPP->SIP') await load.pour(PAIRS, rate, seconds);
  else await far.run({ do: 'pour', rate, seconds });
  const begun = Date.now();
  const look = async (): Promise<{ readonly latencies: readonly number[]; readonly returned: number }> => {
    const [counts] = await far.run({ do: 'tell' });
    if (counts?.is !== 'counts') throw new Error('the far end did not tell its counts');
    if (direction === 'SIP->XMPP') return { latencies: load.latencies, returned: counts.refused };
    return { latencies: counts.latencies, returned: load.errors };
  };
  let seen = await look();
  while (seen.latencies.length + seen.returned < sent && Date.now() - begun < SETTLE_MS) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    seen = await look();
  }
  const { latencies, returned } = seen;
  const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
  return { sent, arrived: latencies.length, returned, p50, p99, backlogMs: Date.now() - begun, cpu: meter.read() };
}

/** Is this machine fit for figures? Told once, so that a table can be read later. */
export function machine(): string {
  const model = /model name\s*:\s*(.+)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown processor';
  const cores = readFileSync('/proc/cpuinfo', 'utf8').match(/^processor/gm)?.length ?? 1;
  return `${cores} x ${model}, Node ${process.versions.node}`;
}
