import fc from 'fast-check';

import { Deadlines } from '../src/deadlines';
import { FrameReader } from '../src/frames';
import { oneLine, tagOf, writeAnswerHeaders, writeHeaders } from '../src/headers';
import { refusalOf } from '../src/incoming';
import { readSip } from '../src/sip-text';
import { NotWrittenError, WriteGate } from '../src/write-gate';

describe('headers', () => {
  it('DR-8: what the server makes itself is left out', () => {
    const given = { via: 'x', Route: 'x', 'record-route': 'x', rseq: '1', 'content-length': '5', contact: '<sip:a@b>' };
    expect(writeHeaders(given)).toEqual({ headers: { contact: '<sip:a@b>' } });
  });

  it('DR-10: an answer has what belongs to the request as the request had it, and our tag at the end of its line', () => {
    const request = { 'call-id': '1', cseq: '2 INFO', from: '<sip:b@x>;tag=b', to: '<sip:a@x>' };
    const given = { 'call-id': 'not this', from: 'not this', to: 'not this;tag=a;x=y', 'X-A': 'b' };
    expect(writeAnswerHeaders(given, request)).toEqual({ headers: { ...request, to: '<sip:a@x>;tag=a', 'x-a': 'b' } });
    expect(writeAnswerHeaders(given, { ...request, to: '<sip:a@x>;tag=old' })).toMatchObject({ headers: { to: '<sip:a@x>;tag=old' } });
    expect(writeAnswerHeaders({}, request)).toEqual({ headers: request });
  });

  it('drachtio.md section 3.2: without the request an answer has what is given for it', () => {
    expect(writeAnswerHeaders({ to: '<sip:a@x>;tag=a;x=y' }, undefined)).toEqual({ headers: { to: '<sip:a@x>;tag=a' } });
    expect(writeAnswerHeaders({ from: '<sip:b@x>', to: '<sip:a@x>' }, undefined)).toEqual({ headers: { from: '<sip:b@x>', to: '<sip:a@x>' } });
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

describe('frames', () => {
  function read(...chunks: readonly Buffer[]): string[] {
    const taken: string[] = [];
    const reader = new FrameReader((payload) => taken.push(payload));
    for (const chunk of chunks) reader.push(chunk);
    return taken;
  }
  const frame = (payload: string): Buffer => Buffer.from(`${Buffer.byteLength(payload)}#${payload}`);

  it('MIM-1: however the stream is cut, the same payloads come out, in order', () => {
    const payloads = fc.array(fc.string({ unit: fc.constantFrom('a', '#', '|', '\r\n', 'ö', '🚀', '1'), minLength: 1, maxLength: 30 }), { maxLength: 5 });
    fc.assert(
      fc.property(payloads, fc.array(fc.nat(60), { maxLength: 12 }), (sent, cuts) => {
        const stream = Buffer.concat(sent.map(frame));
        const chunks: Buffer[] = [];
        let at = 0;
        for (const cut of cuts) chunks.push(stream.subarray(at, (at += cut)));
        expect(read(...chunks, stream.subarray(at))).toEqual(sent);
      }),
    );
  });

  it.each(['#x', '0#', '-5#xyz', 'abc#xyz', '1.5#xy', '1234567890#x', '99999999#x'])('promise 7: %s is no frame', (bytes) => {
    expect(() => read(Buffer.from(bytes))).toThrow('a frame with');
  });

  it('a length without its end is waited for', () => {
    expect(read(Buffer.from('1'), Buffer.from('1'), Buffer.from('#'), Buffer.from('hello '), Buffer.from('world'))).toEqual(['hello world']);
  });
});

describe('SIP text', () => {
  const lines = (...all: readonly string[]): string => all.join('\r\n');

  it('RFC 3261 section 7.3: names of one letter, any case, repeated and folded lines, blanks', () => {
    const text = lines('MESSAGE sip:a@b SIP/2.0', 'o : presence', 'e: gzip', 'SUPPORTED:a', 'k:  b ', 'Subject: one', '\ttwo', ' three', 'X-Y:', '', 'x: no header', '', 'y');
    expect(readSip(text, 0)).toEqual({
      is: 'request',
      method: 'MESSAGE',
      uri: 'sip:a@b',
      headers: { event: 'presence', 'content-encoding': 'gzip', supported: 'a,b', subject: 'one two three', 'x-y': '' },
      body: lines('x: no header', '', 'y'),
    });
  });

  it('a response, with and without a reason', () => {
    expect(readSip(lines('SIP/2.0 200 D\u00e9j\u00e0 vu', 'To: x', '', ''), 0)).toMatchObject({ is: 'response', status: 200, reason: 'D\u00e9j\u00e0 vu' });
    expect(readSip(lines('id|sip', 'SIP/2.0 486', 'To: x'), 8)).toEqual({ is: 'response', status: 486, reason: '', headers: { to: 'x' }, body: '' });
  });

  it.each([
    ['a length that is told', 'Content-Length: 2', 'ab'],
    ['no length', 'X: y', 'abc'],
    ['a length that is more', 'Content-Length: 99', 'abc'],
    ['a length that is no number', 'Content-Length: -1', 'abc'],
  ])('the body, by %s', (_what, header, body) => {
    expect(readSip(lines('MESSAGE sip:a@b SIP/2.0', header, '', 'abc'), 0)?.body).toBe(body);
  });

  it.each(['nothing', ': x', 'a b: x', '\u2028', 'From'])('promise 7: a head with the line %j is not read', (line) => {
    expect(readSip(lines('MESSAGE sip:a@b SIP/2.0', line, 'To: x', '', ''), 0)).toBeUndefined();
  });

  it.each(['', 'MESSAGE sip:a@b', 'SIP/2.0 20', ' MESSAGE sip:a@b SIP/2.0', 'SIP/2.0 200 OK\r\n folded'])('promise 7: %j begins no message', (start) => {
    expect(readSip(lines(start, 'To: x', '', ''), 0)).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'toString'])('promise 7: a header named %s is like any other', (name) => {
    const read = readSip(lines('MESSAGE sip:a@b SIP/2.0', `${name}: x`, 'To: y', '', ''), 0);
    expect(read?.headers).toMatchObject({ to: 'y' });
    expect(JSON.stringify(read)).not.toMatch(/function|object/);
  });

  it('promise 7: whatever it is, it is read or it is not; nothing is thrown', () => {
    const piece = fc.constantFrom('SIP/2.0 200 ', 'MESSAGE sip:a@b SIP/2.0', 'OK', '\r\n', ' ', '\t', 'From: ', ':', '\u2028', '\n', '\r', 'x', '%0d%0a', '\0');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        expect(() => readSip(pieces.join(''), 0)).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });
});

describe('SIP that cannot be read', () => {
  it.each([
    ['an ACK', 'ACK sip:a@b SIP/2.0', 'network', 't'],
    ['a response', 'SIP/2.0 200 OK', 'network', 't'],
    ['what the server sent itself', 'BYE sip:a@b SIP/2.0', 'application', 't'],
    ['a request without transaction', 'BYE sip:a@b SIP/2.0', 'network', ''],
  ])('%s gets no 400', (_what, line, source, id) => {
    const fields = ['m', 'sip', source, '1', 'tcp', 'a', '1', 'time', id];
    expect(refusalOf(fields, `${line}\r\n`)).toBeUndefined();
  });
});
