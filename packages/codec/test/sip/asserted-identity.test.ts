import { readRequest, type SipPeer } from '../../src';
import { READ } from '../support/contexts';
import { requestIn } from '../support/sip-text';

/** SEC-3: P-Asserted-Identity (RFC 3325) counts where the peer is trusted, and nowhere else. */

const PEER: SipPeer = { name: 'pool', holds: true, trusted: true, others: [] };
const ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=b1';

function read(headers: Readonly<Record<string, string>>, over: { readonly method?: string; readonly trusted?: boolean } = {}) {
  const { method = 'MESSAGE', trusted = true } = over;
  const given = {
    ...requestIn(`${method} sip:ann@example.com SIP/2.0\n\n`),
    headers: { from: ANONYMOUS, to: '<sip:ann@example.com>', 'call-id': 'c', cseq: `1 ${method}`, event: 'presence', 'subscription-state': 'active', 'content-type': 'text/plain', ...headers },
    body: method === 'MESSAGE' ? 'hi' : '',
  };
  const reading = readRequest(given, { ...READ, telephoneDomain: 'example.com', peer: { ...PEER, trusted } });
  return reading.is === 'event' ? reading.sipUser : reading.is === 'refuse' ? reading.answer.status : reading.is;
}
const senderOf = (...given: Parameters<typeof read>) => {
  const sender = read(...given);
  return typeof sender === 'object' ? sender.jid.bare : sender;
};
const pai = (value: string) => ({ 'p-asserted-identity': value });

test.each([
  ['a SIP URI', '<sip:bob@example.com>', 'bob@example.com'],
  ['one without brackets', 'sip:bob@example.com', 'bob@example.com'],
  ['a telephone number beside it', '"Bob" <sip:bob@example.com>, <tel:+15551234>', 'bob@example.com'],
  ['the other way round', '<tel:+15551234>,<sip:bob@example.com>', 'bob@example.com'],
  ['a comma in the name parts nothing', '"Builder, Bob" <sip:bob@example.com>', 'bob@example.com'],
  ['nor one in the address', '<sip:bob,b@example.com>', 'bob,b@example.com'],
  ['nor an escaped quote', '"B\\", \\"" <sip:bob@example.com>,<tel:+15551234>', 'bob@example.com'],
  ['a telephone number alone', '<tel:+15551234>', '+15551234@example.com'],
  ['sips', '<sips:bob@example.com>', 'bob@example.com'],
])('SEC-3: a trusted peer vouches for the sender by %s', (_what, value, expected) => {
  expect(senderOf(pai(value))).toBe(expected);
});

test('SEC-3: his name and his address as the peer writes them are those that count', () => {
  expect(read(pai('"Bob B." <sip:Bob@example.com>'))).toMatchObject({ uri: 'sip:Bob@example.com', displayName: 'Bob B.' });
  expect(read(pai('<sip:Bob@example.com>'))).not.toHaveProperty('displayName');
});

test.each(['MESSAGE', 'SUBSCRIBE', 'BYE'])('SEC-3: from a peer that is not trusted it is as if it were not there (%s)', (method) => {
  expect(senderOf(pai('<sip:bob@example.com>'), { method, trusted: false })).toBe('anonymous@anonymous.invalid');
});

test.each(['', '  '])('without a value From counts', (value) => {
  expect(senderOf(pai(value))).toBe('anonymous@anonymous.invalid');
});

test.each([
  ['two SIP URIs', '<sip:bob@example.com>, <sip:eve@example.com>'],
  ['two telephone numbers', '<tel:+1555>, <tel:+1556>'],
  ['three values', '<sip:bob@example.com>, <tel:+1555>, <tel:+1556>'],
  ['another scheme', '<mailto:bob@example.com>'],
  ['another scheme beside it', '<sip:bob@example.com>, <mailto:bob@example.com>'],
  ['nothing before the comma', ', <sip:bob@example.com>'],
  ['nothing behind it', '<sip:bob@example.com>,'],
  ['no address', '<<>'],
])('SEC-3: %s cannot be told from a mistake: 400', (_what, value) => {
  expect(read(pai(value))).toBe(400);
});

test.each(['id', 'header; ID ;critical'])('RFC 3323: whoever keeps his identity to himself (Privacy: %s) is known by From only', (privacy) => {
  expect(senderOf({ ...pai('<sip:bob@example.com>'), privacy })).toBe('anonymous@anonymous.invalid');
});

test('RFC 3323: other kinds of privacy do not concern it', () => {
  expect(senderOf({ ...pai('<sip:bob@example.com>'), privacy: 'header;session' })).toBe('bob@example.com');
});

const inDialog = { from: '<sip:bob@example.com>;tag=b1', to: '<sip:ann@example.com>;tag=ours' };

test('a NOTIFY in our own dialog is of whom we have subscribed to, whoever answers in his place', () => {
  expect(senderOf({ ...inDialog, ...pai('<sip:presence@example.com>') }, { method: 'NOTIFY' })).toBe('bob@example.com');
});

test('other requests in a dialog are of whom the peer vouches for, as the one that opened it was', () => {
  expect(senderOf({ to: inDialog.to, ...pai('<sip:bob@example.com>') })).toBe('bob@example.com');
});
