import type { SipHeaders } from '@isthmus/codec';

import { readSip, type ResponseText } from './sip-text';

/** What becomes of a request of ours, in this order. */
export interface RequestListener {
  /** It is on its way as these headers say: Call-ID, tags, CSeq. */
  sent(headers: SipHeaders, transactionId: string): void;
  /** The server did not send it; nothing follows. */
  notSent(why: string): void;
  /** Provisional ones, and one that is final. `stackId`: the dialog, where the server knows one. */
  response(response: ResponseText, stackId: string | undefined): void;
}

/** `why`: the server's reason; undefined when it did what it was told. */
export type Done = (why: string | undefined) => void;

/** An API reply (drachtio.md section 2.3): the fields of its first line, and where in the text the SIP message begins. */
export interface ApiReply {
  readonly fields: readonly string[];
  readonly text: string;
  readonly sipAt: number;
}

/** The place of verdict, transaction and dialog among the fields (drachtio.md sections 2.3 and 2.4). */
const VERDICT = 3;
const REASON = 4;
const REPLY_TRANSACTION = 10;
const NOTHING_SENT: SipHeaders = {};

/** Who waits for what on one control connection: for the server's word on a message, and for responses of the far side. */
export class Exchanges {
  private readonly replies = new Map<string, (reply: ApiReply) => void>();
  private readonly transactions = new Map<string, RequestListener>();

  /** Waits for the server's word on the message of this id. @returns what ends the wait */
  expect(id: string, done: Done): () => void {
    this.replies.set(id, ({ fields }) => done(fields[VERDICT] === 'OK' ? undefined : (fields[REASON] ?? 'refused')));
    return () => this.replies.delete(id);
  }

  /** The same for a request, and for its responses from then on. @returns what ends the wait */
  follow(id: string, listener: RequestListener): () => void {
    let transactionId: string | undefined;
    this.replies.set(id, (reply) => {
      const { fields } = reply;
      if (fields[VERDICT] !== 'OK') {
        listener.notSent(fields[REASON] ?? 'request failed');
        return;
      }
      transactionId = fields[REPLY_TRANSACTION] ?? '';
      this.transactions.set(transactionId, listener);
      listener.sent(readSip(reply.text, reply.sipAt)?.headers ?? NOTHING_SENT, transactionId);
    });
    return () => {
      this.replies.delete(id);
      if (transactionId !== undefined) this.transactions.delete(transactionId);
    };
  }

  replied(id: string, reply: ApiReply): void {
    const waiting = this.replies.get(id);
    this.replies.delete(id);
    waiting?.(reply);
  }

  responded(transactionId: string, response: ResponseText, stackId: string | undefined): void {
    const listener = this.transactions.get(transactionId);
    if (response.status >= 200) this.transactions.delete(transactionId);
    listener?.response(response, stackId);
  }
}
