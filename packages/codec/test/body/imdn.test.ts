import fc from 'fast-check';
import { readCpim, writeCpim } from '../../src/body/cpim';
import { readReport, readReportWish, writeReport, writeWithReportWish } from '../../src/body/imdn';

const PARTIES = { user: 'sip:ann@example.com', contact: 'sip:bob@example.com' };

/** RFC 5438 section 7.1.1.1, its example with a text of our own. */
const TEXT = `From: Alice <im:alice@example.com>
To: Bob <im:bob@example.com>
NS: imdn <urn:ietf:params:imdn>
imdn.Message-ID: 34jk324j
DateTime: 2006-04-04T12:16:49-05:00
imdn.Disposition-Notification: positive-delivery, negative-delivery

Content-type: text/plain
Content-length: 12

Hello World
`;

const report = (status: string, id = '34jk324j') =>
  `<imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>${id}</message-id><datetime>2006-04-04T12:16:49-05:00</datetime>${status}</imdn>`;

describe('CPIM (RFC 3862)', () => {
  test('headers, the headers of the content, the content; line ends of either kind', () => {
    for (const text of [TEXT, TEXT.replaceAll('\n', '\r\n')]) {
      const read = readCpim(text);
      if (!read.ok) throw new Error('not read');
      expect(read.value.headers.get('urn:ietf:params:imdn Message-ID')).toBe('34jk324j');
      expect(read.value.headers.get('From')).toBe('Alice <im:alice@example.com>');
      expect(read.value.content.get('content-type')).toBe('text/plain');
      expect(read.value.body).toBe('Hello World\r\n');
    }
  });

  test('a prefix means what NS says, whatever its name; without NS it means nothing', () => {
    const read = (text: string) => {
      const cpim = readCpim(text);
      return cpim.ok ? [...cpim.value.headers.keys()] : undefined;
    };
    expect(read('NS: x <urn:ietf:params:imdn>\nx.Message-ID: 1\n\nContent-Type: text/plain\n\n')).toContain('urn:ietf:params:imdn Message-ID');
    expect(read('imdn.Message-ID: 1\nNS: broken\n\nContent-Type: text/plain\n\n')).toEqual(['imdn.Message-ID', 'NS']);
    expect(read('To: a\nTo: b\n\nContent-Type: text/plain\n\n')).toEqual(['To']);
  });

  test.each([
    ['no blank line', 'From: a'],
    ['no content', 'From: a\n\nContent-Type: text/plain'],
    ['a line that is no header', 'From a\n\nContent-Type: text/plain\n\n'],
    ['SEC-10: more than 64 headers', `${'To: a\n'.repeat(65)}\nContent-Type: text/plain\n\n`],
  ])('%s cannot be read', (_what, text) => {
    expect(readCpim(text)).toMatchObject({ ok: false, fault: { sip: 400 } });
  });

  test('law: what is written is read', () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,10}$/);
    fc.assert(
      fc.property(word, word, fc.stringMatching(/^[a-z ]*$/), (from, type, body) => {
        const read = readCpim(writeCpim({ From: from, Nothing: undefined }, { 'Content-Type': type }, body));
        expect(read).toMatchObject({ ok: true, value: { body } });
        expect(read.ok && read.value.headers.get('From')).toBe(from);
        expect(read.ok && read.value.headers.has('Nothing')).toBe(false);
      }),
    );
  });
});

describe('RFC 5438: who asks for a report', () => {
  const wish = (text: string) => {
    const cpim = readCpim(text);
    return cpim.ok ? readReportWish(cpim.value) : undefined;
  };

  test('Message-ID and time are those of the text', () => {
    expect(wish(TEXT)).toEqual({ messageId: '34jk324j', at: '2006-04-04T12:16:49-05:00' });
    expect(wish(TEXT.replace(/DateTime.*\n/, ''))).toEqual({ messageId: '34jk324j' });
  });

  test.each([
    ['no wish', TEXT.replace(/imdn.Disp.*\n/, '')],
    ['only for failures, or to know what is read', TEXT.replace('positive-delivery, negative-delivery', 'negative-delivery, display')],
    ['no Message-ID', TEXT.replace(/imdn.Mess.*\n/, '')],
    ['SEC-10: a Message-ID that would be markup', TEXT.replace('34jk324j', '<x/>')],
  ])('%s: no report', (_what, text) => {
    expect(wish(text)).toBeUndefined();
  });

  test('SEC-10: a time that would be markup is not taken over', () => {
    expect(wish(TEXT.replace('2006-04-04T12:16:49-05:00', '</datetime><x/>'))).toEqual({ messageId: '34jk324j' });
  });
});

describe('RFC 5438: what a report says', () => {
  test.each([
    ['delivered', report('<delivery-notification><status><delivered/></status></delivery-notification>'), { messageId: '34jk324j', delivered: true }],
    ['failed', report('<delivery-notification><status><failed/></status></delivery-notification>'), { messageId: '34jk324j', delivered: false }],
    ['forbidden', report('<delivery-notification><status><forbidden/></status></delivery-notification>'), { messageId: '34jk324j', delivered: false }],
    ['displayed: nobody is told what was read', report('<display-notification><status><displayed/></status></display-notification>'), undefined],
    ['no id', report('<delivery-notification><status><delivered/></status></delivery-notification>', ''), undefined],
    ['another document', '<x/>', undefined],
    ['no XML', 'x', undefined],
    ['SEC-10: too long', report(`<delivery-notification><status><delivered/></status></delivery-notification>${' '.repeat(5000)}`), undefined],
  ])('%s', (_what, document, expected) => {
    expect(readReport(document)).toEqual(expected);
  });
});

describe('what we write', () => {
  test('a text asks for a report of its delivery, and of nothing else', () => {
    const { contentType, body } = writeWithReportWish({ contentType: 'text/plain; charset=UTF-8', body: 'Grüße\r\n' }, 'id-1', PARTIES);
    expect(contentType).toBe('message/cpim');
    expect(body).toBe(
      'From: <sip:ann@example.com>\r\nTo: <sip:bob@example.com>\r\nNS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: id-1\r\n' +
        'imdn.Disposition-Notification: positive-delivery\r\n\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\nGrüße\r\n',
    );
  });

  test('IM-28: a report names the text, and asks for no report itself', () => {
    const { contentType, body } = writeReport({ messageId: '34jk324j', at: '2006-04-04T12:16:49-05:00' }, 'own-1', PARTIES);
    const cpim = readCpim(body);
    if (!cpim.ok) throw new Error('not read');
    expect(contentType).toBe('message/cpim');
    expect(readReportWish(cpim.value)).toBeUndefined();
    expect(body).not.toContain('Disposition-Notification');
    expect([cpim.value.content.get('content-type'), cpim.value.content.get('content-disposition')]).toEqual(['message/imdn+xml', 'notification']);
    expect(readReport(cpim.value.body)).toEqual({ messageId: '34jk324j', delivered: true });
    expect(cpim.value.body).toContain('<datetime>2006-04-04T12:16:49-05:00</datetime>');
  });
});
