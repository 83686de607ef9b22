import type { Dialog, RequestEffect } from '@isthmus/engine';
import { handMade, readOutcome, type FinalResult } from '../../src';

const K = { key: 'k1', trace: 't1' } as const;
const FRESH: Dialog = { callId: 'c', localTag: 'a1', localCSeq: 0, remoteCSeq: 0, stackId: 'c;from-tag=a1', server: '', owner: '' };
const UP: Dialog = { ...FRESH, remoteTag: 'b1', remoteTarget: 'sip:old@192.0.2.9', localCSeq: 4, server: 'd1', owner: 'w1/d1/1' };
const INVITE: RequestEffect = { ...K, do: 'sip.invite', dialog: FRESH, firstText: 'x' };
const SUBSCRIBE: RequestEffect = { ...K, do: 'sip.subscribe', dialog: FRESH, expiresSeconds: 3600 };
const MESSAGE: RequestEffect = { ...K, do: 'sip.message', dialog: UP, message: { text: 'x' } };
const PAGE: RequestEffect = { ...K, do: 'sip.message', message: { text: 'x' } };

type Answered = Extract<FinalResult, { is: 'answered' }>;
const answered = (status: number, headers: Answered['headers'] = {}, more: Partial<Answered> = {}): Answered => ({
  is: 'answered',
  status,
  reason: 'Because',
  headers: { to: '<sip:bob@example.com>;tag=b9;epid=7', ...headers },
  body: '',
  synthetic: false,
  sent: { cseq: '7 X' },
  server: 'd2',
  owner: 'w2/d2/5',
  ...more,
});
const read = (effect: RequestEffect, result: FinalResult) => readOutcome(effect, result, { at: 1000, dialect: 'microsoft' });

describe('the dialog after an answer (RFC 3261 section 12)', () => {
  test('a 2xx makes it: remote tag and target, CSeq as sent, server and owner', () => {
    const event = read(INVITE, answered(200, { contact: '<sip:bob@192.0.2.9;gruu>' }));
    expect(event).toEqual({
      on: 'sip.outcome',
      key: 'k1',
      trace: 't1',
      at: 1000,
      method: 'INVITE',
      result: 'answered',
      status: 200,
      dialog: { ...FRESH, remoteTag: 'b9', remoteTarget: 'sip:bob@192.0.2.9;gruu', localCSeq: 7, server: 'd2', owner: 'w2/d2/5' },
    });
  });

  test('SEC-19: it remembers the next hop that has answered; a refresh changes nothing of that', () => {
    const hop = 'sip:192.0.2.1:5060;transport=tcp';
    expect(readOutcome(INVITE, answered(200), { at: 1000, dialect: 'microsoft', hop }).dialog).toMatchObject({ hop });
    const refresh: RequestEffect = { do: 'sip.subscribe', key: 'k1', trace: 't1', dialog: { ...UP, hop }, expiresSeconds: 60 };
    expect(readOutcome(refresh, answered(200), { at: 1000, dialect: 'microsoft', hop: 'sip:192.0.2.9:5060;transport=tcp' }).dialog).toMatchObject({ hop });
  });

  test("the server's id counts where it gives one", () => {
    expect(read(INVITE, answered(200, {}, { stackId: 'x' })).dialog).toMatchObject({ stackId: 'x' });
  });

  test.each([
    ['a failure', answered(486)],
    ['a 2xx without a tag', answered(200, { to: '<sip:bob@example.com>' })],
    ['a 2xx whose To is broken', answered(200, { to: '<' })],
    ['a 2xx without To', { ...answered(200), headers: {} }],
  ])('%s makes none', (_name, result) => {
    expect(read(INVITE, result)).not.toHaveProperty('dialog');
  });

  test('in a dialog: the CSeq counts on, owner and server stay (DR-27), the target is refreshed by 2xx only', () => {
    const contact = { contact: '<sip:new@192.0.2.9>' };
    expect(read(MESSAGE, answered(200)).dialog).toEqual({ ...UP, localCSeq: 7 });
    expect(read({ ...SUBSCRIBE, dialog: UP }, answered(200, contact)).dialog).toEqual({ ...UP, localCSeq: 7, remoteTarget: 'sip:new@192.0.2.9' });
    expect(read({ ...SUBSCRIBE, dialog: UP }, answered(500, contact)).dialog).toEqual({ ...UP, localCSeq: 7 });
  });

  test('DR-36: never lower than what was used before', () => {
    expect(read(MESSAGE, answered(200, {}, { sent: {} })).dialog?.localCSeq).toBe(4);
    expect(read(MESSAGE, answered(200, {}, { sent: { cseq: '2 MESSAGE' } })).dialog?.localCSeq).toBe(4);
  });

  test('DR-9: what was made by hand stays so', () => {
    expect(read({ ...K, do: 'sip.bye', dialog: handMade(UP) }, answered(200)).dialog?.handMade).toBe(true);
  });

  test('page mode has none', () => {
    expect(read(PAGE, answered(200))).not.toHaveProperty('dialog');
  });
});

