/** Seeded fuzz tests of the framing and the parser: nothing throws, nothing hangs, nothing is lost by cutting. */
import fc from 'fast-check';
import { FrameReader, writeFrame } from '../src/control/frame';
import { readFrame } from '../src/control/sip-text';
import { parseNameAddr, parseSipUri, splitList, tagOf } from '../src/message/address';
import { readEssentials } from '../src/message/essentials';
import { parseMessage } from '../src/message/parse';
import { serialise } from '../src/message/serialise';
import { fillTopVia, parseVia } from '../src/message/via';
import { SipStream, type StreamItem } from '../src/transport/framing';
import { requestText, token } from './support/sip-text';
import { answer, App } from './support/app';
import { TcpPeer, UdpPeer } from './support/peer';
import { describeSipd, startSipd } from './support/target';

const SEED = { seed: 3261, numRuns: 300 };

const body = fc.oneof(fc.constant(''), fc.string({ unit: 'binary', maxLength: 200 }), fc.constant('\r\n\r\nINVITE x SIP/2.0\r\n\r\n'));
const sipMessage = fc
  .record({ method: fc.constantFrom('INVITE', 'MESSAGE', 'NOTIFY'), body, subject: fc.string({ maxLength: 40 }) })
  .map(({ method, body: text, subject }) =>
    requestText({ method, body: text, headers: [`Subject: ${subject.replace(/[\r\n\0]/g, '')}`] }, 'SIP/2.0/TCP h;branch=z9hG4bK1'),
  );
const cuts = fc.array(fc.nat(3000), { maxLength: 30 });

/** Cuts bytes at the given places. */
function pieces(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...sorted, bytes.length].map((end, index) => Buffer.from(bytes.subarray(sorted[index - 1] ?? 0, end)));
}

function drain(stream: SipStream): StreamItem[] {
  const items: StreamItem[] = [];
  for (let item = stream.next(); item !== undefined; item = stream.next()) items.push(item);
  return items;
}

const mutation = fc.record({ at: fc.nat(2000), what: fc.uint8Array({ maxLength: 6 }), drop: fc.nat(8) });

function mutate(bytes: Buffer, changes: readonly { at: number; what: Uint8Array; drop: number }[]): Buffer {
  let result = bytes;
  for (const { at, what, drop } of changes) {
    const place = at % (result.length + 1);
    result = Buffer.concat([result.subarray(0, place), what, result.subarray(place + drop)]);
  }
  return result;
}

