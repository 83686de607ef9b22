import type { SipDialog } from './sip-dialog';
import type { SipMessage } from './sip-message';
import type { SipPerson } from './sip-person';

/** What a Microsoft client offers and answers (microsoft-dialect 2.1). */
export const TEXT_SESSION =
  'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=session\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=message 5060 sip null\r\na=accept-types:text/plain\r\n';
const SDP = { 'Content-Type': 'application/sdp' };
const TEXT = { 'Content-Type': 'text/plain; charset=UTF-8' };
const KEYBOARD_ACTIVITY = 'application/xml';
const IS_COMPOSING = 'application/im-iscomposing+xml';

/**
 * The far end of a chat: in dialect `microsoft` a session (INVITE, and MESSAGE and INFO in its dialog), in dialect
 * `simple` MESSAGE out of dialog.
 */
export class SipChat {
  /** Dialect `microsoft`: the session that is up. */
  session: SipDialog | undefined;

  constructor(
    private readonly dialect: 'microsoft' | 'simple',
    readonly person: SipPerson,
    /** With whom. */
    private readonly other: string,
  ) {}

  /** The other side's INVITE, accepted. */
  async takesCall(): Promise<SipDialog> {
    const incoming = await this.person.receive('INVITE');
    this.session = await this.person.peer.accept(incoming, { headers: SDP, body: TEXT_SESSION });
    await this.person.receive('ACK');
    return this.session;
  }

  /** Opens a session. */
  async calls(): Promise<SipDialog> {
    const { peer, uri } = this.person;
    this.session = await peer.open('INVITE', { from: uri, to: `sip:${this.other}`, headers: SDP, body: TEXT_SESSION });
    await this.session.ack();
    return this.session;
  }

  /** The next text, answered. The first one opens the session where there is none. */
  async hears(status = 200): Promise<SipMessage> {
    if (this.dialect === 'microsoft' && this.session === undefined) await this.takesCall();
    return this.person.answers('MESSAGE', status);
  }

  /** Sends a text and gives the answer. */
  writes(text: string, headers: Readonly<Record<string, string>> = TEXT): Promise<SipMessage> {
    return this.sends('MESSAGE', { headers, body: text });
  }

  /** Tells whether he types, as his dialect does it. */
  async types(composing: boolean): Promise<SipMessage> {
    if (this.dialect === 'microsoft') {
      const body = `<?xml version="1.0"?><KeyboardActivity> <status status="${composing ? 'type' : 'idle'}" /></KeyboardActivity>`;
      return this.sends('INFO', { headers: { 'Content-Type': KEYBOARD_ACTIVITY }, body });
    }
    const state = composing ? 'active' : 'idle';
    const body = `<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>${state}</state><contenttype>text/plain</contenttype></isComposing>`;
    return this.sends('MESSAGE', { headers: { 'Content-Type': IS_COMPOSING }, body });
  }

  /** The next typing indication, answered: does the other side type? */
  async seesTyping(): Promise<boolean> {
    const method = this.dialect === 'microsoft' ? 'INFO' : 'MESSAGE';
    const type = this.dialect === 'microsoft' ? KEYBOARD_ACTIVITY : IS_COMPOSING;
    const incoming = await this.person.receive(method, (message) => message.header('Content-Type').startsWith(type));
    await this.person.peer.reply(incoming, 200);
    return /status="type"|<state>active/.test(incoming.message.text);
  }

  private async sends(method: string, content: { headers: Readonly<Record<string, string>>; body: string }): Promise<SipMessage> {
    if (this.dialect === 'microsoft') return (this.session ?? (await this.calls())).request(method, content);
    const { peer, uri } = this.person;
    return (await peer.request(method, { from: uri, to: `sip:${this.other}`, ...content })).response;
  }
}
