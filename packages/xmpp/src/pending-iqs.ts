import { randomUUID } from 'node:crypto';

import xml from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

import { XmppLinkError } from './errors';

interface Waiting {
  /** The address that was asked: only its answer counts. */
  readonly from: string;
  readonly resolve: (answer: Element) => void;
  readonly reject: (error: XmppLinkError) => void;
  readonly timer: NodeJS.Timeout;
}

const MAX_PENDING = 10_000;

/** Our IQ requests that wait for their answers (RFC 6120 section 8.2.3), matched by id and address. */
export class PendingIqs {
  private readonly waiting = new Map<string, Waiting>();

  /**
   * Sends a copy of `iq` with an id nobody can guess and waits for the result or error of the address it went to.
   * Rejects with `timeout`, `disconnected` (see `failAll`), `queue-full`, or what `send` rejects with.
   */
  ask(iq: Element, timeoutMs: number, send: (iq: Element) => Promise<void>): Promise<Element> {
    if (this.waiting.size >= MAX_PENDING) {
      return Promise.reject(new XmppLinkError('queue-full', `${MAX_PENDING} IQ requests wait for answers already`));
    }
    const id = randomUUID();
    const copy = xml(iq.name, { ...iq.attrs, id }, ...iq.children);
    return new Promise((resolve, reject) => {
      const expire = (): void => {
        this.forget(id);
        reject(new XmppLinkError('timeout', `no answer of ${String(copy.attrs['to'])} within ${timeoutMs} ms`));
      };
      const timer = setTimeout(expire, timeoutMs);
      this.waiting.set(id, { from: String(copy.attrs['to']), resolve, reject, timer });
      send(copy).catch((error: XmppLinkError) => {
        this.forget(id);
        reject(error);
      });
    });
  }

  /** True when the stanza was the answer to a request of ours. */
  take(stanza: Element): boolean {
    const { id, from, type } = stanza.attrs;
    if (stanza.name !== 'iq' || (type !== 'result' && type !== 'error')) return false;
    const waiting = this.waiting.get(String(id));
    if (waiting === undefined || waiting.from !== from) return false;
    this.forget(String(id));
    waiting.resolve(stanza);
    return true;
  }

  failAll(error: XmppLinkError): void {
    for (const [id, waiting] of this.waiting) {
      this.forget(id);
      waiting.reject(error);
    }
  }

  private forget(id: string): void {
    clearTimeout(this.waiting.get(id)?.timer);
    this.waiting.delete(id);
  }
}
