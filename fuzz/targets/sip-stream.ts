import { readEssentials } from '../../packages/sipd/src/message/essentials';
import { parseMessage } from '../../packages/sipd/src/message/parse';
import { serialise } from '../../packages/sipd/src/message/serialise';
import { fillTopVia } from '../../packages/sipd/src/message/via';
import { SipStream, type StreamItem } from '../../packages/sipd/src/transport/framing';
import { must, same } from '../support/checks';
import { SIP_BYTES } from '../support/samples';
import type { Target } from '../support/target';

const MAX_HEAD = 16_384;
const MAX_BODY = 65_536;

function itemsOf(bytes: Buffer, step: number): readonly StreamItem[] {
  const stream = new SipStream(MAX_HEAD, MAX_BODY);
  const items: StreamItem[] = [];
  for (let start = 0; start < bytes.length; start += step) {
    stream.push(Buffer.from(bytes.subarray(start, start + step)));
    for (let item = stream.next(); item !== undefined; item = stream.next()) items.push(item);
    must(stream.waiting <= MAX_HEAD + MAX_BODY + step, 'more held than the limits allow', stream.waiting);
  }
  return items;
}

/** What is cut out of the stream, without the keep-alives, of which an answer or one more do no harm. */
const told = (items: readonly StreamItem[]): unknown => items.filter(({ is }) => is !== 'ping').map((item) => (item.is === 'message' ? [item.head, item.body.toString('latin1')] : item.is));

function reads(head: string, body: Buffer): void {
  const message = parseMessage(head, body);
  if (message.is === 'malformed') return;
  const written = serialise(message).toString('latin1');
  const end = written.indexOf('\r\n\r\n');
  const again = parseMessage(written.slice(0, end), body);
  must(again.is === message.is, 'what we write is read as something else', written);
  if (again.is === 'malformed') return;
  const plain = (fields: typeof message.headers): unknown => fields.fields.filter(({ key }) => key !== 'content-length').map(({ key, value }) => [key, value]);
  same(plain(message.headers), plain(again.headers), 'the header fields');
  for (const { value } of message.headers.fields) must(!/[\r\n\0]/.test(value), 'a line end in a header', value);
  if (message.is !== 'request') return;
  const essentials = readEssentials(message);
  if ('fault' in essentials) return;
  fillTopVia(message.headers, essentials.via, { address: '192.0.2.1', port: 5060 });
}

/** sipd: bytes of a connection, cut anywhere, into messages; messages into fields. */
export const sipStream: Target = {
  name: 'sip-stream',
  samples: SIP_BYTES,
  runs: 14_000,
  check: (input) => {
    const bytes = Buffer.from(input, 'latin1');
    const whole = itemsOf(bytes, Math.max(1, bytes.length));
    const step = bytes.length > 20_000 ? 4_096 : 1 + (bytes.length % 97);
    // A limit is noticed sooner in pieces; what was cut out before that is the same.
    const cut = itemsOf(bytes, step);
    if (!whole.some(({ is }) => is === 'broken')) same(told(whole), told(cut), 'a stream in pieces');
    for (const item of whole) if (item.is === 'message') reads(item.head, item.body);
  },
};
