import { freePort } from './ports';
import { SipPeer } from './raw-sip';
import type { Incoming } from './raw-sip';

/** How a next hop of the scenario behaves towards what comes. */
export type Manner = 'answers' | 'silent' | ((incoming: Incoming, peer: SipPeer) => unknown);

/** One far SIP server among several: it can be killed and started again at its port, and notes the texts that reached it. */
export class NextHop {
  readonly texts: string[] = [];
  /** Call-ID, CSeq and From tag of each MESSAGE and INVITE. */
  readonly requests: string[] = [];
  manner: Manner = 'answers';
  /** OPTIONS are answered by everybody who is not silent, unless this is false. */
  answersOptions = true;
  private peer: SipPeer | undefined;

  private constructor(
    readonly name: string,
    readonly port: number,
  ) {}

  static async start(name: string, sipPort: number): Promise<NextHop> {
    const hop = new NextHop(name, await freePort());
    await hop.revive(sipPort);
    return hop;
  }

  async revive(sipPort: number): Promise<void> {
    const peer = await SipPeer.start({ name: this.name, port: this.port, nextHop: { port: sipPort, transport: 'tcp' } });
    peer.serve('OPTIONS', (incoming) => (this.manner === 'silent' || !this.answersOptions ? undefined : peer.reply(incoming, 200)));
    for (const method of ['MESSAGE', 'INVITE', 'SUBSCRIBE']) peer.serve(method, (incoming) => this.take(incoming, peer));
    peer.serve('ACK', () => undefined);
    this.peer = peer;
  }

  async kill(): Promise<void> {
    await this.peer?.stop();
    this.peer = undefined;
  }

  private take(incoming: Incoming, peer: SipPeer): unknown {
    const { message } = incoming;
    if (message.method !== 'SUBSCRIBE') this.requests.push(`${message.callId} ${message.header('CSeq')} ${/tag=(\w+)/.exec(message.header('From'))?.[1] ?? ''}`);
    if (this.manner === 'silent') return undefined;
    if (this.manner !== 'answers') return this.manner(incoming, peer);
    if (message.method === 'MESSAGE') this.texts.push(message.text);
    if (message.method !== 'MESSAGE') return peer.reply(incoming, 404);
    return peer.reply(incoming, 200);
  }
}
