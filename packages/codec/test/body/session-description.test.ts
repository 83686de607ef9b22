import { mediaOf, readTextMedia, writeTextSession } from '../../src/body/session-description';

const sdp = (...media: string[]) =>
  ['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=session', 'c=IN IP4 127.0.0.1', 't=0 0', ...media, 'a=accept-types:text/plain text/html', ''].join('\r\n');

describe('text sessions in SDP (microsoft-dialect section 2.1)', () => {
  test.each([
    ['OCS, Lync', sdp('m=message 25060 sip null'), 'message'],
    ['with the address of the user', sdp('m=message 5060 sip sip:bob@example.com'), 'message'],
    ['LCS', sdp('m=x-ms-message 5060 sip null'), 'x-ms-message'],
    ['LF only, other letter case', 'v=0\nm=Message 5060 SIP null\n', 'message'],
    ['MSRP (RFC 4975)', sdp('m=message 7654 TCP/MSRP *'), undefined],
    ['audio', sdp('m=audio 5000 RTP/AVP 0'), undefined],
    ['audio beside it', sdp('m=message 25060 sip null', 'm=audio 5000 RTP/AVP 0'), undefined],
    ['no media', sdp(), undefined],
    ['a media line that is cut off', sdp('m=message'), undefined],
    ['nothing', '', undefined],
  ])('%s: %#', (_name, body, expected) => {
    expect(readTextMedia(body)).toBe(expected);
  });

  test('what we write is complete and takes only text/plain', () => {
    expect(writeTextSession({ host: '127.0.0.1', port: 5060 }, mediaOf('lync'))).toBe(
      'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=session\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=message 5060 sip null\r\na=accept-types:text/plain\r\n',
    );
  });

  test('LCS knows only its own word', () => {
    expect(writeTextSession({ host: 'gw.example.com', port: 5061 }, mediaOf('lcs'))).toContain('m=x-ms-message 5061 sip null\r\n');
    expect(writeTextSession({ host: '127.0.0.1', port: 5060 }, mediaOf('ocs'))).toContain('m=message 5060 sip null\r\n');
  });

  test('IPv6', () => {
    expect(writeTextSession({ host: '[2001:db8::1]', port: 5060 }, mediaOf('lync'))).toContain('c=IN IP6 2001:db8::1\r\n');
  });
});
