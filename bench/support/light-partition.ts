import type { Socket } from 'node:net';
import { createHash } from 'node:crypto';

const PARTITION = 'urn:isthmus:partition:0';

/** A stanza of a pair, as it is given to a worker; `inner` are its children. */
export interface Outgoing {
  readonly user: string;
  readonly contact: string;
  readonly open: string;
  readonly inner: string;
}

interface Numbered extends Outgoing {
  readonly number: number;
}

/** A component connection. */
export interface Stream {
  readonly socket: Socket;
  /** What the worker has told; empty before. */
  name: string;
  ready: boolean;
  /** It wants numbers, and reports what it has handled. */
  acknowledges: boolean;
  unconfirmed: Numbered[];
}

/**
 * What the partition plug-in does about connections: a pair's stanzas go to one of them (rendezvous hash, plugins/prosody/README.md), and
 * what a lost one has not confirmed goes to others, in order.
 */
export class LightPartition {
  readonly streams = new Set<Stream>();
  private readonly epoch = process.pid.toString(36);
  private number = 0;
  /** What nobody was there for. */
  private waiting: Numbered[] = [];

  add(socket: Socket): Stream {
    const stream: Stream = { socket, name: '', ready: true, acknowledges: false, unconfirmed: [] };
    this.streams.add(stream);
    return stream;
  }

  announced(stream: Stream, name: string, acknowledges: boolean, ready: boolean): void {
    Object.assign(stream, { name, acknowledges, ready });
    for (const stanza of this.waiting.splice(0)) this.hand(stanza);
  }

  handled(stream: Stream, upTo: number): void {
    const first = stream.unconfirmed.findIndex(({ number }) => number > upTo);
    stream.unconfirmed = first < 0 ? [] : stream.unconfirmed.slice(first);
  }

  remove(stream: Stream): void {
    if (!this.streams.delete(stream)) return;
    for (const stanza of stream.unconfirmed.splice(0)) this.hand(stanza);
  }

  give(stanza: Outgoing): void {
    this.hand({ ...stanza, number: (this.number += 1) });
  }

  private hand(stanza: Numbered): void {
    const stream = this.choose(stanza.user, stanza.contact);
    if (stream === undefined) {
      this.waiting.push(stanza);
      return;
    }
    if (stream.acknowledges) stream.unconfirmed.push(stanza);
    const number = stream.acknowledges ? `<number xmlns='${PARTITION}' epoch='${this.epoch}' n='${stanza.number}'/>` : '';
    stream.socket.write(`<${stanza.open}>${stanza.inner}${number}</${stanza.open.split(' ', 1)[0] ?? ''}>`);
  }

  private choose(user: string, contact: string): Stream | undefined {
    const pair = [user, contact].sort().join('\0');
    let [best, most]: [Stream | undefined, string] = [undefined, ''];
    for (const stream of this.streams) {
      const rank = Number(stream.ready && stream.name !== '');
      const score = `${rank}${createHash('sha1').update(`${stream.name}\0${pair}`).digest('hex')}`;
      if (score >= most) [best, most] = [stream, score];
    }
    return best;
  }
}
