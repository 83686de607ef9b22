import { message, request, SDP, sentBy, type TortureCase } from './case';

const TEXT = { method: 'MESSAGE', more: ['Content-Type: text/plain'], body: 'x' } as const;

/** RFC 4475 sections 3.2 and 3.3: the transaction layer and the application. */
export const LAYERS: readonly TortureCase[] = [
  {
    section: 'RFC 4475 3.2.1',
    what: 'a branch that is the magic cookie and nothing else',
    wanted: '400, or matched by the rules of RFC 2543; never mixed up with another such request',
    element: 'given',
    worker: 200,
    bytes: (to) =>
      message([
        'OPTIONS sip:ann@example.com SIP/2.0',
        `Via: ${sentBy(to)};branch=z9hG4bK`,
        'Max-Forwards: 70',
        'From: <sip:bob@example.com>;tag=33242',
        'To: <sip:ann@example.com>',
        'Call-ID: badbranch.sadonfo23i420jv0as0derf3j3n',
        'CSeq: 8 OPTIONS',
        'Content-Length: 0',
      ]),
  },
  {
    section: 'RFC 4475 3.3.1',
    what: 'no From, no To, no Call-ID',
    wanted: '400',
    element: 400,
    worker: 400,
    bytes: (to) => message(['INVITE sip:ann@example.com SIP/2.0', 'CSeq: 193942 INVITE', `Via: ${sentBy(to)};branch=z9hG4bKkdj.insuf`, 'Content-Type: application/sdp', `l: ${SDP.length}`], SDP),
  },
  {
    section: 'RFC 4475 3.3.2',
    what: 'a Request-URI of a scheme that nobody knows',
    wanted: '416; who knows the user by To may go on',
    element: 'given',
    worker: 416,
    bytes: (to) => request(to, { ...TEXT, callId: 'unkscm.nasdfasser0q239nwsdfasdkl34', uri: 'nobodyKnowsThisScheme:totallyopaquecontent' }),
  },
  {
    section: 'RFC 4475 3.3.3',
    what: 'a Request-URI of a scheme that is known, but not here',
    wanted: '416',
    element: 'given',
    worker: 416,
    bytes: (to) => request(to, { ...TEXT, callId: 'novelsc.asdfasser0q239nwsdfasdkl34', uri: 'soap.beep://192.0.2.103:3002' }),
  },
  {
    section: 'RFC 4475 3.3.4',
    what: 'unknown schemes in To, From and Contact',
    wanted: 'taken in by a parser; a server that has to know the user refuses it',
    element: 'given',
    worker: 400,
    bytes: (to) =>
      request(to, { ...TEXT, callId: 'unksm2.daksdj@hyphenated-host.example.com', to: 'isbn:2983792873', from: '<http://www.example.com>;tag=3234233', more: ['Contact: <name:John_Smith>', ...TEXT.more] }),
  },
  {
    section: 'RFC 4475 3.3.5',
    what: 'Require and Proxy-Require of things that nobody knows',
    wanted: '420 with the unknown ones of Require in Unsupported',
    element: 'given',
    worker: 420,
    bytes: (to) =>
      request(to, {
        ...TEXT,
        callId: 'bext01.0ha0isndaksdj',
        more: ['Require: nothingSupportsThis, nothingSupportsThisEither', 'Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis', ...TEXT.more],
      }),
  },
  {
    section: 'RFC 4475 3.3.6 IM-7',
    what: 'a body of an unknown type',
    wanted: '415 with Accept',
    element: 'given',
    worker: 415,
    bytes: (to) =>
      request(to, { method: 'MESSAGE', callId: 'invut.0ha0isndaksdjadsfij34n23d', more: ['Content-Type: application/unknownformat'], body: '<audio>\r\n <pcmu port="443"/>\r\n</audio>\r\n' }),
  },
  {
    section: 'RFC 4475 3.3.7',
    what: 'an authorization scheme that nobody knows',
    wanted: 'as without the header',
    element: 'given',
    worker: 200,
    bytes: (to) => request(to, { ...TEXT, callId: 'regaut01.0ha0isndaksdj', more: ['Authorization: NoOneKnowsThisScheme opaque-data=here', ...TEXT.more] }),
  },
  {
    section: 'RFC 4475 3.3.8',
    what: 'two values in fields that have one: From, To, Call-ID, CSeq, Max-Forwards, Content-Type',
    wanted: '400',
    element: 400,
    worker: 400,
    bytes: (to) =>
      request(to, {
        method: 'MESSAGE',
        callId: 'multi01.98asdh@192.0.2.1',
        more: [
          'CSeq: 59 INVITE',
          'Call-ID: multi01.98asdh@192.0.2.2',
          'From: sip:eve@example.com;tag=3413415',
          'To: sip:eve@example.com',
          'Max-Forwards: 5',
          'Content-Type: application/sdp',
          'Content-Type: text/plain',
        ],
        body: 'x',
      }),
  },
  {
    section: 'RFC 4475 3.3.9',
    what: 'two Content-Length that differ',
    wanted: '400; a stream cannot be followed behind it',
    element: 400,
    endsStream: true,
    worker: 400,
    bytes: (to) => request(to, { method: 'OPTIONS', callId: 'mcl01.fhn2323orihawfdoa3o4r52o3irsdf', more: ['Content-Length: 13'], body: 'There is no way to know how many octets are supposed to be here.' }),
  },
  {
    section: 'RFC 4475 3.3.10',
    what: 'a 200 whose second Via is the broadcast address',
    wanted: 'dropped, and sent on to nobody',
    element: 'dropped',
    worker: 'none',
    bytes: ({ transport }) =>
      message([
        'SIP/2.0 200 OK',
        `Via: SIP/2.0/${transport} 127.0.0.1:5060;branch=z9hG4bKnobody`,
        'Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23',
        'Call-ID: bcast.0384840201234ksdfak3j2erwedfsASdf',
        'CSeq: 35 INVITE',
        'From: <sip:bob@example.com>;tag=11141343',
        'To: <sip:ann@example.com>;tag=2229',
        'Content-Length: 0',
      ]),
  },
  {
    section: 'RFC 4475 3.3.11 SEC-8',
    what: 'Max-Forwards 0 in an OPTIONS',
    wanted: 'answered by its recipient, 483 from who would send it on',
    element: 'given',
    worker: 200,
    bytes: (to) => Buffer.from(request(to, { method: 'OPTIONS', callId: 'zeromf.jfasdlfnm2o2l43r5u0asdfas' }).toString('latin1').replace('Max-Forwards: 70', 'Max-Forwards: 0'), 'latin1'),
  },
  ...(
    [
      ['3.3.12', 'a parameter of Contact', 'cparam01.70710@saturn.example.com', '<sip:+19725552222@gw1.example.net>;unknownparam'],
      ['3.3.13', 'a parameter of the URI in Contact', 'cparam02.70710@saturn.example.com', '<sip:+19725552222@gw1.example.net;unknownparam>'],
      ['3.3.14', 'an escaped header of the URI in Contact', 'regescrt.k345asrl3fdbv@192.0.2.1', '<sip:user@example.com?Route=%3Csip:sip.example.com%3E>'],
    ] as const
  ).map(
    ([section, what, callId, contact]): TortureCase => ({
      section: `RFC 4475 ${section}`,
      what: `a REGISTER with ${what}`,
      wanted: 'a registrar keeps it; who is none says so',
      element: 'given',
      worker: 405,
      bytes: (to) => request(to, { method: 'REGISTER', uri: 'sip:example.com', callId, more: [`Contact: ${contact}`] }),
    }),
  ),
  {
    section: 'RFC 4475 3.3.15',
    what: 'an INVITE that takes no answer of a type we have',
    wanted: '406 or 488',
    element: 'given',
    worker: 488,
    bytes: (to) => request(to, { method: 'INVITE', callId: 'sdp01.ndaksdj9342dasdd', more: ['Accept: text/nobodyKnowsThis', 'Contact: <sip:bob@192.0.2.5>', 'Content-Type: application/sdp'], body: SDP }),
  },
];