describe('framing', () => {
  test('any cutting of a stream gives the same messages', () => {
    fc.assert(
      fc.property(fc.array(sipMessage, { minLength: 1, maxLength: 5 }), cuts, (messages, places) => {
        const whole = new SipStream(65_536, 65_536);
        whole.push(Buffer.concat(messages));
        const expected = drain(whole);
        expect(expected).toHaveLength(messages.length);
        const cut = new SipStream(65_536, 65_536);
        const seen = pieces(Buffer.concat(messages), places).flatMap((piece) => {
          cut.push(piece);
          return drain(cut);
        });
        expect(seen).toEqual(expected);
      }),
      SEED,
    );
  });

  test('what is framed and parsed is serialised to the same bytes', () => {
    fc.assert(
      fc.property(sipMessage, (bytes) => {
        const stream = new SipStream(65_536, 65_536);
        stream.push(bytes);
        const [item] = drain(stream);
        if (item?.is !== 'message') throw new Error('no message');
        const message = parseMessage(item.head, item.body);
        if (message.is === 'malformed') throw new Error(message.reason);
        const trimmed = bytes.toString('latin1').replace(/^(Subject:) *(.*?)\s*\r\n/m, (_all, name: string, text: string) => `${name} ${text.trim()}\r\n`);
        expect(serialise(message).toString('latin1')).toBe(trimmed);
      }),
      SEED,
    );
  });

  test('mutated streams never throw, and never keep more than the limits allow', () => {
    fc.assert(
      fc.property(fc.array(sipMessage, { minLength: 1, maxLength: 4 }), fc.array(mutation, { maxLength: 8 }), cuts, (messages, changes, places) => {
        const stream = new SipStream(2048, 4096);
        for (const piece of pieces(mutate(Buffer.concat(messages), changes), places)) {
          stream.push(piece);
          for (const item of drain(stream)) {
            if (item.is !== 'message') continue;
            expect(item.head.length).toBeLessThanOrEqual(2048);
            const message = parseMessage(item.head, item.body);
            if (message.is !== 'request') continue;
            const essentials = readEssentials(message);
            if ('fault' in essentials) continue;
            fillTopVia(message.headers, essentials.via, { address: '192.0.2.1', port: 5060 });
          }
        }
      }),
      SEED,
    );
  });

  test('one byte at a time costs linear time: 1 MB in small pieces', () => {
    const bytes = requestText({ method: 'MESSAGE', body: 'x'.repeat(1_000_000) }, 'SIP/2.0/TCP h;branch=z9hG4bK1');
    const stream = new SipStream(65_536, 2_000_000);
    let found = 0;
    for (let index = 0; index < bytes.length; index += 10) {
      stream.push(Buffer.from(bytes.subarray(index, index + 10)));
      found += drain(stream).length;
    }
    expect(found).toBe(1);
  });

  test('frames: any cutting gives the same payloads; mutated ones give payloads or a FrameError', () => {
    const frames = fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(frames, cuts, fc.array(mutation, { maxLength: 4 }), (payloads, places, changes) => {
        const bytes = Buffer.concat(payloads.map((payload) => writeFrame(Buffer.from(payload).toString('latin1'))));
        const reader = new FrameReader(1000);
        const seen: string[] = [];
        for (const piece of pieces(bytes, places)) {
          reader.push(piece);
          for (let next = reader.next(); next !== undefined; next = reader.next()) seen.push(next.toString());
        }
        expect(seen).toEqual(payloads);
        const broken = new FrameReader(1000);
        broken.push(mutate(bytes, changes));
        try {
          for (let next = broken.next(); next !== undefined; next = broken.next()) readFrame(next);
        } catch (error) {
          expect((error as Error).name).toBe('FrameError');
        }
      }),
      SEED,
    );
  });
});

describe('parsing', () => {
  test('arbitrary text never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        parseMessage(text, Buffer.alloc(0));
        parseVia(text);
        parseSipUri(text);
        const address = parseNameAddr(text);
        if (address !== undefined) tagOf(address);
        expect(splitList(text).length).toBeGreaterThan(0);
      }),
      SEED,
    );
  });

  test('values made to be expensive are read in a moment', () => {
    const nasty = ['"\\"'.repeat(1300), `;${' '.repeat(4000)}`, `${'<'.repeat(4000)}`, `sip:a${';x'.repeat(2000)}`, `${'"'.repeat(4001)}`, `${';received='.repeat(400)}`];
    const before = process.cpuUsage();
    for (const text of nasty) {
      for (const value of [text, `<sip:a@b>${text}`, `SIP/2.0/TCP h${text}`]) {
        const address = parseNameAddr(value);
        if (address !== undefined) tagOf(address);
        parseVia(value);
        parseSipUri(value);
        splitList(value);
      }
    }
    const { user, system } = process.cpuUsage(before); // microseconds: what other programs take does not count
    expect(user + system).toBeLessThan(2_000_000);
  });
});

describeSipd('a whole server under mutated traffic: seeded, and too rude for a real one', () => {
  test('it answers afterwards and has logged no failure', async () => {
    const server = await startSipd();
    const app = await App.connect(server);
    const udp = await UdpPeer.open(server.sip.udp);
    const samples = fc.sample(fc.tuple(sipMessage, fc.array(mutation, { minLength: 1, maxLength: 5 })), { seed: 3261, numRuns: 200 });
    for (const [message, changes] of samples) {
      const bytes = mutate(message, changes);
      udp.write(bytes);
      const tcp = await TcpPeer.connect(server.sip.tcp);
      tcp.socket.end(bytes);
    }
    const peer = await TcpPeer.connect(server.sip.tcp);
    const ping = peer.request({ method: 'OPTIONS', callId: token() });
    await answer(await app.gets('OPTIONS'), 200);
    await peer.answerTo(ping);
    expect(server.errors).toEqual([]);
    peer.close();
    udp.close();
    app.close();
    await server.close();
  });
});
