import type { SipRequestIn } from '@isthmus/codec';

import type { ApiReply, Exchanges } from './exchanges';
import { readRequest, UNSOLICITED, type Via } from './messages';
import { readSip } from './sip-text';

export interface IncomingOptions {
  readonly exchanges: Exchanges;
  readonly via: Via;
  readonly onReply: (id: string) => void;
  readonly onRequest: (request: SipRequestIn) => void;
  /** The SIP message in it cannot be read. `refusal`: the client message that says so to the far side, where that is due. */
  readonly onUnreadable: (fields: Readonly<Record<string, unknown>>, refusal: string | undefined) => void;
}

/** Messages of the server: who gets what (drachtio.md sections 2.3 and 2.4). */
export class Incoming {
  constructor(private readonly options: IncomingOptions) {}

  /** @throws Error for a message of no known kind */
  take(payload: string): void {
    const end = payload.indexOf('\r\n');
    const fields = (end < 0 ? payload : payload.slice(0, end)).split('|');
    const sipAt = end < 0 ? payload.length : end + 2;
    if (fields[1] === 'response') this.reply({ fields, text: payload, sipAt });
    else if (fields[1] === 'sip') this.message({ fields, text: payload, sipAt });
    else throw new Error('a message of an unknown kind');
  }

  private reply(reply: ApiReply): void {
    const id = reply.fields[2] ?? '';
    this.options.onReply(id);
    this.options.exchanges.replied(id, reply);
  }

  private message({ fields, text, sipAt }: ApiReply): void {
    const sip = readSip(text, sipAt);
    const [, , source] = fields;
    const id = fields[8] ?? '';
    if (sip === undefined) this.unreadable(fields, text, sipAt);
    else if (sip.is === 'response') this.options.exchanges.responded(id, sip, fields[9]);
    else if (source === 'network' || id === UNSOLICITED) this.options.onRequest(readRequest(sip, fields, this.options.via));
  }

  private unreadable(fields: readonly string[], text: string, sipAt: number): void {
    this.options.onUnreadable({ type: fields[1], source: fields[5], bytes: text.length }, refusalOf(fields, text.slice(sipAt)));
  }
}

/**
 * A client message that answers a request that cannot be read by 400; undefined for what must not be answered: a response,
 * an ACK. Without it the far side would wait until its transaction ends (DR-22).
 * @param fields of the first line
 * @param sip the text that is no SIP message
 */
export function refusalOf(fields: readonly string[], sip: string): string | undefined {
  const [, type, source] = fields;
  const transactionId = fields[8] ?? '';
  if (type !== 'sip' || source !== 'network' || transactionId === '' || /^(?:SIP\/|ACK\s)/.test(sip)) return undefined;
  return `sip|${transactionId}|\r\nSIP/2.0 400 Bad Request\r\n\r\n`;
}
