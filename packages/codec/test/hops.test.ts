import type { RequestEffect } from '@isthmus/engine';
import type { Pair, TextMessage } from '@isthmus/model';
import { loopMark, markOf, readOutcome, readRequest, readStanza, writeRequest, writeStanza, type SipRequestIn, type StanzaContext } from '../src';
import { PARTIES, READ, WRITE } from './support/contexts';
import { requestIn } from './support/sip-text';

/** SEC-8: how far a message may go, and how a request that comes back is known. */

const PAIR = { user: 'ann@example.com', contact: 'bob@example.com' } as Pair;
const STANZA: StanzaContext = { at: 1_000, trace: 't1', newId: () => 'made', maxTextBytes: 100 };
const HEADERS = { from: '<sip:bob@example.com>;tag=b1', to: '<sip:ann@example.com>', 'call-id': 'call-1', cseq: '1 MESSAGE', 'content-type': 'text/plain' };

const text = (headers: Readonly<Record<string, string>>): SipRequestIn => ({ ...requestIn('MESSAGE sip:ann@example.com SIP/2.0\n\n'), headers: { ...HEADERS, ...headers }, body: 'hi' });

function fromSip(maxForwards?: string): TextMessage {
  const reading = readRequest(text(maxForwards === undefined ? {} : { 'max-forwards': maxForwards }), READ);
  if (reading.is !== 'event' || reading.event.on !== 'sip.message') throw new Error(reading.is);
  return reading.event.message;
}
const toXmpp = (message: TextMessage) => writeStanza({ do: 'xmpp.message', key: 'k', trace: 't', id: 'm1', message }, PAIR, { dialect: 'simple' });
/** What another gateway of this kind makes of the stanza, with its users the other way round. */
function onwards(message: TextMessage) {
  const stanza = toXmpp(message);
  stanza.attrs['from'] = 'ann@example.com/x';
  stanza.attrs['to'] = 'bob@example.com';
  return readStanza(stanza, STANZA);
}
const page = (message: TextMessage): RequestEffect => ({ key: 'k', trace: 't', do: 'sip.message', callId: 'c', message });

describe('SEC-8: Max-Forwards is counted on through XMPP', () => {
  test.each([
    ['70', 69],
    ['2', 1],
    ['1', 0],
    ['9999999999', 254],
  ])('%s: %i are left', (given, left) => {
    expect(fromSip(given).hops).toBe(left);
    expect(toXmpp(fromSip(given)).getChild('hops', 'urn:isthmus:hops:0')?.attrs).toMatchObject({ left: String(left) });
  });

  test.each([undefined, '', 'x', '-1', '3.5'])('nothing is made up for a request that says %j', (given) => {
    expect(fromSip(given)).not.toHaveProperty('hops');
    expect(toXmpp(fromSip(given)).getChild('hops')).toBeUndefined();
  });

  test('what the stanza says goes into the request; each gateway takes one', () => {
    const reading = onwards(fromSip('7'));
    if (reading.is !== 'event' || reading.event.on !== 'xmpp.message') throw new Error(reading.is);
    expect(writeRequest(page(reading.event.message), PARTIES, WRITE).headers['Max-Forwards']).toBe('6');
  });

  test('the last hop was ours: the next gateway refuses it', () => {
    expect(onwards(fromSip('1'))).toMatchObject({ is: 'refuse', fault: { sip: 483 } });
  });

  test.each(["left='x'", "left='-1'", "left=''", "left='1e3'", ''])('a stanza that says %s counts as uncounted', (attributes) => {
    const message = { text: 'hi' };
    const stanza = toXmpp(message);
    stanza.attrs['from'] = 'ann@example.com/x';
    stanza.attrs['to'] = 'bob@example.com';
    const [, value] = /left='(.*)'/.exec(attributes) ?? [];
    stanza.c('hops', { xmlns: 'urn:isthmus:hops:0', ...(value !== undefined && { left: value }) });
    const reading = readStanza(stanza, STANZA);
    if (reading.is !== 'event' || reading.event.on !== 'xmpp.message') throw new Error(reading.is);
    expect(reading.event.message).toEqual(message);
    expect(writeRequest(page(reading.event.message), PARTIES, WRITE).headers).not.toHaveProperty('Max-Forwards');
  });

  test('a number beyond all bounds is the most there is', () => {
    const stanza = toXmpp({ text: 'hi', hops: 99_999 });
    stanza.attrs['from'] = 'ann@example.com/x';
    stanza.attrs['to'] = 'bob@example.com';
    expect(readStanza(stanza, STANZA)).toMatchObject({ event: { message: { hops: 255 } } });
  });
});

describe('SEC-8, Z10: our own mark', () => {
  const mark = loopMark('isthmus.example.com', 'example.com');

  test('each request that opens something bears it, those in a dialog that the server knows need none', () => {
    const marked = { ...WRITE, loopMark: mark };
    const fresh = { callId: 'c', localTag: 'a', localCSeq: 0, remoteCSeq: 0, stackId: 's', server: '', owner: '' };
    const opened = { ...fresh, remoteTag: 'b', server: 'd1' };
    const subscribe = (dialog: typeof fresh): RequestEffect => ({ key: 'k', trace: 't', do: 'sip.subscribe', dialog, expiresSeconds: 60 });
    expect(writeRequest(page({ text: 'x' }), PARTIES, marked).headers['Isthmus-Mark']).toBe(mark);
    expect(writeRequest(subscribe(fresh), PARTIES, marked).headers['Isthmus-Mark']).toBe(mark);
    expect(writeRequest(subscribe(opened), PARTIES, marked).headers).not.toHaveProperty('Isthmus-Mark');
    expect(writeRequest(page({ text: 'x' }), PARTIES, WRITE).headers).not.toHaveProperty('Isthmus-Mark');
  });

  test('by it a request is known, among the marks of others too', () => {
    expect(markOf(text({ 'isthmus-mark': mark }), mark)).toBe('own');
    expect(markOf(text({ 'isthmus-mark': `0123456789abcdef, ${mark}` }), mark)).toBe('own');
    expect(markOf(text({ 'isthmus-mark': loopMark('other.example.com', 'example.com') }), mark)).toBe('other');
    expect(markOf(text({}), mark)).toBeUndefined();
  });

  test('each installation has its own', () => {
    const all = [mark, loopMark('isthmus.example.com', 'example.net'), loopMark('other.example.com', 'example.com')];
    expect([new Set(all).size, loopMark('isthmus.example.com', 'example.com'), /^[0-9a-f]{16}$/.test(mark)]).toEqual([3, mark, true]);
  });

  test('482 to a request of ours: no such user on either side', () => {
    const answer = { is: 'answered', status: 482, reason: 'Loop Detected', headers: { to: '<sip:bob@example.com>;tag=b' }, body: '', synthetic: false, sent: {}, server: 'd', owner: 'o' } as const;
    expect(readOutcome(page({ text: 'x' }), answer, { at: 0, dialect: 'simple' })).toMatchObject({ status: 482, fault: { condition: 'item-not-found', sip: 482 } });
  });
});