describe('how it ended', () => {
  test.each([
    ['408 of the far side', answered(408), 'answered', 408, 'remote-server-timeout'],
    ['DR-28: 408 of the server itself', answered(408, {}, { synthetic: true }), 'timeout', 408, 'remote-server-timeout'],
    ['503 of the far side', answered(503), 'answered', 503, 'internal-server-error'],
    ['DR-28: 503 of the server itself', answered(503, {}, { synthetic: true }), 'unreachable', 503, 'remote-server-timeout'],
    ['481 of the server itself', answered(481, {}, { synthetic: true }), 'answered', 481, 'item-not-found'],
    ['our own deadline', { is: 'timeout' }, 'timeout', 408, 'remote-server-timeout'],
    ['not sent', { is: 'unsent', why: 'server 10.0.0.1 down' }, 'unreachable', 503, 'remote-server-timeout'],
    ['486', answered(486), 'answered', 486, 'recipient-unavailable'],
    ['603', answered(603), 'answered', 603, 'recipient-unavailable'],
  ] as const)('%s', (_name, result, how, status, condition) => {
    expect(read(MESSAGE, result)).toMatchObject({ result: how, status, fault: { condition } });
  });

  test('promise 3: the link broke while waiting: what became of a SUBSCRIBE or NOTIFY is not known, and it is not the far side that was silent (PRES-30)', () => {
    const notify: RequestEffect = { ...K, do: 'sip.notify', dialog: UP, substate: 'active' };
    for (const effect of [SUBSCRIBE, notify]) {
      const outcome = read(effect, { is: 'timeout', linkLost: true });
      expect(outcome).toMatchObject({ result: 'lost' });
      expect(outcome).not.toHaveProperty('fault');
      expect(read(effect, { is: 'timeout' })).toMatchObject({ result: 'timeout', status: 408 });
    }
  });

  test('the link broke while waiting: a text may have arrived, so its sender is told and it is not sent again', () => {
    expect(read(MESSAGE, { is: 'timeout', linkLost: true })).toMatchObject({ result: 'timeout', fault: { condition: 'remote-server-timeout' } });
  });

  test('2xx: no fault', () => {
    expect(read(MESSAGE, answered(202))).not.toHaveProperty('fault');
  });

  test('ERR-1: the reason phrase becomes the text; the reason for not sending is for the log only', () => {
    expect(read(MESSAGE, answered(486)).fault?.text).toBe('Because');
    expect(JSON.stringify(read(MESSAGE, { is: 'unsent', why: 'server 10.0.0.1 down' }))).not.toContain('10.0.0.1');
  });

  test.each([
    [301, '<sip:bob@example.org;transport=tcp>', 'gone', 'xmpp:bob@example.org'],
    [302, '<sip:f%C3%BC@example.org>', 'redirect', 'xmpp:f%C3%BC@example.org'],
    [302, '<sip:who?x=1;a%23@example.org>', 'redirect', 'xmpp:who%3Fx%3D1%3Ba%23@example.org'],
    [302, undefined, 'redirect', undefined],
    [410, '<sip:bob@example.org>', 'gone', undefined],
  ])('RFC 7247 7.2, ERR-4: %i with Contact %s', (status, contact, condition, newAddress) => {
    const { fault } = read(MESSAGE, answered(status, contact === undefined ? {} : { contact }));
    expect(fault).toMatchObject({ condition });
    expect(fault?.newAddress).toBe(newAddress);
  });
});

describe('what else an answer says', () => {
  test.each([
    ['Expires granted', SUBSCRIBE, answered(200, { expires: '28800' }), { expiresSeconds: 28800 }],
    ['Expires of another method', MESSAGE, answered(200, { expires: '28800' }), {}],
    ['PRES-5: Min-Expires', SUBSCRIBE, answered(423, { 'min-expires': '60', expires: '7' }), { minExpiresSeconds: 60 }],
    ['Retry-After with comment', SUBSCRIBE, answered(480, { 'retry-after': '120 (in a meeting);duration=60' }), { retryAfterSeconds: 120 }],
    ['Retry-After of a 2xx', SUBSCRIBE, answered(200, { 'retry-after': '120' }), {}],
    ['nonsense', SUBSCRIBE, answered(500, { 'retry-after': 'later' }), {}],
    ['trap T2: the first text was taken', INVITE, answered(200, { supported: 'ms-sender, MS-Text-Format' }), { firstTextTaken: true }],
    ['trap T2: it was not', INVITE, answered(200, { supported: 'ms-sender' }), {}],
    ['trap T2: a failure takes nothing', INVITE, answered(488, { supported: 'ms-text-format' }), {}],
  ] as const)('%s', (_name, effect, result, expected) => {
    const { expiresSeconds, minExpiresSeconds, retryAfterSeconds, firstTextTaken } = read(effect, result);
    const found = { expiresSeconds, minExpiresSeconds, retryAfterSeconds, firstTextTaken };
    expect(Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))).toEqual(expected);
  });
});
