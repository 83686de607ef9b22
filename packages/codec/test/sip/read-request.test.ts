import fc from 'fast-check';
import { readRequest, type RequestReading, type SipReadContext, type SipRequestIn } from '../../src';
import { READ } from '../support/contexts';
import { requestIn } from '../support/sip-text';

const HEADERS = {
  from: '<sip:bob@example.com>;tag=b1',
  to: '<sip:ann@example.com>',
  'call-id': 'call-1',
  cseq: '1 METHOD',
  'max-forwards': '69',
  contact: '<sip:192.0.2.9:5060;transport=tcp>',
};
const PLAIN = { 'content-type': 'text/plain' };
const SDP = 'v=0\r\nm=message 5060 sip null\r\n';

/** A header set to undefined is left out. */
function request(method: string, headers: Readonly<Record<string, string | undefined>> = {}, body = ''): SipRequestIn {
  const merged = Object.entries({ ...HEADERS, ...headers }).filter(([, value]) => value !== undefined);
  return { ...requestIn(`${method} sip:ann@example.com SIP/2.0\n\n`), headers: Object.fromEntries(merged) as Record<string, string>, body };
}
const read = (given: SipRequestIn, context: Partial<SipReadContext> = {}) => readRequest(given, { ...READ, ...context });

/** The reading in short. */
function brief(reading: RequestReading): string {
  switch (reading.is) {
    case 'ignore':
      return 'ignore';
    case 'event': {
      const event = reading.event;
      const fault = 'fault' in event ? event.fault : 'refusal' in event ? event.refusal : undefined;
      return fault === undefined ? event.on : `${event.on} ${fault.sip}`;
    }
    case 'answer':
    case 'refuse':
      return `${reading.is} ${reading.answer.status}`;
  }
}
function answerOf(reading: RequestReading) {
  if (reading.is !== 'answer' && reading.is !== 'refuse') throw new Error(`no answer: ${brief(reading)}`);
  return reading.answer;
}

describe('what every request must have', () => {
  test.each([
    ['From without a tag (DR-23)', { from: '<sip:bob@example.com>' }],
    ['a From tag with a blank', { from: '<sip:bob@example.com>;tag="a b"' }],
    ['a To tag with a bar, which would split the first line of the server (DR-11)', { to: '<sip:ann@example.com>;tag=a|b' }],
    ['no From', { from: undefined }],
    ['no To', { to: undefined }],
    ['From that is no address', { from: '<<<>>>' }],
    ['no Call-ID', { 'call-id': undefined }],
    ['a Call-ID with a bar (DR-11)', { 'call-id': 'a|b' }],
    ['a Call-ID of 513 characters', { 'call-id': 'c'.repeat(513) }],
    ['a Call-ID with a comma, which is two of them (RFC 4475 section 3.3.8)', { 'call-id': 'a@b,c@d' }],
    ['no CSeq', { cseq: undefined }],
    ['a CSeq that is no number', { cseq: 'x INVITE' }],
    ['ADDR-5: a user part that decodes to a control', { from: '<sip:b%00b@example.com>;tag=b1' }],
    ['ADDR-5: overlong UTF-8', { to: '<sip:%C0%AF@example.com>' }],
    ['an address without a user', { from: '<sip:example.com>;tag=b1' }],
  ])('%s: 400, and ACK and CANCEL are ignored', (_name, headers) => {
    expect(brief(read(request('MESSAGE', { ...headers, ...PLAIN }, 'x')))).toBe('refuse 400');
    expect(brief(read(request('ACK', headers)))).toBe('ignore');
    expect(brief(read(request('CANCEL', headers)))).toBe('ignore');
  });

  test('ADDR-12: telephone numbers need a domain to belong to', () => {
    const call = request('MESSAGE', { from: '<tel:+1-555-0100>;tag=b1', ...PLAIN }, 'x');
    expect(brief(read(call))).toBe('refuse 416');
    expect(read(call, { telephoneDomain: 'example.com' })).toMatchObject({
      sipUser: { jid: { bare: '+15550100@example.com' }, uri: 'sip:+15550100@example.com' },
    });
  });

  test('ADDR-10, ADDR-14: the URI as written, without port, parameters and device', () => {
    const given = request('MESSAGE', { from: '<sip:B%6Fb@Example.COM:5061;opaque=user:epid:x;gruu>;tag=b1;epid=1', ...PLAIN }, 'x');
    expect(read(given)).toMatchObject({ sipUser: { jid: { bare: 'bob@example.com' }, uri: 'sip:B%6Fb@Example.COM' } });
  });

  test('a user part in raw UTF-8, and sips in From, give the encoded sip: URI', () => {
    const raw = request('MESSAGE', { from: '<sip:fü@example.com>;tag=b1', ...PLAIN }, 'x');
    expect(read(raw)).toMatchObject({ sipUser: { uri: 'sip:f%C3%BC@example.com' } });
    const secure = request('MESSAGE', { from: '<sips:bob@example.com>;tag=b1', ...PLAIN }, 'x');
    expect(read(secure)).toMatchObject({ sipUser: { uri: 'sip:bob@example.com' } });
  });
});

