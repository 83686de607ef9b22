import type { RequestEffect } from '@isthmus/engine';
import { readDiagnostics, readOutcome, readRequest, writeRequest, type FinalResult } from '../../src';
import { PARTIES, READ, WRITE } from '../support/contexts';
import { requestIn } from '../support/sip-text';

const WISH = 'NS: imdn <urn:ietf:params:imdn>\nimdn.Message-ID: his-1\nimdn.Disposition-Notification: positive-delivery\n';
const REPORT = '<imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>our-1</message-id><delivery-notification><status><delivered/></status></delivery-notification></imdn>';
const cpim = (content: string, body: string, headers = WISH) => `${headers}\n${content}\n\n${body}`;

function reads(contentType: string, body: string) {
  const head = 'MESSAGE sip:ann@example.com SIP/2.0\nFrom: <sip:bob@example.com>;tag=b\nTo: <sip:ann@example.com>\nCall-ID: c\nCSeq: 1 MESSAGE\n';
  const reading = readRequest({ ...requestIn(head), headers: { ...requestIn(head).headers, 'content-type': contentType }, body }, READ);
  return reading.is === 'event' ? reading.event : reading;
}

describe('RFC 5438: MESSAGE in CPIM format', () => {
  test('its text is carried, and the wish for a report with it', () => {
    expect(reads('message/cpim', cpim('Content-Type: text/plain; charset=UTF-8', 'Grüße'))).toMatchObject({ on: 'sip.message', message: { text: 'Grüße' }, report: { messageId: 'his-1' } });
  });

  test('without a wish none is carried; the content may say nothing of its type', () => {
    const event = reads('message/cpim', cpim('Content-Language: en', 'hello', 'From: <sip:bob@example.com>\n'));
    expect(event).toMatchObject({ on: 'sip.message', message: { text: 'hello' } });
    expect(event).not.toHaveProperty('report');
  });

  test('a report, in CPIM format or bare', () => {
    const expected = { on: 'sip.report', messageId: 'our-1', delivered: true };
    expect(reads('message/cpim', cpim('Content-Type: message/imdn+xml', REPORT))).toMatchObject(expected);
    expect(reads('message/imdn+xml', REPORT)).toMatchObject(expected);
  });

  test('a report of what was read is answered 200 and told to nobody', () => {
    expect(reads('message/imdn+xml', REPORT.replaceAll('delivery', 'display'))).toMatchObject({ is: 'answer', answer: { status: 200 } });
  });

  test.each([
    ['no CPIM', 'hello', 400],
    ['an encoding that is not read', cpim('Content-Type: text/plain\nContent-Transfer-Encoding: base64', 'eA=='), 415],
    ['a content that is not carried', cpim('Content-Type: image/gif', 'x'), 415],
    ['a content without a readable type', cpim('Content-Type: ;', 'x'), 400],
  ])('IM-4: %s is refused', (_what, body, status) => {
    expect(reads('message/cpim', body)).toMatchObject({ on: 'sip.refused', fault: { sip: status } });
  });
});

describe('IM-10 a text that has expired on its way (RFC 3428 section 7)', () => {
  const AT = Date.UTC(2026, 0, 5, 12, 0, 0);
  const sent = (secondsAgo: number) => new Date(AT - secondsAgo * 1000).toUTCString();

  function status(headers: Readonly<Record<string, string>>): number | string {
    const head = 'MESSAGE sip:ann@example.com SIP/2.0\nFrom: <sip:bob@example.com>;tag=b\nTo: <sip:ann@example.com>\nCall-ID: c\nCSeq: 1 MESSAGE\n';
    const given = requestIn(head);
    const reading = readRequest({ ...given, headers: { ...given.headers, 'content-type': 'text/plain', ...headers }, body: 'x' }, { ...READ, at: AT });
    if (reading.is !== 'event') return reading.is;
    return reading.event.on === 'sip.refused' ? reading.event.fault.sip : reading.event.on;
  }

  test.each([
    ['M08: it was valid for 10 s, a minute ago', { expires: '10', date: sent(60) }, 480],
    ['it is still valid', { expires: '61', date: sent(60) }, 'sip.message'],
    ['without Date it counts from now', { expires: '10' }, 'sip.message'],
    ['without Expires nothing expires', { date: sent(3600) }, 'sip.message'],
    ['what is no number says nothing', { expires: 'soon', date: sent(60) }, 'sip.message'],
  ])('%s', (_what, headers, expected) => {
    expect(status(headers)).toBe(expected);
  });
});

