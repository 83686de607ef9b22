import { offersTextSession, writeTextSession } from '../../src/body/session-description';

const sdp = (...media: string[]) =>
  ['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=session', 'c=IN IP4 127.0.0.1', 't=0 0', ...media, 'a=accept-types:text/plain text/html', ''].join('\r\n');

describe('text sessions in SDP (microsoft-dialect section 2.1)', () => {
  test.each([
    ['OCS, Lync', sdp('m=message 25060 sip null'), true],
    ['with the address of the user', sdp('m=message 5060 sip sip:bob@example.com'), true],
    ['LCS', sdp('m=x-ms-message 5060 sip null'), true],
    ['LF only, other letter case', 'v=0\nm=Message 5060 SIP null\n', true],
    ['MSRP (RFC 4975)', sdp('m=message 7654 TCP/MSRP *'), false],
    ['audio', sdp('m=audio 5000 RTP/AVP 0'), false],
    ['audio beside it', sdp('m=message 25060 sip null', 'm=audio 5000 RTP/AVP 0'), false],
    ['no media', sdp(), false],
    ['a media line that is cut off', sdp('m=message'), false],
    ['nothing', '', false],
  ])('%s: %#', (_name, body, expected) => {
    expect(offersTextSession(body)).toBe(expected);
  });

  test('what we write is complete and takes only text/plain', () => {
    expect(writeTextSession({ host: '127.0.0.1', port: 5060 }, 'lync')).toBe(
      'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=session\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=message 5060 sip null\r\na=accept-types:text/plain\r\n',
    );
  });

  test('LCS knows only its own word', () => {
    expect(writeTextSession({ host: 'gw.example.com', port: 5061 }, 'lcs')).toContain('m=x-ms-message 5061 sip null\r\n');
    expect(writeTextSession({ host: '127.0.0.1', port: 5060 }, 'ocs')).toContain('m=message 5060 sip null\r\n');
  });

  test('IPv6', () => {
    expect(writeTextSession({ host: '[2001:db8::1]', port: 5060 }, 'lync')).toContain('c=IN IP6 2001:db8::1\r\n');
  });
});