test('trap T4: dialogs are told by Call-ID and tags; an epid that changes or is missing makes no other one', () => {
  const refOf = (from: string, to: string) => {
    const reading = read(request('BYE', { from, to }));
    return reading.is === 'event' && 'ref' in reading.event ? reading.event.ref : undefined;
  };
  const plain = refOf('<sip:bob@example.com>;tag=b', '<sip:ann@example.com>;tag=a');
  expect(plain).toMatchObject({ remoteTag: 'b', localTag: 'a' });
  expect(refOf('"Bob" <sip:bob@example.com>;epid=1234;tag=b', '<sip:ann@example.com>;tag=a;epid=99')).toEqual(plain);
});

test("RFC 4475 section 3.1.1.2: a Call-ID may hold all characters of RFC 3261's word", () => {
  const callId = 'intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{';
  expect(read(request('MESSAGE', { 'call-id': callId, ...PLAIN }, 'x'))).toMatchObject({ event: { on: 'sip.message', ref: { callId } } });
});

test('RFC 4475 section 3.1.1.7: a tag of 303 characters and a Call-ID of 141 are taken', () => {
  const long = { from: `<sip:bob@example.com>;tag=${'t'.repeat(303)}`, 'call-id': 'c'.repeat(141) };
  expect(brief(read(request('MESSAGE', { ...long, ...PLAIN }, 'x')))).toBe('sip.message');
});

describe('what is refused whoever is meant', () => {
  test.each([
    ['RFC 4475 section 3.3.2', 'nobodyKnowsThisScheme:totallyopaquecontent', 416],
    ['RFC 4475 section 3.3.3', 'soap.beep://192.0.2.103:3002', 416],
    ['RFC 4475 section 3.1.2.7', '<sip:ann@example.com>', 400],
    ['RFC 5118 section 4.2', 'sip:2001:db8::10', 400],
    ['no URI at all', 'ann', 400],
  ])('%s: a Request-URI %s: %i', (_source, uri, status) => {
    expect(brief(read({ ...request('MESSAGE', PLAIN, 'x'), uri }))).toBe(`refuse ${status}`);
  });

  test.each(['sip:ann@[2001:db8::10:5070]', 'SIP:192.0.2.1:5060;transport=tcp', 'im:ann@example.com', 'tel:+15550100', 'sip:ann@example.com?Route=%3Csip:evil.example.org%3E'])(
    'a Request-URI %s is taken (RFC 5118 sections 4.3 and 4.4, RFC 4475 section 3.1.2.11)',
    (uri) => {
      expect(brief(read({ ...request('MESSAGE', PLAIN, 'x'), uri }))).toBe('sip.message');
    },
  );

  test('SEC-2: sips in To or Request-URI', () => {
    expect(brief(read(request('MESSAGE', { to: '<sips:ann@example.com>' }, 'x')))).toBe('refuse 488');
    expect(brief(read({ ...request('MESSAGE', PLAIN, 'x'), uri: 'SIPS:ann@example.com' }))).toBe('refuse 488');
  });

  test.each(['0', ' 00 '])('SEC-8: Max-Forwards "%s": 483', (hops) => {
    expect(brief(read(request('INVITE', { 'max-forwards': hops })))).toBe('refuse 483');
  });

  test.each(['1', '70', '', undefined, 'x'])('SEC-8: Max-Forwards %j goes on', (hops) => {
    expect(brief(read(request('BYE', { 'max-forwards': hops })))).toBe('sip.bye');
  });

  test.each([
    ['INVITE', 'com.microsoft.rtc-multiparty'],
    ['SUBSCRIBE', 'adhoclist, categoryList'],
    ['MESSAGE', '100rel'],
  ])('%s with Require %s: 420 with Unsupported', (method, require) => {
    const answer = answerOf(read(request(method, { require, event: 'presence' })));
    expect(answer).toMatchObject({ status: 420, headers: { Unsupported: require } });
  });

  test('trap T1: Proxy-Require is never refused', () => {
    expect(brief(read(request('SUBSCRIBE', { 'proxy-require': 'ms-benotify', event: 'presence' })))).toBe('sip.subscribe');
  });

  test('ACK and CANCEL are read whatever they require or how often they were forwarded', () => {
    expect(brief(read(request('ACK', { require: 'x', 'max-forwards': '0' })))).toBe('sip.ack');
    expect(brief(read(request('CANCEL', { require: 'x' })))).toBe('sip.cancel');
  });

  test.each(['REFER', 'PUBLISH', 'REGISTER', 'SERVICE', 'NEGOTIATE', 'UPDATE', 'PRACK', 'constructor'])('IM-7, trap T9: %s: 405 with Allow', (method) => {
    const answer = answerOf(read(request(method)));
    expect(answer.status).toBe(405);
    expect(answer.headers['Allow']).toBe('INVITE, ACK, CANCEL, BYE, MESSAGE, INFO, SUBSCRIBE, NOTIFY, OPTIONS');
  });

  test('trap T9: BENOTIFY gets no answer', () => {
    expect(brief(read(request('BENOTIFY')))).toBe('ignore');
  });
});

