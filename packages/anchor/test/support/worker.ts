import { Control, type Frame } from '../../../sipd/test/support/control';
import { until } from '../../../sipd/test/support/inbox';
import { value, type Sip } from '../../../sipd/test/support/sip-text';
import type { Anchored } from './setups';

export const VERBS = ['invite', 'message', 'info', 'notify', 'subscribe', 'options', 'publish', 'register'];

function answerTo({ fields }: Frame, status: number, headers: readonly string[] = []): string {
  return `sip|${fields[8]}|\r\n${[`SIP/2.0 ${status} Whatever`, ...headers, '', ''].join('\r\n')}`;
}

/** A worker that says exactly what the test wants. */
export class RawWorker {
  private constructor(
    readonly control: Control,
    readonly greeting: Frame,
  ) {}

  static async join(server: Pick<Anchored, 'host' | 'port' | 'secret'>, name: string, verbs: readonly string[] = VERBS): Promise<RawWorker> {
    const control = await Control.open(server);
    const greeting = await control.ask(`authenticate|${server.secret}|${name}`);
    if (greeting.fields[3] !== 'OK') throw new Error(`refused: ${greeting.fields.join('|')}`);
    const worker = new RawWorker(control, greeting);
    await worker.route(verbs);
    return worker;
  }

  /** Of this life of anchor and server. */
  get identity(): string {
    return /^anchor=(.+)$/.exec(this.greeting.fields[7] ?? '')?.[1] ?? '';
  }

  async route(verbs: readonly string[] = VERBS): Promise<void> {
    await Promise.all(verbs.map((verb) => this.control.ask(`route|${verb}`)));
  }

  async drain(): Promise<void> {
    await this.control.ask('remove_route|invite');
  }

  /** The request of that method with that Call-ID. Whether it was asked for before does not matter. */
  async gets(method: string, callId: string, cseq = ''): Promise<Frame> {
    const found = (): Frame | undefined => this.requests(method).find(({ text }) => text.includes(callId) && text.includes(`CSeq: ${cseq}`));
    await until(`${method} ${callId}`, () => found() !== undefined);
    return found() as Frame;
  }

  /** Requests that have come. */
  requests(method: string): readonly Frame[] {
    return this.control.frames.all.filter(({ fields, text }) => fields[1] === 'sip' && text.startsWith(`${method} `));
  }

  answer(request: Frame, status: number, headers: readonly string[] = []): Promise<Frame> {
    return this.control.ask(answerTo(request, status, headers));
  }

  /** Takes what comes and answers it, from now on. */
  serve(status = 200): void {
    this.control.frames.tap = (frame) => {
      if (frame.fields[1] === 'sip' && !/^(?:SIP\/|ACK |CANCEL )/.test(frame.text) && frame.fields[2] === 'network') this.control.send(answerTo(frame, status));
    };
  }

  close(): void {
    this.control.close();
  }
}

/** Which of the workers has been given a request, as soon as one has. */
export async function holderOf(workers: readonly RawWorker[], request: Sip): Promise<{ readonly holder: RawWorker; readonly frame: Frame }> {
  const [method = ''] = request.start.split(' ');
  const callId = value(request, 'call-id');
  const find = (): RawWorker | undefined => workers.find((each) => !each.control.closed && each.requests(method).some(({ text }) => text.includes(callId)));
  await until(`somebody has ${method} ${callId}`, () => find() !== undefined);
  const holder = find() as RawWorker;
  return { holder, frame: await holder.gets(method, callId) };
}
