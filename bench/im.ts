/**
 * `npm run bench -- im`: messages across, in both directions, through a real Prosody, one worker, and the SIP server in a
 * process of its own; beside it, in the same run, what a drachtio-srf program without isthmus reaches on that server.
 */
import { readFileSync } from 'node:fs';
import { Child } from './support/child';
import type { BareCommand, BareReport } from './support/bare';
import type { Report } from './support/report';
import { DIRECTIONS, lostIn, Rig, type Direction, type Far, type Run, type StoreType } from './support/rig';
import { SipServer } from '../scenarios/support/sipd';
import type { SipServerPlace } from '../scenarios/support/world';

export interface ImOptions {
  /** Rate of the latency runs, messages per second; default 100 and 1000. */
  readonly rate?: number;
  readonly seconds: number;
  /** `host:port` of the control port of a drachtio-server on this machine, instead of sipd; ISTHMUS_DRACHTIO_SECRET, ISTHMUS_DRACHTIO_SIP (port). */
  readonly drachtio?: string;
}

/** Rates tried for the sustained figure, messages per second. */
const RATES = [500, 1_000, 1_500, 2_000, 2_500, 3_000, 3_500, 4_000, 4_500, 5_000, 6_000];
/** A rate is sustained when nothing was lost and the last message was there so soon after the last was sent. */
const MAX_BACKLOG_MS = 1_000;
/** DESIGN section 9. */
const TARGET = { p50: 1.5, p99: 15, cpu: 0.15, share: 0.9 };

/** `cymru` is the secret in drachtio-server's own sample configuration. */
function placeOf({ drachtio }: ImOptions): SipServerPlace | undefined {
  if (drachtio === undefined) return undefined;
  const { ISTHMUS_DRACHTIO_SECRET: secret = 'cymru', ISTHMUS_DRACHTIO_SIP: sipPort = '5060' } = process.env;
  const adminPort = Number(drachtio.slice(drachtio.lastIndexOf(':') + 1));
  if (!(adminPort > 0) || !(Number(sipPort) > 0)) throw new Error('--drachtio wants host:port of a drachtio-server on this machine');
  return { adminPort, secret, sipPort: Number(sipPort) };
}

export async function benchIm(options: ImOptions, report: Report): Promise<void> {
  const bare = await bareLimit(options, report);
  for (const store of ['memory', 'redis'] as const) await benchStore(store, options, report, bare);
}

/** What drachtio-srf alone reaches: taking in, and sending in dialogs by id. */
async function bareLimit(options: ImOptions, report: Report): Promise<Record<Direction, number>> {
  report.heading('A bare drachtio-srf program on the same SIP server');
  const given = placeOf(options);
  const own = given === undefined ? await SipServer.start() : undefined;
  const { adminPort, secret, sipPort } = (given ?? own) as SipServerPlace;
  const far: Far = new Child('far-end.ts');
  const program = new Child<BareCommand, BareReport>('bare.ts');
  try {
    const ready = await far.next();
    if (ready.is !== 'ready') throw new Error('the far end did not start');
    await program.run({ do: 'connect', port: adminPort, secret });
    await far.run({ do: 'connect', sipPorts: [sipPort] });
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

async function benchStore(store: StoreType, options: ImOptions, report: Report, bare: Record<Direction, number>): Promise<void> {
  const sipServer = placeOf(options);
  const rig = await Rig.start({ store, dialect: 'microsoft', ...(sipServer && { sipServer }) });
  try {
    for (const direction of DIRECTIONS) {
      report.heading(`${direction}, ${store} store`);
      const run = (rate: number): Promise<Run> => rig.run(direction, rate, options.seconds);
      await run(200); // warm-up: opens the sessions, fills the caches
      await latency(`${direction}, ${store}`, run, options, report);
      await sustained(`${direction}, ${store}`, run, report, store === 'redis' ? bare[direction] * TARGET.share : null);
    }
  } finally {
    await rig.stop();
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

/** Is this machine fit for figures? Told once, so that a table can be read later. */
export function machine(): string {
  const model = /model name\s*:\s*(.+)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown processor';
  const cores = readFileSync('/proc/cpuinfo', 'utf8').match(/^processor/gm)?.length ?? 1;
  return `${cores} x ${model}, Node ${process.versions.node}`;
}
