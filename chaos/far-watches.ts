import type { Incoming, SipPeer } from '../scenarios/support/raw-sip';
import { draftPidf, readDocument } from '../scenarios/support/presence-documents';
import type { SipDialog } from '../scenarios/support/sip-dialog';
import { tagOf, uriOf, type SipMessage } from '../scenarios/support/sip-message';
import type { Hop } from '../scenarios/support/sip-sockets';
import type { PresenceBook, State } from './presence-book';

/** So long is an answer waited for; a front end tells its client of a failure then. */
const ANSWER_MS = 8_000;
const TRY_AGAIN_MS = 2_000;
const ACTIVITIES = { available: undefined, away: 'away', dnd: 'busy', offline: undefined } as const;

export interface FarWatchesOptions {
  readonly book: PresenceBook;
  /** The SIP servers of the domain, in the order in which they are tried. */
  hops(): readonly Hop[];
  /** What SIP users ask for and grant. */
  readonly expiresSeconds: number;
}

interface Told {
  readonly dialog: SipDialog;
  readonly contact: string;
  sent: State | undefined;
  busy: boolean;
}

/**
 * Presence at the far SIP server. Its users watch as the real client does: they refresh in the dialog, take any NOTIFY
 * about a contact, and show him offline when a refresh is refused. A refused one is tried anew, as after a new sign-in.
 */
export class FarWatches {
  private readonly told = new Map<string, Told>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private stopped = false;
  /** Requests in dialogs that were refused with 481: the dialog was lost. */
  lostDialogs = 0;

  constructor(
    private peer: SipPeer,
    private readonly options: FarWatchesOptions,
  ) {
    this.serve(peer);
  }

  /** Another process in the place of the old one: it knows no dialog, and its users sign in again. */
  moveTo(peer: SipPeer): void {
    this.peer = peer;
    this.told.clear();
    this.serve(peer);
    for (const line of [...this.timers.keys()].filter((each) => !each.startsWith('notify '))) {
      const [contact = '', user = ''] = line.split(' ');
      this.options.book.blind(contact);
      void this.watch(contact, user);
    }
  }

  /** The state of a SIP user is another one: all who watch him are told. */
  changed(contact: string): void {
    for (const told of this.told.values()) if (told.contact === contact) void this.tell(told);
  }

  /** A SIP user wants to see an XMPP user, from now on. */
  async watch(contact: string, user: string, attempt = 0): Promise<void> {
    const hops = this.options.hops();
    const hop = hops[attempt % hops.length];
    try {
      const headers = this.subscribe();
      const dialog = await this.peer.open('SUBSCRIBE', { from: `sip:${contact}`, to: `sip:${user}`, headers, deadlineMs: ANSWER_MS, ...(hop && { hop }) });
      this.later(contact, user, this.options.expiresSeconds * 800, () => this.refresh(contact, user, dialog));
    } catch {
      this.later(contact, user, TRY_AGAIN_MS, () => this.watch(contact, user, attempt + 1));
    }
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
  }

  private subscribe(): Readonly<Record<string, string>> {
    return { Event: 'presence', Accept: 'application/pidf+xml', Expires: `${this.options.expiresSeconds}` };
  }

  private async refresh(contact: string, user: string, dialog: SipDialog): Promise<void> {
    try {
      const { status } = await dialog.request('SUBSCRIBE', { headers: this.subscribe(), deadlineMs: ANSWER_MS });
      if (status < 300) return this.later(contact, user, this.options.expiresSeconds * 800, () => this.refresh(contact, user, dialog));
      if (status === 481) this.lostDialogs += 1;
    } catch {
      // no answer: as refused
    }
    this.options.book.shows(contact, user, 'offline');
    this.later(contact, user, TRY_AGAIN_MS, () => this.watch(contact, user));
  }