test('DR-24: OPTIONS is answered without looking at addresses, with what we offer', () => {
  const answer = answerOf(read(request('OPTIONS', { from: undefined, to: undefined, 'max-forwards': '0' })));
  expect(answer.status).toBe(200);
  expect(answer.headers['Allow']).toContain('MESSAGE');
  expect(answer.headers['Accept']).toContain('text/plain');
  expect(answer.headers).toMatchObject({ 'Accept-Encoding': 'identity', 'Accept-Language': '*' });
  expect(answer.headers['Content-Type']).toBe('application/sdp');
  expect(answer.body).toContain('m=message 5060 sip null');
});

test('SEC-7: OPTIONS is answered the same whoever it names, in a dialog or not', () => {
  const answerTo = (to: string, uri: string) => answerOf(read({ ...request('OPTIONS', { to }), uri }));
  const named = answerTo('<sip:ann@example.com>', 'sip:ann@example.com');
  expect(answerTo('<sip:nobody@example.com>', 'sip:nobody@example.com')).toEqual(named);
  expect(answerTo('<sip:ann@example.com>;tag=ours', 'sip:isthmus@192.0.2.1')).toEqual(named);
});

describe('INVITE (microsoft-dialect section 2.7)', () => {
  const invite = (headers: Readonly<Record<string, string | undefined>>, body = SDP) =>
    brief(read(request('INVITE', { 'content-type': 'application/sdp', ...headers }, body)));

  test.each([
    ['trap T5: two EndPoints are one-to-one', { endpoints: '<sip:a@x>, <sip:b@x>' }, 'sip.invite'],
    ['three EndPoints', { endpoints: '<sip:a@x>, <sip:b@x>, "C" <SIP:c@x>' }, 'sip.invite 488'],
    ['TriggeredInvite', { triggeredinvite: ' TRUE' }, 'sip.invite 488'],
    ['TriggeredInvite: FALSE', { triggeredinvite: 'FALSE' }, 'sip.invite'],
    ['conference invitation', { 'content-type': 'application/ms-conf-invite+xml' }, 'sip.invite 488'],
    ['file transfer', { 'content-type': 'multipart/mixed; boundary=x' }, 'sip.invite 488'],
    ['no content type', { 'content-type': undefined }, 'sip.invite 488'],
  ])('%s', (_name, headers, expected) => {
    expect(invite(headers)).toBe(expected);
  });

  test('no offer at all', () => {
    expect(invite({}, '')).toBe('sip.invite 488');
  });

  test('trap T2: the text in the INVITE is not delivered', () => {
    const reading = read(request('INVITE', { 'content-type': 'application/sdp', 'ms-text-format': 'text/plain;ms-body=aGk=' }, SDP));
    expect(JSON.stringify(reading)).not.toMatch(/aGk|"hi"/);
  });

  test.each([
    ['of a name-addr with parameters', '"x" <sip:b@192.0.2.9;maddr=1.2.3.4;transport=tls>;proxy=replace', 'sip:b@192.0.2.9;maddr=1.2.3.4;transport=tls'],
    ['bare', 'sip:b@192.0.2.9', 'sip:b@192.0.2.9'],
    ['the first of two', '<sip:b@192.0.2.9>,<sip:b@192.0.2.8>', 'sip:b@192.0.2.9'],
    ['absent', undefined, undefined],
    ['no address', '<mailto:b@example.com>', undefined],
    ['too long', `<sip:${'b'.repeat(3000)}@192.0.2.9>`, undefined],
    ['a star', '*', undefined],
  ])('the remote target is the Contact URI: %s', (_name, contact, expected) => {
    const reading = read(request('INVITE', { 'content-type': 'application/sdp', contact }, SDP));
    expect(reading.is === 'event' && 'dialog' in reading.event ? reading.event.dialog?.remoteTarget : 'none').toBe(expected);
  });

  test("the server's own id of the dialog counts where it gives one", () => {
    const reading = read({ ...request('INVITE', { 'content-type': 'application/sdp' }, SDP), stackId: 'x;from-tag=y' });
    expect(reading).toMatchObject({ event: { dialog: { stackId: 'x;from-tag=y' } } });
  });
});