describe('what we send', () => {
  const effect: RequestEffect = { key: 'k1', trace: 't1', do: 'sip.message', callId: 'c1', message: { text: 'hello' } };

  test('plain text, as long as nobody asks for a report', () => {
    const out = writeRequest(effect, PARTIES, WRITE);
    expect([out.headers['Content-Type'], out.body]).toEqual(['text/plain; charset=UTF-8', 'hello']);
  });

  test('RFC 5438: a text that asks for a report, and a report, are in CPIM format; written twice they are the same', () => {
    for (const more of [{ reportId: 'id-1' }, { report: { messageId: 'his-1', at: '2026-01-05T12:00:00Z' } }]) {
      const out = writeRequest({ ...effect, ...more }, PARTIES, WRITE);
      expect(out.headers['Content-Type']).toBe('message/cpim');
      expect(out.body).toContain('reportId' in more ? 'imdn.Message-ID: id-1' : '<message-id>his-1</message-id>');
      expect(writeRequest({ ...effect, ...more }, PARTIES, WRITE)).toEqual(out);
    }
  });

  test('microsoft-dialect 2.6: a text in a session that may stay unanswered has a deadline of its own; nothing else has', () => {
    const dialog = { callId: 'c', localTag: 'a', remoteTag: 'b', localCSeq: 1, remoteCSeq: 1, stackId: 's', server: 'd1', owner: 'o' };
    const lcs = { ...WRITE, assumeSentMs: 3000 };
    expect(writeRequest({ ...effect, dialog }, PARTIES, lcs).timeoutMs).toBe(3000);
    expect(writeRequest({ ...effect, dialog }, PARTIES, WRITE).timeoutMs).toBe(WRITE.requestTimeoutMs);
    expect(writeRequest(effect, PARTIES, lcs).timeoutMs).toBe(WRITE.requestTimeoutMs);
    expect(writeRequest({ key: 'k', trace: 't', do: 'sip.bye', dialog }, PARTIES, lcs).timeoutMs).toBe(WRITE.requestTimeoutMs);
    expect(writeRequest({ key: 'k', trace: 't', do: 'sip.invite', dialog }, PARTIES, lcs).timeoutMs).toBe(WRITE.inviteTimeoutMs);
  });
});

describe('what an answer says of its cause', () => {
  const answered = (status: number, headers: Readonly<Record<string, string>>): FinalResult => ({
    is: 'answered', status, reason: 'Not Acceptable', headers, body: '', synthetic: false, sent: {}, server: 'd1', owner: 'o',
  });
  const faultOf = (headers: Readonly<Record<string, string>>, status = 606) =>
    readOutcome({ key: 'k', trace: 't', do: 'sip.message', callId: 'c', message: { text: 'x' } }, answered(status, headers), { at: 1, dialect: 'microsoft' }).fault;

  test('microsoft-dialect 2.6, ERR-1: the text of a Warning is for the user', () => {
    expect(faultOf({ warning: '309 lync.example.com "Message contents \\"blocked\\" by policy"' })?.text).toBe('Not Acceptable: Message contents "blocked" by policy');
    expect(faultOf({})?.text).toBe('Not Acceptable');
    expect(faultOf({ warning: 'nonsense' })?.text).toBe('Not Acceptable');
  });

  test('ERR-6: not that of 401 and 407', () => {
    expect(faultOf({ warning: '399 x "realm y"' }, 407)?.text).toBeUndefined();
  });

  test('microsoft-dialect 3.5: ms-diagnostics is for the log only, on one line, not longer than 300 characters', () => {
    const told = { 'ms-diagnostics': '1003;reason="User does not exist";source="fe.example.com"', warning: '399 x "y"' };
    expect(readDiagnostics(told)).toBe('1003;reason="User does not exist";source="fe.example.com" | 399 x "y"');
    expect(readDiagnostics({})).toBeUndefined();
    expect(readDiagnostics({ 'ms-diagnostics': `a\r\nb${'c'.repeat(500)}` })).toMatch(/^a bc{297}$/);
    expect(faultOf({ 'ms-diagnostics': told['ms-diagnostics'] })?.text).toBe('Not Acceptable');
  });

  test('a link that broke while we waited is told apart from silence', () => {
    const effect: RequestEffect = { key: 'k', trace: 't', do: 'sip.message', callId: 'c', message: { text: 'x' } };
    const read = (result: FinalResult) => readOutcome(effect, result, { at: 1, dialect: 'simple' });
    expect(read({ is: 'timeout', linkLost: true })).toMatchObject({ result: 'timeout', status: 408, broken: true });
    expect(read({ is: 'timeout' })).not.toHaveProperty('broken');
  });
});
