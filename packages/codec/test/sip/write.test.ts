import fc from 'fast-check';
import type { Dialog, RequestEffect } from '@isthmus/engine';
import type { Jid, Presence, SipUri } from '@isthmus/model';
import { handMade, headerValue, methodOf, partiesOf, readJid, readPresenceDocument, refuseRequest, writeAnswer, writeRequest, type SipParties } from '../../src';
import { PARTIES, WRITE } from '../support/contexts';
import { requestIn } from '../support/sip-text';

const K = { key: 'k1', trace: 't1' } as const;
const UP: Dialog = {
  callId: 'call-1',
  localTag: 'a1',
  remoteTag: 'b1',
  remoteTarget: 'sip:bob@192.0.2.9',
  localCSeq: 4,
  remoteCSeq: 2,
  stackId: 'call-1;from-tag=b1',
  server: 'd1',
  owner: 'w1/d1/1',
};
const jid = (text: string): Jid => {
  const read = readJid(text);
  if (!read.ok) throw new Error(text);
  return read.value;
};

/** All text of a message that ends up in its start line or headers. */
const lines = (out: ReturnType<typeof writeRequest>) => [out.method, out.uri, out.proxy ?? '', out.stackId ?? '', ...Object.values(out.headers)];

test('RFC 6665 8.2.1: NOTIFY repeats the id of the SUBSCRIBE', () => {
  const notify: RequestEffect = { ...K, do: 'sip.notify', dialog: UP, substate: 'pending' };
  expect(writeRequest({ ...notify, eventId: '7' }, PARTIES, WRITE).headers['Event']).toBe('presence;id=7');
  expect(writeRequest(notify, PARTIES, WRITE).headers['Event']).toBe('presence');
});

describe('SEC-9, DR-11: nothing can add a header', () => {
  const EVIL = 'hi\r\nRoute: <sip:evil>\n\u0000|x';

  test('Z01: a subject with a line end stays one header line', () => {
    const out = writeRequest({ ...K, do: 'sip.message', callId: 'c', message: { text: 'x', subject: 'hi\r\nRoute: <sip:evil>' } }, PARTIES, WRITE);
    expect(out.headers['Subject']).toBe('hi Route: <sip:evil>');
    expect(Object.keys(out.headers)).not.toContain('Route');
  });

  test('IM-3, Z02: the thread of a message goes nowhere near a header', () => {
    for (const thread of ['a "b" <c>\r\nRoute: x', 't'.repeat(5000)]) {
      const out = writeRequest({ ...K, do: 'sip.message', callId: 'c', message: { text: 'x', thread } }, PARTIES, WRITE);
      expect(lines(out).join('\n')).not.toContain(thread.slice(0, 5));
      expect(out.headers['Call-ID']).toBe('c');
    }
  });

  test('a language that is no tag is left out', () => {
    const out = writeRequest({ ...K, do: 'sip.message', message: { text: 'x', language: 'en\r\nX: y' } }, PARTIES, WRITE);
    expect(out.headers).not.toHaveProperty('Content-Language');
  });

  test('ADDR-7: a resource with parameter characters never shows in From', () => {
    const parties = partiesOf(jid('juliet@example.com/a;lr?b=c>d"e'), jid('bob@example.com'));
    expect(parties).toEqual({ ok: true, value: { user: 'sip:juliet@example.com', contact: 'sip:bob@example.com' } });
  });

  test.each<RequestEffect>([
    { ...K, do: 'sip.message', callId: EVIL, message: { text: EVIL, subject: EVIL, language: EVIL } },
    { ...K, do: 'sip.message', dialog: { ...UP, stackId: EVIL, server: EVIL }, message: { text: EVIL } },
    { ...K, do: 'sip.bye', dialog: handMade({ ...UP, callId: EVIL, remoteTag: EVIL, localTag: EVIL, remoteTarget: EVIL }) },
    { ...K, do: 'sip.notify', dialog: UP, substate: 'terminated', reason: EVIL },
    { ...K, do: 'sip.invite', dialog: { ...UP, callId: EVIL }, firstText: EVIL },
  ])('$do with evil values', (effect) => {
    const out = writeRequest(effect, { user: EVIL as SipUri, contact: EVIL as SipUri }, { ...WRITE, proxy: EVIL, contactUri: EVIL });
    // eslint-disable-next-line no-control-regex
    for (const line of lines(out)) expect(line).not.toMatch(/[\u0000\r\n]/);
    for (const piece of [out.uri, out.proxy ?? '', out.stackId ?? '']) expect(piece).not.toMatch(/\s/);
    expect(out.proxy ?? '').not.toContain('|');
    expect(out.stackId ?? '').not.toContain('|');
  });

  test('answers too', () => {
    const transaction = { server: 'd1', id: 'x' };
    const out = writeAnswer({ ...K, do: 'sip.answer', transaction, method: 'INVITE', status: 200, reason: EVIL, localTag: EVIL }, PARTIES, WRITE);
    // eslint-disable-next-line no-control-regex
    for (const line of [out.reason ?? '', ...Object.values(out.headers)]) expect(line).not.toMatch(/[\u0000\r\n]/);
  });

  test('law: for any text of the user', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, subject) => {
        const out = writeRequest({ ...K, do: 'sip.message', callId: 'c', message: { text, subject } }, PARTIES, WRITE);
        // eslint-disable-next-line no-control-regex
        for (const line of lines(out)) expect(line).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f]/);
        expect(Object.keys(out.headers).filter((name) => name !== 'Subject')).toEqual(['From', 'To', 'Call-ID', 'CSeq', 'Content-Type']);
      }),
    );
  });

  test('a header of 10,000 characters is cut (DR-18)', () => {
    expect(headerValue('x'.repeat(10_000))).toHaveLength(8000);
  });
});