test.each([
  [undefined, 'fine :)'],
  ['unchanged', 'fine :)'],
  ['emoji', 'fine 🙂'],
] as const)('emoticons: setting %s', (emoticons, expected) => {
  const reading = read(request('MESSAGE', { 'content-type': 'text/plain' }, 'fine :)'), emoticons === undefined ? {} : { emoticons });
  expect(reading).toMatchObject({ event: { on: 'sip.message', message: { text: expected } } });
});

describe('IM-10: when a MESSAGE was written', () => {
  const NOW = Date.parse('2026-11-22T10:00:00Z');
  const sent = (date?: string) => {
    const reading = readRequest(request('MESSAGE', { 'content-type': 'text/plain', date }, 'hi'), { ...READ, at: NOW });
    return reading.is === 'event' && reading.event.on === 'sip.message' ? reading.event.message.sent : reading.is;
  };

  test.each([
    ['an hour ago', 'Sun, 22 Nov 2026 09:00:00 GMT', '2026-11-22T09:00:00Z'],
    ['without the day', '22 Nov 2026 09:00:00 GMT', '2026-11-22T09:00:00Z'],
    ['a minute ago', 'Sun, 22 Nov 2026 09:59:00 GMT', '2026-11-22T09:59:00Z'],
    ['just now', 'Sun, 22 Nov 2026 09:59:01 GMT', undefined],
    ['in the future', 'Mon, 23 Nov 2026 10:00:00 GMT', undefined],
    ['in another zone, which SIP does not know', 'Sun, 22 Nov 2026 09:00:00 +0100', undefined],
    ['on no day', 'Sun, 32 Nov 2026 09:00:00 GMT', undefined],
    ['not told', undefined, undefined],
  ])('%s', (_name, date, expected) => {
    expect(sent(date)).toBe(expected);
  });
});

describe('MESSAGE and INFO', () => {
  const message = (headers: Readonly<Record<string, string | undefined>>, body: string) => read(request('MESSAGE', headers, body));

  test.each([
    ['observed B: empty', {}, '', 'answer 200'],
    ['white space only', PLAIN, ' \r\n', 'answer 200'],
    ['IM-4: html', { 'content-type': 'text/html' }, '<b>x</b>', 'sip.message'],
    ['promise 1: html of which no text is left', { 'content-type': 'text/html' }, '<img src="x">', 'sip.refused 415'],
    ['no Content-Type', {}, 'x', 'sip.message'],
    ['IM-4: unknown type', { 'content-type': 'image/gif' }, 'x', 'sip.refused 415'],
    ['compressed', { ...PLAIN, 'content-encoding': 'gzip' }, 'x', 'sip.refused 415'],
    ['identity is no compression', { ...PLAIN, 'content-encoding': 'identity' }, 'x', 'sip.message'],
    ['malformed multipart', { 'content-type': 'multipart/alternative' }, 'x', 'sip.refused 400'],
    ['malformed isComposing', { 'content-type': 'application/im-iscomposing+xml' }, 'x', 'sip.refused 400'],
    ['SEC-11: too long', PLAIN, 'é'.repeat(501), 'sip.refused 413'],
    ['SEC-11: just short enough', PLAIN, 'é'.repeat(500), 'sip.message'],
  ])('MESSAGE: %s', (_name, headers, body, expected) => {
    expect(brief(message(headers, body))).toBe(expected);
  });

  test.each([
    ['KeyboardActivity', { 'content-type': 'application/xml' }, '<KeyboardActivity><status status="idle"/></KeyboardActivity>', 'sip.typing'],
    ['isComposing', { 'content-type': 'application/im-iscomposing+xml' }, '<isComposing><state>idle</state></isComposing>', 'sip.typing'],
    ['subject of the conversation', { 'content-type': 'application/xml+conversationinfo' }, '<x/>', 'answer 200'],
    ['nothing', {}, '', 'answer 200'],
    ['multi-party', { 'content-type': 'application/x-ms-mim' }, 'x', 'sip.refused 415'],
    ['other XML', { 'content-type': 'application/xml' }, '<x/>', 'sip.refused 400'],
    ['compressed', { 'content-type': 'application/xml', 'content-encoding': 'gzip' }, 'x', 'sip.refused 415'],
    ['no type', {}, 'x', 'sip.refused 415'],
  ])('INFO: %s', (_name, headers, body, expected) => {
    expect(brief(read(request('INFO', headers, body)))).toBe(expected);
  });

  test('SEC-9, SEC-10: subject and language come out clean', () => {
    const headers = { ...PLAIN, subject: `a\u0000\tb${'c'.repeat(2000)}`, 'content-language': 'not a tag' };
    const reading = message(headers, 'x');
    const sent = reading.is === 'event' && reading.event.on === 'sip.message' ? reading.event.message : undefined;
    expect(sent?.subject).toBe(`a b${'c'.repeat(996)}`);
    expect(sent?.language).toBeUndefined();
  });
});

