import { TEXT_SESSION } from '../scenarios/support/sip-chat';
import { SipPeer, type Incoming } from '../scenarios/support/raw-sip';
import type { SipDialog } from '../scenarios/support/sip-dialog';
import { uriOf } from '../scenarios/support/sip-message';
import type { Ledger } from './ledger';

const SDP = { 'Content-Type': 'application/sdp' };
const TEXT = { 'Content-Type': 'text/plain; charset=UTF-8' };
/** So long a SIP client waits for an answer before it tells its user that the text was not delivered. */
const ANSWER_MS = 10_000;

/**
 * The far SIP server with all its users: takes every session and text, and sends texts in sessions that it opens when it
 * has none. One text of a pair at a time; a session that failed is opened anew for the next text.
 */
export class SipSide {
  private readonly sessions = new Map<string, SipDialog>();
  private readonly queues = new Map<string, Promise<void>>();

  private constructor(
    readonly peer: SipPeer,
    private readonly ledger: Ledger,
  ) {}

  static serve(peer: SipPeer, ledger: Ledger): SipSide {
    const side = new SipSide(peer, ledger);
    const ok = (incoming: Incoming): Promise<unknown> => peer.reply(incoming, 200);
    const quietly = (answer: (incoming: Incoming) => Promise<unknown>) => (incoming: Incoming) => void answer(incoming).catch(() => undefined);
    for (const method of ['INFO', 'SUBSCRIBE', 'NOTIFY', 'OPTIONS']) peer.serve(method, quietly(ok));
    peer.serve('ACK', () => undefined);
    peer.serve('INVITE', quietly(async (incoming) => side.keep(incoming)));
    peer.serve('BYE', quietly(async (incoming) => side.ended(incoming)));
    peer.serve('MESSAGE', quietly(async (incoming) => side.hear(incoming)));
    return side;
  }

  /** Queues one text behind those of the same pair. */
  say(contact: string, user: string, id: string): void {
    const pair = `${contact} ${user}`;
    const before = this.queues.get(pair) ?? Promise.resolve();
    const after = before.then(() => this.deliver(contact, user, id));
    this.queues.set(pair, after);
  }

  private async deliver(contact: string, user: string, id: string): Promise<void> {
    const pair = `${contact} ${user}`;
    try {
      const session = this.sessions.get(pair) ?? (await this.call(contact, user));
      const { status } = await session.request('MESSAGE', { headers: TEXT, body: id, deadlineMs: ANSWER_MS });
      if (status < 300) return;
      if ([408, 480, 481].includes(status)) this.sessions.delete(pair);
    } catch {
      this.sessions.delete(pair);
    }
    this.ledger.returned(id);
  }

  private async call(contact: string, user: string): Promise<SipDialog> {
    const dialog = await this.peer.open('INVITE', { from: `sip:${contact}`, to: `sip:${user}`, headers: SDP, body: TEXT_SESSION, deadlineMs: ANSWER_MS });
    await dialog.ack();
    this.sessions.set(`${contact} ${user}`, dialog);
    return dialog;
  }

  private async keep(incoming: Incoming): Promise<void> {
    const dialog = await this.peer.accept(incoming, { headers: SDP, body: TEXT_SESSION });
    this.sessions.set(pairOf(incoming), dialog);
  }

  private async ended(incoming: Incoming): Promise<void> {
    const pair = pairOf(incoming);
    if (this.sessions.get(pair)?.callId === incoming.message.callId) this.sessions.delete(pair);
    await this.peer.reply(incoming, 200);
  }

  private async hear(incoming: Incoming): Promise<void> {
    this.ledger.arrived(incoming.message.text.trim());
    await this.peer.reply(incoming, 200);
  }
}

/** Contact and user of a request that came from the user. */
function pairOf({ message }: Incoming): string {
  const address = (header: string): string => uriOf(message.header(header)).replace(/^sip:/, '');
  return `${address('To')} ${address('From')}`;
}