describe('where a request goes', () => {
  test('SEC-19: by hand the next hop is the one that took the dialog, whatever the contact is led to now', () => {
    const proxy = 'sip:192.0.2.1:5060;transport=tcp';
    const hop = 'sip:192.0.2.2:5060;transport=tcp';
    const write = (dialog: Dialog) => writeRequest({ ...K, do: 'sip.bye', dialog: handMade(dialog) }, PARTIES, { ...WRITE, proxy }).proxy;
    expect(write({ ...UP, hop })).toBe(hop);
    expect(write(UP)).toBe(proxy);
  });

  test('DR-9: by id until the server has lost the dialog, by hand from then on', () => {
    const effect = { ...K, do: 'sip.bye' } as const;
    expect(writeRequest({ ...effect, dialog: UP }, PARTIES, WRITE)).toMatchObject({ uri: 'sip:placeholder', stackId: UP.stackId, server: 'd1' });
    const out = writeRequest({ ...effect, dialog: handMade(UP) }, PARTIES, WRITE);
    expect(out).not.toHaveProperty('stackId');
    expect(out).not.toHaveProperty('server');
    expect(out).toMatchObject({ uri: 'sip:bob@192.0.2.9', proxy: WRITE.proxy });
  });

  test('DR-36: a number that exceeds all the server has used', () => {
    expect(writeRequest({ ...K, do: 'sip.bye', dialog: handMade(UP) }, PARTIES, WRITE).headers['CSeq']).toBe('5 BYE');
  });

  test('without a proxy none is named', () => {
    const { proxy: _proxy, ...rest } = WRITE;
    expect(writeRequest({ ...K, do: 'sip.message', message: { text: 'x' } }, PARTIES, rest)).not.toHaveProperty('proxy');
  });

  test('DR-10: the tag is the last of its line', () => {
    const out = writeRequest({ ...K, do: 'sip.bye', dialog: handMade(UP) }, PARTIES, WRITE);
    expect(out.headers['From']).toMatch(/;tag=a1$/);
    expect(out.headers['To']).toMatch(/;tag=b1$/);
  });

  test('IM-7: no Contact in MESSAGE', () => {
    for (const dialog of [UP, handMade(UP)]) {
      const out = writeRequest({ ...K, do: 'sip.message', dialog, message: { text: 'x' } }, PARTIES, WRITE);
      expect(out.headers).not.toHaveProperty('Contact');
    }
  });

  test('DR-8: Via, Route, Record-Route are never set', () => {
    const out = writeRequest({ ...K, do: 'sip.subscribe', dialog: handMade(UP), expiresSeconds: 0 }, PARTIES, WRITE);
    expect(Object.keys(out.headers).join()).not.toMatch(/via|route/i);
  });
});

