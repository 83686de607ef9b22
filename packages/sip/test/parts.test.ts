import fc from 'fast-check';

import { Deadlines } from '../src/deadlines';
import { type DrachtioRequest, type DrachtioResponse, Srf } from '../src/drachtio';
import { oneLine, readHeaders, tagOf, writeAnswerHeaders, writeHeaders } from '../src/headers';
import { readResponse } from '../src/messages';
import { hideMultipart, isReadable, refusalOf } from '../src/wire-guard';
import { NotWrittenError, WriteGate } from '../src/write-gate';

describe('DR-28: an answer that the server made itself', () => {
  const TO = '<sip:bob@example.com>';
  const SENT = { msg: { headers: { to: TO }, body: '', raw: '' } };
  function isOwn(status: number, to: string, source?: string, more: Record<string, string> = {}): boolean {
    const response = { status, msg: { headers: { via: 'v', from: 'f', to, 'call-id': 'c', cseq: '1 MESSAGE', ...more }, body: '', raw: '' }, ...(source !== undefined && { source_address: source }) };
    const result = readResponse(response as unknown as DrachtioResponse, SENT as unknown as DrachtioRequest, { server: 'd1', owner: 'o' });
    return result.is === 'answered' && result.synthetic;
  }

  it.each([
    ['comes from nowhere, with a To tag', 503, `${TO};tag=made`, ''],
    ['comes from nowhere, without one', 408, TO, ''],
    ['has no To tag, and the place that the request was for', 503, TO, '192.0.2.1'],
    ['has no To tag, and no place is told', 408, TO, undefined],
  ])('%s', (_what, status, to, source) => {
    expect(isOwn(status, to, source)).toBe(true);
    expect(isOwn(status, to, source, { 'retry-after': '7' })).toBe(false);
    expect(isOwn(500, to, source)).toBe(false);
  });

  it.each(['192.0.2.1', undefined])('one of a far end (%s) is no such', (source) => {
    expect(isOwn(503, `${TO};tag=far`, source)).toBe(false);
  });
});

describe('headers', () => {
  it('DR-8: what the server makes itself is left out', () => {
    const given = { via: 'x', Route: 'x', 'record-route': 'x', rseq: '1', 'content-length': '5', contact: '<sip:a@b>' };
    expect(writeHeaders(given)).toEqual({ headers: { contact: '<sip:a@b>' } });
  });

  it('PRES-27: Contact is the last: drachtio-server drops it in a dialog, and all that follows', () => {
    const written = writeHeaders({ Contact: '<sip:a@b>', Event: 'presence', 'Subscription-State': 'active' });
    expect('headers' in written && Object.keys(written.headers)).toEqual(['event', 'subscription-state', 'contact']);
  });

  it('an answer leaves out what the library copies from the request', () => {
    expect(writeAnswerHeaders({ 'call-id': '1', cseq: '1 X', from: 'x', to: 'x;tag=1' })).toEqual({ headers: { to: 'x;tag=1' } });
  });

  it('DR-11: no value has a line end, no name is anything but a token', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, value) => {
        const written = writeHeaders({ [name]: value });
        if ('bad' in written) return;
        for (const [key, text] of Object.entries(written.headers)) {
          expect(key).toMatch(/^[!-~]+$/);
          expect(key).not.toContain(':');
          expect(text).not.toMatch(/[\r\n\0]/);
        }
      }),
    );
    expect(oneLine('a\r\nb\nc\rd\0e\tf')).toBe('a b c d e\tf');
  });

  it('reading keeps every name once, in lower case', () => {
    expect(readHeaders({ Event: 'a', o: 'b', 'X-Y': 'c' })).toEqual({ event: 'a,b', 'x-y': 'c' });
  });

  it.each([
    ['<sip:a@b>;tag=1', '1'],
    ['"x;tag=no" <sip:a@b;tag=no>;x=y; TAG = yes ;z', 'yes'],
    ['<sip:a@b;tag=no>', undefined],
    ['"\\";tag=no" <sip:a@b>', undefined],
    [undefined, undefined],
  ])('the tag of %s is %s', (header, tag) => {
    expect(tagOf(header)).toBe(tag);
  });
});

