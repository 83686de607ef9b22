import { message, request, type Place, type TortureCase } from './case';

const TEXT = { method: 'MESSAGE', more: ['Content-Type: text/plain'], body: 'x' } as const;

const SDP6 = ['v=0', 'o=assistant 971731711378798081 0 IN IP6 2001:db8::20', 's=Live', 'c=IN IP6 2001:db8::20', 't=3338481189 3370017201', 'm=audio 6000 RTP/AVP 2', 'c=IN IP4 192.0.2.9', ''].join('\r\n');

const withVia = (to: Place, callId: string, sentBy: string): Buffer =>
  message(
    [
      'MESSAGE sip:ann@example.com SIP/2.0',
      `Via: SIP/2.0/${to.transport} ${sentBy};branch=z9hG4bK-${to.transport}-${callId};rport`,
      'Max-Forwards: 70',
      'From: <sip:bob@example.com>;tag=81x2',
      'To: <sip:ann@example.com>',
      `Call-ID: ${callId}`,
      'CSeq: 689 MESSAGE',
      'Content-Type: text/plain',
      'Content-Length: 1',
    ],
    'x',
  );

/** RFC 5118: IPv6 in SIP. */
export const IPV6: readonly TortureCase[] = [
  {
    section: 'RFC 5118 4.1',
    what: 'an IPv6 reference in the Request-URI and in Contact',
    wanted: 'accepted',
    element: 'given',
    worker: 200,
    bytes: (to) => request(to, { ...TEXT, uri: 'sip:ann@[2001:db8::10]', callId: 'ipv6-good', more: ['Contact: "Bob" <sip:bob@[2001:db8::9:1]>', ...TEXT.more] }),
  },
  {
    section: 'RFC 5118 4.2',
    what: 'an IPv6 address without brackets in the Request-URI',
    wanted: '400',
    element: 'given',
    worker: 400,
    bytes: (to) => request(to, { ...TEXT, uri: 'sip:2001:db8::10', callId: 'ipv6-bad' }),
  },
  {
    section: 'RFC 5118 4.3',
    what: 'what looks like a port inside the brackets belongs to the address',
    wanted: 'accepted',
    element: 'given',
    worker: 200,
    bytes: (to) => request(to, { ...TEXT, uri: 'sip:ann@[2001:db8::10:5070]', callId: 'port-ambiguous' }),
  },
  {
    section: 'RFC 5118 4.4',
    what: 'a port behind the brackets',
    wanted: 'accepted',
    element: 'given',
    worker: 200,
    bytes: (to) => request(to, { ...TEXT, uri: 'sip:ann@[2001:db8::10]:5070', callId: 'port-unambiguous' }),
  },
  ...(
    [
      ['with brackets', 'received-delim', '[2001:db8::9:1];received=[2001:db8::9:255]'],
      ['without brackets', 'received-no-delim', '[2001:db8::9:1];received=2001:db8::9:255'],
    ] as const
  ).map(
    ([how, callId, sentBy]): TortureCase => ({
      section: 'RFC 5118 4.5',
      what: `a received parameter ${how}: the answer goes where the request came from`,
      wanted: 'accepted; a received that the sender wrote is not believed',
      element: 'given',
      worker: 200,
      bytes: (to) => withVia(to, callId, sentBy),
    }),
  ),
  {
    section: 'RFC 5118 4.6, 4.8',
    what: 'IPv6 addresses in a session description, beside IPv4 ones',
    wanted: 'read; a session of audio is not offered here',
    element: 'given',
    worker: 488,
    bytes: (to) => request(to, { method: 'INVITE', callId: 'ipv6-in-sdp', more: ['Contact: <sip:bob@[2001:db8::9:1]>', 'Content-Type: application/sdp'], body: SDP6 }),
  },
  {
    section: 'RFC 5118 4.7',
    what: 'IPv4 and IPv6 addresses in one list of Via values',
    wanted: 'accepted',
    element: 'given',
    worker: 200,
    bytes: (to) => request(to, { ...TEXT, callId: 'mult-ip-in-header', more: ['Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3', 'Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKas4', ...TEXT.more] }),
  },
  {
    section: 'RFC 5118 4.9',
    what: 'IPv4 addresses mapped into IPv6',
    wanted: 'accepted',
    element: 'given',
    worker: 200,
    bytes: (to) => request(to, { ...TEXT, callId: 'ipv4-mapped', uri: 'sip:ann@[::ffff:192.0.2.10]:5070', more: ['Contact: "T. Bob" <sip:bob@[::ffff:192.0.2.2]>', ...TEXT.more] }),
  },
  {
    section: 'RFC 5118 4.10',
    what: 'three colons in an IPv6 reference of Via, which an early grammar brought forth',
    wanted: 'accepted with good will',
    element: 'given',
    worker: 200,
    bytes: (to) => withVia(to, 'abnf-3-colons', '[2001:db8:::192.0.2.1]'),
  },
];