describe('what a request carries', () => {
  test('trap T2, DR-20: nothing is advertised that we would not do', () => {
    const effects: readonly RequestEffect[] = [
      { ...K, do: 'sip.invite', dialog: UP, firstText: 'x' },
      { ...K, do: 'sip.subscribe', dialog: UP, expiresSeconds: 60 },
      { ...K, do: 'sip.notify', dialog: UP, substate: 'active', expiresSeconds: 60 },
    ];
    for (const effect of effects) {
      const out = writeRequest(effect, PARTIES, WRITE);
      expect(out.headers).not.toHaveProperty('Supported');
      expect(out.headers).not.toHaveProperty('Require');
    }
  });

  test('microsoft-dialect 2.3: every session has its own Ms-Conversation-ID', () => {
    const ids = ['call-1', 'call-2'].map(
      (callId) => writeRequest({ ...K, do: 'sip.invite', dialog: { ...UP, callId } }, PARTIES, WRITE).headers['Ms-Conversation-ID'],
    );
    expect(new Set(ids).size).toBe(2);
  });

  test.each([
    ['none', undefined],
    ['an empty one', ''],
    ['one too long for a header (DR-18)', 'x'.repeat(3001)],
  ])('first text: %s: no ms-text-format', (_name, firstText) => {
    const effect = { ...K, do: 'sip.invite', dialog: UP, ...(firstText !== undefined && { firstText }) } as const;
    expect(writeRequest(effect, PARTIES, WRITE).headers).not.toHaveProperty('ms-text-format');
  });

  test('a subject is cut, and not in the middle of a character', () => {
    const out = writeRequest({ ...K, do: 'sip.message', message: { text: 'x', subject: `${'s'.repeat(249)}😀` } }, PARTIES, WRITE);
    expect(out.headers['Subject']).toBe('s'.repeat(249));
  });

  test('emoticons: emoji become codes where the setting says so, in the first text too', () => {
    const sent = { ...K, do: 'sip.message', message: { text: 'ok 🙂' } } as const;
    expect(writeRequest(sent, PARTIES, WRITE).body).toBe('ok 🙂');
    expect(writeRequest(sent, PARTIES, { ...WRITE, emoticons: 'unchanged' }).body).toBe('ok 🙂');
    expect(writeRequest(sent, PARTIES, { ...WRITE, emoticons: 'emoji' }).body).toBe('ok :)');
    const invite = writeRequest({ ...K, do: 'sip.invite', dialog: UP, firstText: '👍' }, PARTIES, { ...WRITE, emoticons: 'emoji' });
    expect(invite.headers['ms-text-format']).toContain(Buffer.from('(Y)').toString('base64'));
  });

  test('IM-10: a text that was held back tells in Date when it was written', () => {
    const out = (sent?: string) => writeRequest({ ...K, do: 'sip.message', message: { text: 'x', ...(sent !== undefined && { sent }) } }, PARTIES, WRITE);
    expect(out('2026-11-22T09:00:00Z').headers['Date']).toBe('Sun, 22 Nov 2026 09:00:00 GMT');
    expect(out().headers).not.toHaveProperty('Date');
  });

  test('typing: INFO in a Microsoft dialog, else MESSAGE (microsoft-dialect 2.5)', () => {
    const typing = { ...K, do: 'sip.typing', composing: true } as const;
    expect(methodOf({ ...typing, dialog: UP }, 'microsoft')).toBe('INFO');
    expect(methodOf({ ...typing, dialog: UP }, 'simple')).toBe('MESSAGE');
    expect(methodOf(typing, 'microsoft')).toBe('MESSAGE');
  });

  const notify = (dialect: 'microsoft' | 'simple', format?: string) =>
    writeRequest(
      { ...K, do: 'sip.notify', dialog: UP, substate: 'active', expiresSeconds: 60, presence: { setting: 'busy' }, ...(format !== undefined && { format }) },
      PARTIES,
      { ...WRITE, dialect },
    );

  test('PRES-40, trap T6: PIDF as the RFCs have it, or as Microsoft has it', () => {
    expect(notify('simple').body).toContain('urn:ietf:params:xml:ns:pidf:rpid"');
    expect(notify('microsoft').body).toContain('urn:ietf:params:xml:ns:pidf:status:rpid-status');
    for (const dialect of ['simple', 'microsoft'] as const) {
      expect(notify(dialect).headers['Content-Type']).toBe('application/pidf+xml');
      expect(notify(dialect).body).toMatch(/^<\?xml [^>]*encoding="UTF-8"\?>[\s\S]*entity="sip:ann@example.com"/);
    }
  });

  test("trap T7: Microsoft's own document where the watcher asked for it", () => {
    expect(notify('microsoft', 'text/xml+msrtc.pidf')).toMatchObject({
      headers: { 'Content-Type': 'text/xml+msrtc.pidf' },
      body: expect.stringContaining('uri="ann@example.com"') as string,
    });
  });
});

test.each([
  ['msrtc', 'text/xml+msrtc.pidf, application/pidf+xml'],
  ['pidf', 'application/pidf+xml'],
] as const)('PRES-1, microsoft-dialect 1.3: with presence: %s the Accept is %s, and the same in a refresh and at the end', (presence, accept) => {
  const subscribe = (expiresSeconds: number, dialog: Dialog) =>
    writeRequest({ ...K, do: 'sip.subscribe', dialog, expiresSeconds }, PARTIES, { ...WRITE, dialect: 'microsoft', presence }).headers['Accept'];
  const { remoteTag: _, ...fresh } = UP;
  expect([subscribe(3600, fresh), subscribe(3600, UP), subscribe(0, UP)]).toEqual([accept, accept, accept]);
});

