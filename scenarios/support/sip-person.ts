import { readDocument } from './presence-documents';
import type { PresenceDocument, Said } from './presence-documents';
import type { Incoming, SipPeer } from './raw-sip';
import type { SipDialog } from './sip-dialog';
import { uriOf } from './sip-message';
import type { SipMessage } from './sip-message';

/** A NOTIFY that reached a SIP user, answered 200. */
export interface Notice {
  readonly message: SipMessage;
  /** active, pending or terminated. */
  readonly substate: string;
  readonly reason: string | undefined;
  /** What the document says; undefined: there is none. */
  readonly said: Said | undefined;
}

export interface WatchWish {
  readonly accept?: string;
  readonly expires?: number;
}

/** A SIP user behind the scripted far server: what comes for him, and what his client sends. */
export class SipPerson {
  readonly uri: string;

  constructor(
    readonly peer: SipPeer,
    readonly address: string,
  ) {
    this.uri = `sip:${address}`;
  }

  /** The next request of a method that is for him. */
  receive(method: string, wanted: (message: SipMessage) => boolean = () => true): Promise<Incoming> {
    return this.peer.receive(method, (message) => uriOf(message.header('To')) === this.uri && wanted(message));
  }

  /** The requests of a method for him that nobody has looked at. */
  unclaimed(method: string): readonly SipMessage[] {
    return this.peer.unclaimed.filter((message) => message.method === method && uriOf(message.header('To')) === this.uri);
  }

  /** Receives a request and refuses it, or accepts it without more. */
  async answers(method: string, status: number): Promise<SipMessage> {
    const incoming = await this.receive(method);
    await this.peer.reply(incoming, status);
    return incoming.message;
  }

  /** Somebody subscribes to him: accepted. */
  async letsWatch(): Promise<SipDialog> {
    return this.peer.accept(await this.receive('SUBSCRIBE'), { headers: { Expires: '3600', Event: 'presence' } });
  }

  /** Tells a watcher; without a document the NOTIFY is empty. */
  tells(watch: SipDialog, document?: PresenceDocument, state = 'active;expires=3600'): Promise<SipMessage> {
    const headers = { Event: 'presence', 'Subscription-State': state };
    if (document === undefined) return watch.request('NOTIFY', { headers });
    return watch.request('NOTIFY', { headers: { ...headers, 'Content-Type': document.contentType }, body: document.body });
  }

  /** Subscribes to somebody; fails unless the answer is 2xx. */
  watches(address: string, { accept = 'application/pidf+xml', expires = 3600 }: WatchWish = {}): Promise<SipDialog> {
    const headers = { Event: 'presence', Accept: accept, Expires: `${expires}` };
    return this.peer.open('SUBSCRIBE', { from: this.uri, to: `sip:${address}`, headers });
  }

  /** Subscribes again in the dialog; with 0 he ends it. */
  watchesOn(watch: SipDialog, expires: number): Promise<SipMessage> {
    return watch.request('SUBSCRIBE', { headers: { Event: 'presence', Accept: 'application/pidf+xml', Expires: `${expires}` } });
  }

  /** The next NOTIFY for him; with a dialog: in it. */
  async isTold(watch?: SipDialog): Promise<Notice> {
    const incoming = await this.receive('NOTIFY', ({ callId }) => watch === undefined || callId === watch.callId);
    await this.peer.reply(incoming, 200);
    return readNotice(incoming.message);
  }

  /** The next NOTIFY for him whose document says this; what comes before it counts as told too. */
  async isToldAtLast(wanted: Said): Promise<Notice> {
    for (;;) {
      const notice = await this.isTold();
      const { said } = notice;
      if (said !== undefined && Object.entries(wanted).every(([name, value]) => said[name] === value)) return notice;
    }
  }
}

function readNotice(message: SipMessage): Notice {
  const state = message.header('Subscription-State');
  const contentType = message.header('Content-Type');
  return {
    message,
    substate: state.split(';')[0] ?? '',
    reason: /;reason=([a-z]+)/.exec(state)?.[1],
    said: message.body.length === 0 ? undefined : readDocument({ contentType, body: message.text }),
  };
}