describe('SUBSCRIBE and NOTIFY', () => {
  test.each([undefined, 'presence.winfo', 'vnd-microsoft-roaming-self', ''])('PRES-20: Event %j: 489 with Allow-Events', (event) => {
    for (const method of ['SUBSCRIBE', 'NOTIFY']) {
      const answer = answerOf(read(request(method, { event, 'subscription-state': 'active' })));
      expect(answer).toMatchObject({ status: 489, headers: { 'Allow-Events': 'presence' } });
    }
  });

  test('an Event parameter does not hide the package', () => {
    expect(brief(read(request('SUBSCRIBE', { event: 'presence;id=7' })))).toBe('sip.subscribe');
  });

  test.each([
    ['presence;id=7', '7'],
    ['presence; x=y ; ID = a~1', 'a~1'],
    ['presence', undefined],
    ['presence;id=', undefined],
    ['presence;id="7\r\nX: y"', undefined],
    [`presence;id=${'7'.repeat(65)}`, undefined],
  ])('RFC 6665 8.2.1, SEC-9: the id of Event %j', (event, expected) => {
    const reading = read(request('SUBSCRIBE', { event }));
    expect(reading.is === 'event' && reading.event.on === 'sip.subscribe' ? reading.event.eventId : 'none').toBe(expected);
  });

  test('RFC 3261 14.2: a re-INVITE without an offer is taken, one for another medium is not', () => {
    const headers = { to: '<sip:ann@example.com>;tag=a1', 'content-type': 'application/sdp' };
    expect(brief(read(request('INVITE', headers, SDP)))).toBe('sip.reinvite');
    expect(brief(read(request('INVITE', { to: headers.to })))).toBe('sip.reinvite');
    expect(brief(read(request('INVITE', headers, 'v=0\r\nm=audio 5060 RTP/AVP 0\r\n')))).toBe('sip.reinvite 488');
  });

  test.each([
    ['absent (observed B)', undefined, undefined],
    ['zero', '0', 0],
    ['larger than any', '999999999999', 4_294_967_295],
  ])('Expires %s', (_name, expires, expected) => {
    const reading = read(request('SUBSCRIBE', { event: 'presence', expires }));
    expect(reading.is === 'event' && reading.event.on === 'sip.subscribe' ? reading.event.expires : 'none').toBe(expected);
  });

  test('Expires that is no number: 400', () => {
    expect(brief(read(request('SUBSCRIBE', { event: 'presence', expires: 'soon' })))).toBe('refuse 400');
  });

  test('Accept: at most 32 types are kept', () => {
    const accept = Array.from({ length: 100 }, (_, n) => `A/${n};q=1`).join(',');
    const reading = read(request('SUBSCRIBE', { event: 'presence', accept }));
    const types = reading.is === 'event' && reading.event.on === 'sip.subscribe' ? reading.event.accept : [];
    expect(types).toHaveLength(32);
    expect(types[0]).toBe('a/0');
  });

  const notify = (state: string | undefined, headers: Readonly<Record<string, string | undefined>> = {}, body = '') =>
    read(request('NOTIFY', { event: 'presence', 'subscription-state': state, ...headers }, body));
  const eventOf = (reading: RequestReading): Record<string, unknown> => (reading.is === 'event' ? { ...reading.event } : {});

  test.each([undefined, '', ';expires=5', 'a b'])('Subscription-State %j: 400', (state) => {
    expect(brief(notify(state))).toBe('refuse 400');
  });

  test.each([
    ['Active', { substate: 'active' }],
    ['extension;expires=1.5', { substate: 'active' }],
    ['pending;expires = 60', { substate: 'pending', expiresSeconds: 60 }],
    ['terminated;reason=noresource;x', { substate: 'terminated', reason: 'noresource' }],
    ['terminated;reason="a b"', { substate: 'terminated' }],
    ['terminated;reason=giveup;retry-after=7', { substate: 'terminated', reason: 'giveup', retryAfterSeconds: 7 }],
  ])('PRES-12: Subscription-State %s', (state, expected) => {
    const { substate, reason, expiresSeconds, retryAfterSeconds } = eventOf(notify(state));
    expect({ substate, reason, expiresSeconds, retryAfterSeconds }).toEqual({
      reason: undefined,
      expiresSeconds: undefined,
      retryAfterSeconds: undefined,
      ...expected,
    });
  });

  test('PRES-14: an empty NOTIFY has no presence', () => {
    expect(eventOf(notify('active', {}, '\r\n'))).not.toHaveProperty('presence');
  });

  test('PRES-45: a document that tells no state has no presence and is no error', () => {
    const document = '<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:bob@example.com"/>';
    const event = eventOf(notify('active', { 'content-type': 'application/pidf+xml' }, document));
    expect(event).not.toHaveProperty('presence');
    expect(event).not.toHaveProperty('unreadable');
  });

  test.each([
    ['Z04: DOCTYPE', 'application/pidf+xml', '<!DOCTYPE p [<!ENTITY e "x">]><presence xmlns="urn:ietf:params:xml:ns:pidf">&e;</presence>'],
    ['no content type', '', '<presence/>'],
    ['no content type at all', undefined, '<presence/>'],
  ])('SEC-10: %s: the state is read, the document is not', (_name, type, document) => {
    const event = eventOf(notify('active;expires=60', { 'content-type': type }, document));
    expect(event).toMatchObject({ substate: 'active', expiresSeconds: 60, unreadable: { blame: 'peer' } });
    expect(event).not.toHaveProperty('presence');
  });
});