describe('what a Microsoft client is shown', () => {
  const told = (presence: Presence, format: string, tables = {}) => {
    const effect: RequestEffect = { ...K, do: 'sip.notify', dialog: UP, substate: 'active', presence, format };
    const { headers, body } = writeRequest(effect, PARTIES, { ...WRITE, dialect: 'microsoft', tables });
    const read = readPresenceDocument(headers['Content-Type'] ?? '', body ?? '');
    return read.ok ? read.value : read.fault;
  };
  const PIDF = 'application/pidf+xml';
  const MSRTC = 'text/xml+msrtc.pidf';

  test('Tables 1-6 to 1-8: PIDF has four states, by the family of the client that spoke', () => {
    const tables = { toMicrosoft: { jabber: { meeting: 'away' }, cupc: { meeting: 'offline' } } } as const;
    expect(told({ setting: 'do-not-disturb' }, PIDF)).toEqual({ setting: 'busy' });
    expect(told({ setting: 'meeting', family: 'jabber' }, PIDF, tables)).toEqual({ setting: 'away' });
    expect(told({ setting: 'meeting', family: 'cupc' }, PIDF, tables)).toEqual({ setting: 'offline' });
    expect(told({ setting: 'meeting' }, PIDF, tables)).toEqual({ setting: 'busy' });
  });

  test("a document with more words keeps the setting, but for the deployment's own rows", () => {
    const tables = { toMicrosoft: { 'third-party': { 'do-not-disturb': 'busy' } } } as const;
    expect(told({ setting: 'do-not-disturb', note: 'Writing' }, MSRTC)).toEqual({ setting: 'do-not-disturb', note: 'Writing' });
    expect(told({ setting: 'be-right-back' }, MSRTC)).toEqual({ setting: 'be-right-back' });
    expect(told({ setting: 'do-not-disturb' }, MSRTC, tables)).toEqual({ setting: 'busy' });
    expect(told({ setting: 'do-not-disturb', family: 'jabber' }, MSRTC, tables)).toEqual({ setting: 'do-not-disturb' });
  });
});

test('what the effect does not say is not made up: no expires, no Expires', () => {
  const notify = writeRequest({ ...K, do: 'sip.notify', dialog: UP, substate: 'active' }, PARTIES, WRITE);
  expect(notify.headers['Subscription-State']).toBe('active');
  const transaction = { server: 'd1', id: 'x' };
  const answer = writeAnswer({ ...K, do: 'sip.answer', transaction, method: 'SUBSCRIBE', status: 200 }, PARTIES, WRITE);
  expect(answer.headers).not.toHaveProperty('Expires');
});

describe('parties', () => {
  const known = 'sip:Bob@Example.com' as SipUri;

  test('ADDR-10: the URI of the SIP user as he writes it, where he has been seen', () => {
    expect(partiesOf(jid('ann@example.com/x'), jid('bob@example.com'), known)).toMatchObject({ value: { contact: known } });
  });

  test.each([
    ['user', 'example.com', 'bob@example.com'],
    ['contact', 'ann@example.com', 'example.com'],
  ])('a %s without a localpart is no SIP address', (_name, user, contact) => {
    expect(partiesOf(jid(user), jid(contact))).toMatchObject({ ok: false, fault: { condition: 'jid-malformed' } });
  });
});

test.each([
  ['message', 'lcs'],
  ['x-ms-message', 'lync'],
] as const)('RFC 3264 section 6: an offer of m=%s is answered by the same, whatever the route says (%s)', (media, variant) => {
  const answer = { ...K, do: 'sip.answer', transaction: { server: 'd1', id: 't' }, method: 'INVITE', status: 200, localTag: 'a', session: true } as const;
  expect(writeAnswer({ ...answer, media }, PARTIES, { ...WRITE, variant }).body).toContain(`\r\nm=${media} `);
  expect(writeAnswer(answer, PARTIES, { ...WRITE, variant }).body).not.toContain(`\r\nm=${media} `);
});

test('observed A1: a SUBSCRIBE is never answered 202 by us, and a failure has no Contact', () => {
  const transaction = { server: 'd1', id: 'x' };
  const answer = (status: number, parties: SipParties = PARTIES) =>
    writeAnswer({ ...K, do: 'sip.answer', transaction, method: 'SUBSCRIBE', status, expiresSeconds: 60 }, parties, WRITE);
  expect(answer(200)).toMatchObject({ status: 200, headers: { Expires: '60', Event: 'presence' } });
  expect(answer(403).headers).toEqual({});
});

test('ERR-1: a refusal says in its reason phrase what is wrong', () => {
  const reading = refuseRequest(requestIn('X sip:a@b SIP/2.0\n\n'), { type: 'cancel', condition: 'gone', sip: 410, blame: 'peer' });
  expect(reading).toEqual({
    is: 'refuse',
    answer: { transaction: { server: 'd1', id: 'txn-1' }, status: 410, headers: {} },
    fault: { type: 'cancel', condition: 'gone', sip: 410, blame: 'peer' },
  });
});
