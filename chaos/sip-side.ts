import { TEXT_SESSION } from '../scenarios/support/sip-chat';
import { SipPeer, type Incoming } from '../scenarios/support/raw-sip';
import type { SipDialog } from '../scenarios/support/sip-dialog';
import { uriOf } from '../scenarios/support/sip-message';
import type { Hop } from '../scenarios/support/sip-sockets';
import type { Ledger } from './ledger';

const SDP = { 'Content-Type': 'application/sdp' };
const TEXT = { 'Content-Type': 'text/plain; charset=UTF-8' };
/** So long a SIP client waits for an answer before it tells its user that the text was not delivered. */
const ANSWER_MS = 10_000;

export interface SipSideOptions {
  readonly ledger: Ledger;
  /** The SIP servers of the domain, in the order in which they are tried; default: the peer's own next hop. */
  readonly hops?: (pair: string) => readonly Hop[];
  /** A contact is shown that the user types, or that he does no more. */
  readonly typing?: (contact: string, user: string, composing: boolean) => void;
}

/**
 * The far SIP server with all its users: takes every session and text, and sends texts in sessions that it opens when it
 * has none. One text of a pair at a time; a session that failed is opened anew for the next text.
 */
export class SipSide {
  private readonly sessions = new Map<string, SipDialog>();
  private readonly queues = new Map<string, Promise<void>>();

  /** Requests in sessions that were refused with 481: the session was lost. */
  lostSessions = 0;

  private constructor(
    private peer: SipPeer,
    private readonly options: SipSideOptions,
  ) {}

  static serve(peer: SipPeer, options: SipSideOptions): SipSide {
    const side = new SipSide(peer, options);
    side.listen(peer);
    return side;
  }

  /** Another process in the place of the old one: it knows no session. */
  moveTo(peer: SipPeer): void {
    this.peer = peer;
    this.sessions.clear();
    this.listen(peer);
  }

  private listen(peer: SipPeer): void {
    const ok = (incoming: Incoming): Promise<unknown> => peer.reply(incoming, 200);
    const quietly = (answer: (incoming: Incoming) => Promise<unknown>) => (incoming: Incoming) => void answer(incoming).catch(() => undefined);
    for (const method of ['SUBSCRIBE', 'NOTIFY', 'OPTIONS']) peer.serve(method, quietly(ok));
    peer.serve('ACK', () => undefined);
    peer.serve('INVITE', quietly(async (incoming) => this.keep(incoming, peer)));
    peer.serve('BYE', quietly(async (incoming) => this.ended(incoming, peer)));
    peer.serve('MESSAGE', quietly(async (incoming) => this.hear(incoming, peer)));
    peer.serve('INFO', quietly(async (incoming) => this.see(incoming, peer)));
  }

  /** Queues one text behind those of the same pair. */
  say(contact: string, user: string, id: string): void {
    const pair = `${contact} ${user}`;
    const before = this.queues.get(pair) ?? Promise.resolve();
    const after = before.then(() => this.deliver(contact, user, id));
    this.queues.set(pair, after);
  }

  /** Tells in the session, if there is one, that the contact types, or that he has stopped. */
  types(contact: string, user: string, composing: boolean): void {
    const session = this.sessions.get(`${contact} ${user}`);
    const body = `<?xml version="1.0"?><KeyboardActivity> <status status="${composing ? 'type' : 'idle'}" /></KeyboardActivity>`;
    session?.request('INFO', { headers: { 'Content-Type': 'application/xml' }, body, deadlineMs: ANSWER_MS }).catch(() => undefined);
  }

  private async deliver(contact: string, user: string, id: string): Promise<void> {
    const pair = `${contact} ${user}`;
    try {
      const session = this.sessions.get(pair) ?? (await this.call(contact, user));
      const { status } = await session.request('MESSAGE', { headers: TEXT, body: id, deadlineMs: ANSWER_MS });
      if (status < 300) return;
      if (status === 481) this.lostSessions += 1;
      if ([408, 480, 481].includes(status) && this.sessions.get(pair) === session) this.sessions.delete(pair);
    } catch {
      this.sessions.delete(pair);
    }
    this.options.ledger.returned(id);
  }

  private async call(contact: string, user: string): Promise<SipDialog> {
    const pair = `${contact} ${user}`;
    const dialog = await this.open(contact, user, this.options.hops?.(pair) ?? []);
    await dialog.ack();
    this.sessions.set(pair, dialog);
    return dialog;
  }

  /** By the first hop that can be reached. */
  private async open(contact: string, user: string, [hop, ...others]: readonly Hop[]): Promise<SipDialog> {
    try {
      return await this.peer.open('INVITE', { from: `sip:${contact}`, to: `sip:${user}`, headers: SDP, body: TEXT_SESSION, deadlineMs: ANSWER_MS, ...(hop && { hop }) });
    } catch (error) {
      if (others.length === 0 || (error as NodeJS.ErrnoException).syscall !== 'connect') throw error;
      return this.open(contact, user, others);
    }
  }

  private async keep(incoming: Incoming, peer: SipPeer): Promise<void> {
    const dialog = await peer.accept(incoming, { headers: SDP, body: TEXT_SESSION });
    this.sessions.set(pairOf(incoming), dialog);
  }

  private async ended(incoming: Incoming, peer: SipPeer): Promise<void> {
    const pair = pairOf(incoming);
    if (this.sessions.get(pair)?.callId === incoming.message.callId) this.sessions.delete(pair);
    this.shownTyping(pair, false);
    await peer.reply(incoming, 200);
  }

  private async hear(incoming: Incoming, peer: SipPeer): Promise<void> {
    this.options.ledger.arrived(incoming.message.text.trim());
    this.shownTyping(pairOf(incoming), false);
    await peer.reply(incoming, 200);
  }

  private async see(incoming: Incoming, peer: SipPeer): Promise<void> {
    this.shownTyping(pairOf(incoming), incoming.message.text.includes('"type"'));
    await peer.reply(incoming, 200);
  }

  private shownTyping(pair: string, composing: boolean): void {
    const [contact = '', user = ''] = pair.split(' ');
    this.options.typing?.(contact, user, composing);
  }
}

/** Contact and user of a request that came from the user. */
function pairOf({ message }: Incoming): string {
  const address = (header: string): string => uriOf(message.header(header)).replace(/^sip:/, '');
  return `${address('To')} ${address('From')}`;
}