describe('laws', () => {
  const methods = fc.constantFrom('INVITE', 'ACK', 'CANCEL', 'BYE', 'MESSAGE', 'INFO', 'SUBSCRIBE', 'NOTIFY', 'OPTIONS', 'X');
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('<sip:a@b>;tag=x', 'presence', 'text/html', 'multipart/alternative;boundary=b', 'application/pidf+xml', '1 X', '<', '"'),
  );
  const names = fc.constantFrom('from', 'to', 'call-id', 'cseq', 'contact', 'event', 'expires', 'accept', 'subscription-state', 'content-type', 'require', 'subject', 'endpoints');
  const requests = fc.record({ method: methods, uri: value, more: fc.dictionary(names, value), body: value });

  test('nothing in a request makes readRequest throw; what is answered is answered safely (DR-11)', () => {
    fc.assert(
      fc.property(requests, ({ method, uri, more, body }) => {
        const reading = read({ ...request(method, more, body), uri });
        if (reading.is !== 'answer' && reading.is !== 'refuse') return;
        const { reason, headers, status } = reading.answer;
        // eslint-disable-next-line no-control-regex
        for (const text of [reason ?? '', ...Object.values(headers)]) expect(text).not.toMatch(/[\u0000-\u0008\n\r]/);
        expect(status).toBeGreaterThanOrEqual(200);
        expect(status).not.toBe(503);
      }),
      { numRuns: 1000 },
    );
  });

  test('DR-22: every request but ACK, CANCEL and BENOTIFY gives an event or an answer', () => {
    fc.assert(
      fc.property(requests, ({ method, uri, more, body }) => {
        const reading = read({ ...request(method, more, body), uri });
        if (method !== 'ACK' && method !== 'CANCEL') expect(reading.is).not.toBe('ignore');
      }),
      { numRuns: 500 },
    );
  });
});