  private later(contact: string, user: string, ms: number, work: () => Promise<void>): void {
    if (this.stopped) return;
    const line = `${contact} ${user}`;
    clearTimeout(this.timers.get(line));
    this.timers.set(line, setTimeout(() => void work(), ms));
  }

  private serve(peer: SipPeer): void {
    peer.serve('NOTIFY', (incoming) => void this.heard(incoming, peer).catch(() => undefined));
    peer.serve('SUBSCRIBE', (incoming) => void this.asked(incoming, peer).catch(() => undefined));
  }

  private async heard(incoming: Incoming, peer: SipPeer): Promise<void> {
    const { message } = incoming;
    const [user, contact] = [addressOf(message, 'From'), addressOf(message, 'To')];
    if (message.body.length > 0) this.options.book.shows(contact, user, stateIn(message));
    await peer.reply(incoming, 200);
    const terminated = message.header('Subscription-State').startsWith('terminated');
    if (terminated) this.later(contact, user, TRY_AGAIN_MS, () => this.watch(contact, user));
  }

  private async asked(incoming: Incoming, peer: SipPeer): Promise<void> {
    const { message } = incoming;
    const expires = Math.min(Number(message.header('Expires') || this.options.expiresSeconds), this.options.expiresSeconds);
    const headers = { Expires: `${expires}`, Event: 'presence' };
    const key = message.callId;
    const isFirst = tagOf(message.header('To')) === undefined;
    if (!isFirst && !this.told.has(key)) return void (await peer.reply(incoming, 481));
    if (isFirst) {
      const dialog = await peer.accept(incoming, { headers });
      this.told.set(key, { dialog, contact: addressOf(message, 'To'), sent: undefined, busy: false });
    } else await peer.reply(incoming, 200, { headers });
    const told = this.told.get(key);
    if (told === undefined) return;
    told.sent = undefined;
    await this.tell(told, expires === 0 ? 'terminated;reason=timeout' : `active;expires=${expires}`);
    if (expires === 0) this.told.delete(key);
  }

  /** One NOTIFY at a time in a dialog; what changes meanwhile goes in the next one. */
  private async tell(told: Told, substate = `active;expires=${this.options.expiresSeconds}`): Promise<void> {
    const { dialog, contact } = told;
    if (told.busy) return;
    told.busy = true;
    try {
      for (let state = this.options.book.stateOf(contact); state !== told.sent; state = this.options.book.stateOf(contact)) {
        told.sent = state;
        const { status } = await this.notify(dialog, contact, state, substate);
        if (status === 481) return void this.told.delete(dialog.callId);
        if (status >= 300) return this.tellLater(told);
      }
    } catch {
      this.tellLater(told);
    } finally {
      told.busy = false;
    }
  }

  /** A NOTIFY that nobody has taken is written again, as long as the subscription is there. */
  private tellLater(told: Told): void {
    told.sent = undefined;
    this.later(`notify ${told.dialog.callId}`, '', TRY_AGAIN_MS, async () => (this.told.has(told.dialog.callId) ? this.tell(told) : undefined));
  }

  private notify(dialog: SipDialog, contact: string, state: State, substate: string): Promise<SipMessage> {
    const activity = ACTIVITIES[state];
    const { contentType, body } = draftPidf(`sip:${contact}`, { basic: state === 'offline' ? 'closed' : 'open', ...(activity && { activity }) });
    return dialog.request('NOTIFY', { headers: { Event: 'presence', 'Subscription-State': substate, 'Content-Type': contentType }, body, deadlineMs: ANSWER_MS });
  }
}

const addressOf = (message: SipMessage, header: string): string => uriOf(message.header(header)).replace(/^sips?:/, '');

/** What a document of ours shows to a client of the Microsoft dialect. */
function stateIn(message: SipMessage): State {
  const { basic, draft } = readDocument({ contentType: message.header('Content-Type'), body: message.text });
  if (basic !== 'open') return 'offline';
  if (draft === 'away') return 'away';
  return draft === 'busy' ? 'dnd' : 'available';
}