describe('the write gate', () => {
  function gate(limits: 'drachtio' | 'none' = 'drachtio', maxQueuedBytes = 1_000_000): { gate: WriteGate; frames: string[] } {
    const frames: string[] = [];
    return { gate: new WriteGate({ limits, maxQueuedBytes, write: (frame) => frames.push(frame), socketBytes: () => 0 }), frames };
  }

  it('frames by bytes', () => {
    const { gate: one, frames } = gate();
    const id = one.send('ö');
    expect(frames).toEqual([`39#${id}|ö`]);
  });

  it.each([
    [11_963, 12_000],
    [11_964, undefined],
  ])('DR-16: a text of %i bytes makes a message of %s', (bytes, size) => {
    const { gate: one, frames } = gate();
    const text = 'x'.repeat(bytes);
    if (size === undefined) expect(() => one.send(text)).toThrow(NotWrittenError);
    else one.send(text);
    expect(frames.map((frame) => frame.slice(0, 5))).toEqual(size === undefined ? [] : [String(size)]);
  });

  it('DR-17: behind a message over 4,000 bytes all waits in order for its reply, and for no other', () => {
    const { gate: one, frames } = gate();
    const bodies = (): string[] => frames.map((frame) => frame.slice(-1));
    one.send('x'.repeat(3_962).concat('a')); // 4,000 with its id
    one.send('b');
    const large = one.send('x'.repeat(3_963).concat('c'));
    one.send('d');
    one.send('x'.repeat(4_000).concat('e'));
    one.send('f');
    expect(bodies()).toEqual(['a', 'b', 'c']);
    one.replied('another');
    expect(bodies()).toEqual(['a', 'b', 'c']);
    one.replied(large);
    expect(bodies()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('promise 6: what waits is bounded, and room comes back', () => {
    const { gate: one, frames } = gate('drachtio', 10_000);
    const large = one.send('x'.repeat(5_000));
    one.send('x'.repeat(5_900));
    expect(() => one.send('x'.repeat(5_000))).toThrow('wait for the SIP server');
    one.replied(large);
    expect(frames).toHaveLength(2);
  });
});

describe('deadlines', () => {
  it('each calls once, not early, unless it was taken back', async () => {
    const deadlines = new Deadlines();
    const called: string[] = [];
    const begun = performance.now();
    let early = false;
    const cancel = deadlines.set(60, () => called.push('cancelled'));
    for (const ms of [120, 0, 60]) {
      deadlines.set(ms, () => {
        early ||= performance.now() - begun < ms;
        called.push(String(ms));
      });
    }
    cancel();
    cancel();
    await new Promise<void>((resolve) => void deadlines.set(200, resolve));
    expect(called).toEqual(['0', '60', '120']);
    expect(early).toBe(false);
  });

  it('one that sets another, and one that throws nothing away, work after a rest', async () => {
    const deadlines = new Deadlines();
    for (let round = 0; round < 3; round += 1) await new Promise<void>((resolve) => void deadlines.set(10, resolve));
    await new Promise<void>((resolve) => void deadlines.set(1, () => void deadlines.set(1, resolve)));
  });
});

describe('the guard before the library', () => {
  it.each([
    ['MESSAGE sip:a@b SIP/2.0\r\nFrom: x\r\nA : b\r\n\tfold\r\n\r\nno header here', true],
    ['SIP/2.0 200 OK\r\nFrom: x\r\n\r\n', true],
    ['SIP/2.0 200 \r\nFrom: x', true],
    ['MESSAGE sip:a@b SIP/2.0\r\nnothing\r\n\r\n', false],
    ['MESSAGE sip:a@b\r\nFrom: x\r\n\r\n', false],
    ['\r\nFrom: x\r\n\r\n', false],
    ['SIP/2.0 200 O\u2028K\r\nFrom: x\r\n\r\n', false],
    ['SIP/2.0 200 OK\r\n folded\r\nFrom: x\r\n\r\n', false],
    ['SIP/2.0 200 D\u00e9j\u00e0 vu\r\nFrom: x\r\n\ty\r\n\r\n', true],
    // RFC 4475 section 3.1.1.5: the library would take the first for a BYE, and the second for a second From
    ['B%59E sip:a@b SIP/2.0\r\nFrom: x\r\n\r\n', false],
    ['MESSAGE sip:a@b SIP/2.0\r\nFr%6Fm: x\r\n\r\n', false],
    ['%u0042YE sip:a@b SIP/2.0\r\nFrom: x\r\n\r\n', false],
    ['MESSAGE sip:a%40b@c SIP/2.0\r\nFrom: x%20y\r\n fold%20\r\nX-100%: z\r\n\r\n', true],
  ])('%j is readable: %s', (sip, readable) => {
    expect(isReadable(`id|sip|network\r\n${sip}`)).toBe(readable);
  });

  it('SEC-15: what is readable, the library reads: it would print the rest, body included', () => {
    const piece = fc.constantFrom('SIP/2.0 200 ', 'MESSAGE sip:a@b SIP/2.0', 'OK', '\r\n', ' ', '\t', 'From: ', ':', '\u2028', '\u2029', '\u0085', '\n', '\r', 'x', '%0d%0a', '\0');
    const head = fc.tuple(fc.constantFrom('SIP/2.0 200 O', 'MESSAGE sip:a@b SIP/2.0'), fc.array(piece, { maxLength: 8 }));
    fc.assert(
      fc.property(head, ([start, pieces]) => {
        const sip = `${start}${pieces.join('')}\r\nTo: y\r\n\r\nthe body`;
        fc.pre(isReadable(`id|sip|network\r\n${sip}`));
        expect(() => Reflect.construct(Srf.SipMessage, [sip])).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['an ACK', 'ACK sip:a@b SIP/2.0', 'network', 't'],
    ['a response', 'SIP/2.0 200 OK', 'network', 't'],
    ['what the server sent itself', 'BYE sip:a@b SIP/2.0', 'application', 't'],
    ['a request without transaction', 'BYE sip:a@b SIP/2.0', 'network', ''],
  ])('%s gets no 400', (_what, line, source, id) => {
    const fields = ['m', 'sip', source, '1', 'tcp', 'a', '1', 'time', id];
    expect(refusalOf(`${fields.join('|')}\r\n${line}\r\n`, fields)).toBeUndefined();
  });

  it('hides multipart in the head and leaves the body as it is', () => {
    const head = 'id|sip\r\nMESSAGE x SIP/2.0\r\nContent-Type: multipart/mixed';
    expect(hideMultipart(`${head}\r\n\r\nmultipart/x`)).toBe(`${head.replace('multipart', 'Multipart')}\r\n\r\nmultipart/x`);
  });
});
