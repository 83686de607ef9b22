import { message, request, SDP, sentBy, type TortureCase } from './case';

const MULTIPART = Buffer.concat([
  Buffer.from('--7a9cbec02ceef655\r\nContent-Type: text/plain\r\n\r\nthe readable part\r\n'),
  Buffer.from('--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n'),
  Buffer.from([0x30, 0x82, 0x00, 0x0d, 0x0a, 0x0d, 0x0a, 0xff, 0xfe, 0x00]),
  Buffer.from('\r\n--7a9cbec02ceef655--\r\n'),
]);

const response = (transport: string, statusLine: string): Buffer =>
  message([
    statusLine,
    `Via: SIP/2.0/${transport} 127.0.0.1:5060;branch=z9hG4bKnobody`,
    'From: <sip:bob@example.com>;tag=1',
    'To: <sip:ann@example.com>;tag=2',
    'Call-ID: reason',
    'CSeq: 35 INVITE',
    'Content-Length: 0',
  ]);

/** RFC 4475 section 3.1.1: messages that look odd and are in order. */
export const VALID: readonly TortureCase[] = [
  {
    section: 'RFC 4475 3.1.1.1',
    what: 'a short tortuous INVITE: folding, compact names, blanks before colons, quoted pairs, unknown headers',
    wanted: 'accepted',
    element: 'given',
    worker: 488,
    bytes: (to) =>
      message(
        [
          'INVITE sip:ann@example.com;unknownparam SIP/2.0',
          'TO :',
          ' sip:ann@example.com ;   tag-less   = 1918181833n',
          'from   : "J Bob \\\\\\""       <sip:bob@example.com>',
          '  ;',
          '  tag = 98asjd8',
          'MaX-fOrWaRdS: 0068',
          'Call-ID: wsinv.ndaksdj@192.0.2.1',
          'CSeq: 0009',
          '  INVITE',
          `Via  : SIP  /   2.0`,
          ` /${to.transport}`,
          `    ${to.host}:${to.port};branch=390skdjuw`,
          's :',
          'NewFangledHeader:   newfangled value',
          ' continued newfangled value',
          'UnknownHeaderWithUnusualValue: ;;,,;;,;',
          'Content-Type: application/sdp',
          'Route:',
          ' <sip:services.example.com;lr;unknownwith=value;unknown-no-value>',
          'v:  SIP  / 2.0  / TCP     spindle.example.com   ;',
          '  branch  =   z9hG4bK9ikj8  ,',
          ' SIP  /    2.0   / UDP  192.168.255.111   ; branch=',
          ' z9hG4bK30239',
          'm:"Quoted string \\"\\"" <sip:bob@example.com> ; newparam =',
          '      newvalue ;',
          '  secondparam ; q = 0.33',
          `l: ${SDP.length}`,
        ],
        SDP,
      ),
  },
  {
    section: 'RFC 4475 3.1.1.2',
    what: 'all characters of a Call-ID and of a tag',
    wanted: 'accepted',
    element: 'given',
    worker: 200,
    bytes: (to) =>
      request(to, {
        method: 'MESSAGE',
        uri: 'sip:ann@example.com;unknown=~x&y+$:[z]/%C3%BC',
        from: '"=\\"<>\\"" <sip:bob@example.com>;tag=_token~1\'+`*%!-.',
        callId: 'intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{',
        more: ['extensionHeader-!.%*+_`\'~: \ufeff'.replace('\ufeff', '\u00ef\u00bb\u00bf'), 'Content-Type: text/plain'],
        body: 'intmeth',
      }),
  },
  {
    section: 'RFC 4475 3.1.1.2',
    what: 'all characters of a method',
    wanted: 'a server that knows no such method says so; sipd discards it as drachtio-server does',
    element: 'dropped',
    worker: 'none',
    bytes: (to) => request(to, { method: "!interesting-Method0123456789_*+`.%indeed'~", callId: 'intmethod' }),
  },
  {
    section: 'RFC 4475 3.1.1.3',
    what: '% as an escape in the Request-URI, in To and in Contact',
    wanted: 'accepted, and the addresses are compared decoded',
    element: 'given',
    worker: 200,
    bytes: (to) =>
      request(to, {
        method: 'MESSAGE',
        uri: 'sip:%61nn@example.com',
        to: '<sip:%61%6En@example.com>',
        from: '<sip:b%6fb@example.com>;tag=esc01',
        callId: 'esc01.239409asdfakjkn23onasd0-3234',
        more: ['Content-Type: text/plain'],
        body: 'esc01',
      }),
  },
  {
    section: 'RFC 4475 3.1.1.4 ADDR-5',
    what: 'escaped NULs in the user part of addresses',
    wanted: 'a parser takes them in; we have no address for such a user',
    element: 'given',
    worker: 400,
    bytes: (to) =>
      request(to, {
        method: 'MESSAGE',
        to: 'sip:null-%00-null@example.com',
        from: 'sip:null-%00-null@example.com;tag=839923423',
        callId: 'escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd',
        more: ['Content-Type: text/plain'],
        body: 'escnull',
      }),
  },
  {
    section: 'RFC 4475 3.1.1.5',
    what: '% in a method is no escape: this is no REGISTER',
    wanted: 'an unknown method, as in 3.1.1.2',
    element: 'dropped',
    worker: 'none',
    bytes: (to) => request(to, { method: 'RE%47IST%45R', uri: 'sip:example.com', callId: 'esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf' }),
  },
  {
    section: 'RFC 4475 3.1.1.6',
    what: 'no blank between display name and <',
    wanted: 'accepted',
    element: 'given',
    worker: 200,
    bytes: (to) =>
      request(to, { method: 'MESSAGE', from: 'caller<sip:bob@example.com>;tag=323', callId: 'lwsdisp', more: ['Content-Type: text/plain'], body: 'lwsdisp' }),
  },
  {
    section: 'RFC 4475 3.1.1.7 SEC-11',
    what: 'long values: display name, URI parameters, tag, Call-ID, 34 Via values',
    wanted: 'accepted',
    element: 'given',
    worker: 200,
    bytes: (to) =>
      request(to, {
        method: 'MESSAGE',
        to: `"I have a user name of ${'extreme'.repeat(10)} proportion"<sip:ann@example.com;unknownparam1=very${'long'.repeat(20)}value;long${'name'.repeat(25)}=short>`,
        from: `sip:bob@example.com;tag=12${'982424'.repeat(50)};unknown${'name'.repeat(20)}=short${'value'.repeat(20)};unheard`,
        callId: `longreq.one${'really'.repeat(20)}longcallid`,
        more: [
          `Unknown-${'Long'.repeat(20)}-Name: unknown-${'long'.repeat(20)}-value`,
          ...Array.from({ length: 33 }, (_, index) => `v: SIP/2.0/TCP sip${index}.example.com`),
          'Content-Type: text/plain',
        ],
        body: 'longreq',
      }),
  },
  {
    section: 'RFC 4475 3.1.1.8',
    what: 'octets behind the body: in a datagram they are dropped, in a stream they are the next message',
    wanted: 'accepted; the octets are never part of the first request',
    element: 'given',
    worker: 200,
    bytes: (to) =>
      Buffer.concat([
        request(to, { method: 'MESSAGE', callId: 'dblreq', more: ['Content-Type: text/plain'], body: 'dblreq' }),
        request(to, { method: 'ACK', callId: 'dblreq-second' }),
      ]),
  },
  {
    section: 'RFC 4475 3.1.1.9',
    what: 'semicolons and an escaped at-sign in the user part',
    wanted: 'accepted: all of it is the user, none of it a parameter',
    element: 'given',
    worker: 404,
    bytes: (to) =>
      request(to, {
        method: 'MESSAGE',
        uri: 'sip:user;par=u%40example.net@example.com',
        to: 'sip:user;par=u%40example.net@example.com',
        callId: 'semiuri.0ha0isndaksdj',
        more: ['Content-Type: text/plain'],
        body: 'semiuri',
      }),
  },
  {
    section: 'RFC 4475 3.1.1.10',
    what: 'transports of other Via values that nobody knows',
    wanted: 'accepted',
    element: 'given',
    worker: 200,
    bytes: (to) =>
      request(to, {
        method: 'OPTIONS',
        callId: 'transports.kijh4akdnaqjkwendsasfdj',
        more: ['SCTP t1', 'TLS t2', 'UNKNOWN t3', 'TCP t4'].map((via, index) => `Via: SIP/2.0/${via}.example.com;branch=z9hG4bKv${index}`),
      }),
  },
  {
    section: 'RFC 4475 3.1.1.11 IM-7',
    what: 'a multipart body with octets of every kind in one of its parts',
    wanted: 'accepted, or 415 from who has no use for a part: half a message must not be lost without a word',
    element: 'given',
    worker: 415,
    bytes: (to) =>
      request(to, {
        method: 'MESSAGE',
        callId: 'mpart01',
        more: ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=7a9cbec02ceef655'],
        body: MULTIPART,
      }),
  },
  {
    section: 'RFC 4475 3.1.1.12',
    what: 'a response with an unusual reason phrase, to a request that we never sent',
    wanted: 'parsed; it belongs to nothing and goes nowhere',
    element: 'dropped',
    worker: 'none',
    bytes: ({ transport }) => response(transport, 'SIP/2.0 200 = 2**3 * 5**2 \u00d0\u00bd\u00d0\u00be'),
  },
  {
    section: 'RFC 4475 3.1.1.13',
    what: 'a response with an empty reason phrase, to a request that we never sent',
    wanted: 'parsed; it belongs to nothing and goes nowhere',
    element: 'dropped',
    worker: 'none',
    bytes: ({ transport }) => response(transport, 'SIP/2.0 100 '),
  },
  {
    section: 'RFC 4475 3.4.1',
    what: 'an INVITE of RFC 2543: no branch, no Max-Forwards, no Contact',
    wanted: 'accepted',
    element: 'given',
    worker: 488,
    bytes: (to) =>
      message(
        [
          'INVITE sip:ann@example.com SIP/2.0',
          `Via: ${sentBy(to)}`,
          'From: <sip:bob@example.com>;tag=old',
          'Record-Route: <sip:ann@example.com;maddr=ss1.example.com>',
          'To: sip:ann@example.com',
          'Call-ID: inv2543.1717@ia.example.com',
          'CSeq: 56 INVITE',
          'Content-Type: application/sdp',
          `Content-Length: ${SDP.length}`,
        ],
        SDP,
      ),
  },
];
