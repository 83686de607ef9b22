import { message, request, SDP, sentBy, type Place, type TortureCase } from './case';

const TEXT = { method: 'MESSAGE', more: ['Content-Type: text/plain'], body: 'x' } as const;

/** A request whose first line is given as it stands. */
const withStartLine = (line: string, callId: string) => (to: Place): Buffer => {
  const [, rest = ''] = request(to, { ...TEXT, callId }).toString('latin1').split(/^[^\r]*\r\n/);
  return Buffer.from(`${line}\r\n${rest}`, 'latin1');
};

/** RFC 4475 section 3.1.2: messages that are wrong. Where the RFC leaves the choice, the outcome is ours. */
export const INVALID: readonly TortureCase[] = [
  {
    section: 'RFC 4475 3.1.2.1',
    what: 'separators without anything between them in Via, Contact and From',
    wanted: '400, from sipd or from the application behind it',
    element: 'given',
    worker: 400,
    bytes: (to) =>
      message([
        'INVITE sip:ann@example.com SIP/2.0',
        `Via: ${sentBy(to)};branch=z9hG4bK-badinv01;;,;,,`,
        'Max-Forwards: 70',
        'From: <sip:bob@example.com>;tag=1;;,;,,',
        'To: <sip:ann@example.com>',
        'Call-ID: badinv01.0ha0isndaksdj',
        'CSeq: 8 INVITE',
        'Contact: <sip:bob@192.0.2.1>;;,;,,',
        'Content-Length: 0',
      ]),
  },
  {
    section: 'RFC 4475 3.1.2.2',
    what: 'a Content-Length above what is there',
    wanted: '400 for a datagram; a stream waits for the rest, and not for ever',
    element: 400,
    overTcp: 'closed',
    worker: 400,
    bytes: (to) => request(to, { method: 'INVITE', callId: 'clerr.0ha0isndaksdjweiafasdk3', more: ['Content-Type: application/sdp'], body: SDP, length: '9999' }),
  },
  {
    section: 'RFC 4475 3.1.2.3',
    what: 'a Content-Length below 0',
    wanted: '400; a stream cannot be followed behind it',
    element: 400,
    endsStream: true,
    worker: 400,
    bytes: (to) => request(to, { method: 'INVITE', callId: 'ncl.0ha0isndaksdj2193423r542w35', body: SDP, length: '-999' }),
  },
  {
    section: 'RFC 4475 3.1.2.4',
    what: 'numbers too large in a request: CSeq, Max-Forwards, Expires',
    wanted: '400',
    element: 400,
    worker: 400,
    bytes: (to) =>
      request(to, {
        method: 'SUBSCRIBE',
        callId: 'scalar02.23o0pd9vanlq3wnrlnewofjas9ui32',
        cseq: '36893488147419103232 SUBSCRIBE',
        more: ['Max-Forwards: 300', 'Event: presence', 'Expires: 1000000000000000000000000000000000000000000000'],
      }),
  },
  {
    section: 'RFC 4475 3.1.2.5',
    what: 'numbers too large in a response',
    wanted: 'dropped',
    element: 'dropped',
    worker: 'none',
    bytes: ({ transport }) =>
      message([
        'SIP/2.0 503 Service Unavailable',
        `Via: SIP/2.0/${transport} 127.0.0.1;branch=z9hG4bKnobody`,
        'To: <sip:ann@example.com>;tag=1',
        'From: <sip:bob@example.com>;tag=2',
        'Call-ID: scalarlg.noase0of0234hn2qofoaf0232aewf2394r',
        'CSeq: 9292394834772304023312 OPTIONS',
        'Retry-After: 949302838503028349304023988',
        'Warning: 1812 overture "In Progress"',
        'Content-Length: 0',
      ]),
  },
  {
    section: 'RFC 4475 3.1.2.6',
    what: 'a display name whose quotes do not end',
    wanted: '400',
    element: 400,
    worker: 400,
    bytes: (to) => request(to, { ...TEXT, callId: 'quotbal.aksdj', to: '"Mr. J. User <sip:ann@example.com>' }),
  },
  {
    section: 'RFC 4475 3.1.2.7',
    what: '<> around the Request-URI',
    wanted: '400, or taken without them',
    element: 'given',
    worker: 400,
    bytes: withStartLine('MESSAGE <sip:ann@example.com> SIP/2.0', 'ltgtruri.1@192.0.2.5'),
  },
  {
    section: 'RFC 4475 3.1.2.8',
    what: 'blanks inside the Request-URI',
    wanted: '400; guessing where the URI ends is forbidden',
    element: 400,
    worker: 400,
    bytes: withStartLine('MESSAGE sip:ann@example.com; lr SIP/2.0', 'lwsruri.asdfasdoeoi2323-asdfwrn23-asd834rk423'),
  },
  {
    section: 'RFC 4475 3.1.2.9',
    what: 'several blanks between the parts of the first line',
    wanted: '400, or taken as one',
    element: 400,
    worker: 400,
    bytes: withStartLine('MESSAGE  sip:ann@example.com  SIP/2.0', 'lwsstart.dfknq234oi243099adsdfnawe3@example.com'),
  },
  {
    section: 'RFC 4475 3.1.2.10',
    what: 'blanks behind the first line',
    wanted: '400, or taken without them',
    element: 'given',
    worker: 200,
    bytes: withStartLine('MESSAGE sip:ann@example.com SIP/2.0  ', 'trws.oicu34958239neffasdhr2345r'),
  },
  {
    section: 'RFC 4475 3.1.2.11 SEC-9',
    what: 'headers inside the Request-URI: a Route',
    wanted: '400, or taken without them; never obeyed',
    element: 'given',
    worker: 200,
    bytes: (to) => request(to, { ...TEXT, callId: 'escruri.23940-asdfhj-aje3br-234q098w-fawerh2q-h4n5', uri: 'sip:ann@example.com?Route=%3Csip:evil.example.org%3E' }),
  },
  {
    section: 'RFC 4475 3.1.2.12 IM-10',
    what: 'a Date in another time zone',
    wanted: '400, or the header is not used',
    element: 'given',
    worker: 200,
    bytes: (to) => request(to, { ...TEXT, callId: 'baddate.239423mnsadf3j23lj42--sedfnm234', more: ['Date: Fri, 01 Jan 2010 16:00:00 EST', ...TEXT.more] }),
  },
  {
    section: 'RFC 4475 3.1.2.13',
    what: 'a Contact with URI headers and no <>',
    wanted: '400 from a registrar; whoever has no use for it may look away',
    element: 'given',
    worker: 405,
    bytes: (to) => request(to, { method: 'REGISTER', callId: 'regbadct.k345asrl3fdbv@10.0.0.1', uri: 'sip:example.com', more: ['Contact: sip:bob@example.com?Route=%3Csip:sip.example.com%3E'] }),
  },
  {
    section: 'RFC 4475 3.1.2.14',
    what: 'blanks inside the <> of To',
    wanted: '400, or taken without them',
    element: 'given',
    worker: 200,
    bytes: (to) => request(to, { ...TEXT, callId: 'badaspec.sdf0234n2nds0a099u23h3hnnw009cdkne3', to: '"Ann, User" < sip:ann@example.com >' }),
  },
  {
    section: 'RFC 4475 3.1.2.15',
    what: 'a comma in a display name without quotes',
    wanted: '400, or the name is taken as it is meant',
    element: 'given',
    worker: 200,
    bytes: (to) => request(to, { ...TEXT, callId: 'baddn.31415@c.bell-tel.example.com', from: 'Bell, Bob <sip:bob@example.com>;tag=43' }),
  },
  {
    section: 'RFC 4475 3.1.2.16',
    what: 'a protocol version that nobody knows',
    wanted: '505',
    element: 505,
    worker: 505,
    bytes: withStartLine('MESSAGE sip:ann@example.com SIP/7.0', 'badvers.31417@c.bell-tel.example.com'),
  },
  {
    section: 'RFC 4475 3.1.2.17',
    what: 'another method in CSeq than in the first line',
    wanted: '400',
    element: 400,
    worker: 400,
    bytes: (to) => request(to, { ...TEXT, callId: 'mismatch01.dj0234sxdfl3', cseq: '8 INVITE' }),
  },
  {
    section: 'RFC 4475 3.1.2.18',
    what: 'another method in CSeq, and an unknown one in the first line',
    wanted: '400 or 501',
    element: 400,
    worker: 400,
    bytes: (to) => request(to, { method: 'NewMethod', callId: 'mismatch02.dj0234sxdfl3', cseq: '8 INVITE' }),
  },
  {
    section: 'RFC 4475 3.1.2.19',
    what: 'a response code of ten digits',
    wanted: 'dropped',
    element: 'dropped',
    worker: 'none',
    bytes: ({ transport }) =>
      message([
        'SIP/2.0 4294967301 better not break the receiver',
        `Via: SIP/2.0/${transport} 127.0.0.1;branch=z9hG4bKnobody`,
        'Call-ID: bigcode.asdof3uj203asdnf3429uasdhfas3ehjasdfas9i',
        'From: <sip:bob@example.com>;tag=1',
        'To: <sip:ann@example.com>;tag=2',
        'CSeq: 353494 INVITE',
        'Content-Length: 0',
      ]),
  },
];
