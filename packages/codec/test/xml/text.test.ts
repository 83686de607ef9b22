import fc from 'fast-check';
import { cleanXmlText, escapeXml } from '../../src/xml/text';

describe('SEC-10: text for XML', () => {
  test.each([
    ['a\u0000b\u0008c\u000Bd\u001Fe', 'abcde'],
    ['a\uFFFEb\uFFFFc', 'abc'],
    ['a\uD800b\uDC00c', 'abc'],
    ['\t\n\r \u0085\uD7FF\uE000\uFFFD😀\u{10FFFF}', '\t\n\r \u0085\uD7FF\uE000\uFFFD😀\u{10FFFF}'],
  ])('%j is cleaned to %j', (text, cleaned) => {
    expect(cleanXmlText(text)).toBe(cleaned);
  });

  test('markup and CR become references', () => {
    expect(escapeXml('<a b="c" d=\'e\'>&\r\n\u0001')).toBe('&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;&#xD;\n');
  });

  test('whatever the text, nothing is left that could be markup or is no Char of XML 1.0', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeXml(text)).not.toMatch(/[<>"'\r]|&(?!(?:amp|lt|gt|quot|apos|#xD);)/);
        expect(escapeXml(text)).toBe(escapeXml(cleanXmlText(text)));
      }),
    );
  });
});
