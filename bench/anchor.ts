/**
 * `npm run bench -- anchor`: CPU time of an anchor for one message, in each direction, and what a bare drachtio-srf program reaches on the same
 * sipd with and without it. A message here is a MESSAGE with its 200: two SIP messages and one API reply cross the anchor. Each user of
 * the far end is a pair of its own. `--seconds` is the length of a round; the least and the median of the rounds are told.
 */
import { AnchoredServer } from '../scenarios/support/anchored';
import { SipServer } from '../scenarios/support/sipd';
import type { BareCommand, BareReport } from './support/bare';
import { Child } from './support/child';
import { CpuMeter } from './support/cpu';
import type { FarCommand, FarReport } from './support/far-protocol';
import { percentile, type Report } from './support/report';

export interface AnchorOptions {
  readonly seconds: number;
}

/** DESIGN section 5's anchor: milliseconds of CPU for a message. */
const TARGET_MS = 0.03;
const ROUNDS = 3;
const WINDOW = 50;

interface Place {
  readonly adminPort: number;
  readonly sipPort: number;
  readonly secret: string;
}

interface Round {
  readonly messages: number;
  /** Of the anchor alone. */
  readonly cpuMs: number;
}

export async function benchAnchor({ seconds }: AnchorOptions, report: Report): Promise<void> {
  report.heading('a bare drachtio-srf program on sipd');
  const sipd = await SipServer.start();
  await measure('without the anchor', sipd, undefined, seconds, report);
  await sipd.stop();
  report.heading('the same behind the anchor');
  const anchored = await AnchoredServer.start();
  await measure('with the anchor', anchored, anchored.pid, seconds, report);
  await anchored.stop();
}

async function measure(name: string, place: Place, anchorPid: number | undefined, seconds: number, report: Report): Promise<void> {
  const far = new Child<FarCommand, FarReport>('far-end.ts');
  const program = new Child<BareCommand, BareReport>('bare.ts');
  const meter = new CpuMeter(anchorPid === undefined ? {} : { anchor: [anchorPid] });
  try {
    const ready = await far.next();
    if (ready.is !== 'ready') throw new Error('the far end did not start');
    await program.run({ do: 'connect', port: place.adminPort, secret: place.secret });
    await far.run({ do: 'connect', sipPorts: [place.sipPort] });
    const taking = async (): Promise<number> => {
      await far.run({ do: 'reset' });
      await far.run({ do: 'page', seconds, window: WINDOW });
      const [counts] = await far.run({ do: 'tell' });
      return counts?.is === 'counts' ? counts.answered : 0;
    };
    const sending = async (): Promise<number> => {
      const [sent] = await program.run({ do: 'send', farPort: ready.port, dialogs: 20, seconds });
      return sent?.is === 'sent' ? sent.answered : 0;
    };
    for (const [what, run] of [['taking in MESSAGE, answering 200', taking], ['sending MESSAGE in dialogs by id', sending]] as const) {
      await run(); // the compiler does its work
      const rounds: Round[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        meter.start();
        const messages = await run();
        rounds.push({ messages, cpuMs: meter.read()['anchor'] ?? 0 });
      }
      tell(`${name}: ${what}`, rounds, seconds, anchorPid !== undefined, report);
    }
  } finally {
    program.stop();
    far.stop();
  }
}

function tell(name: string, rounds: readonly Round[], seconds: number, anchored: boolean, report: Report): void {
  report.add(name, Math.max(...rounds.map(({ messages }) => messages)) / seconds, 'msg/s');
  if (!anchored) return;
  const each = rounds.map(({ cpuMs, messages }) => cpuMs / Math.max(1, messages));
  report.add(`${name}: anchor's CPU, least of ${rounds.length}`, percentile(each, 0), 'ms/msg', TARGET_MS);
  report.add(`${name}: anchor's CPU, median`, percentile(each, 0.5), 'ms/msg');
}
