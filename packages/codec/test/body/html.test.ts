import fc from 'fast-check';
import { htmlToText } from '../../src/body/html';

describe('SEC-13: HTML reduced to text', () => {
  test.each([
    ['tags are dropped', '<b>bold</b> and <i class="x">italic</i>', 'bold and italic'],
    ['br ends a line', 'line1<br>line2<BR/>line3', 'line1\nline2\nline3'],
    ['paragraphs stand on lines of their own', '<p>one</p><p>two</p>three', 'one\ntwo\nthree'],
    ['list items too', '<ul><li>a<li>b</ul>', 'a\nb\n'],
    ['cells are kept apart', '<table><tr><td>a</td><td>b</td></tr></table>', 'a b\n'],
    ['runs of white space are one space', ' a \r\n\t b ', 'a b'],
    ['white space beside tags counts', 'a<b> b</b>', 'a b'],
    ['pre keeps it', '<pre>a\n  b</pre>c', 'a\n  b\nc'],
    ['a pre that was never opened', 'a</pre> b', 'a\nb'],
    ['references', '&lt;b&gt; &amp;amp; &quot;x&quot; &#39; &#x20AC; &euro; a&nbsp;b', '<b> &amp; "x" \' € € a b'],
    ['two spaces by reference', 'a&nbsp; b', 'a  b'],
    ['references of all names, and without their semicolon', '&check;&NotEqualTilde; &lt b &amp', '\u2713\u2242\u0338 < b &'],
    ['numeric references as Word writes them (windows-1252)', 'it&#146;s &#8364;', 'it\u2019s \u20ac'],
    ['unknown references stay', '&nope; &constructor; & &;', '&nope; &constructor; & &;'],
    ['SEC-10: references to what is no character', '&#x110000;&#xD800;&#0;', '\ufffd\ufffd\ufffd'],
    ['a link keeps its target', 'see <a href="http://example.com/x?a=1&amp;b=2">this</a>!', 'see this <http://example.com/x?a=1&b=2>!'],
    ['a link that shows its target', '<a href="http://example.com/">http://example.com/</a>', 'http://example.com/'],
    ['but for a slash', '<a href="http://example.com/">http://example.com</a>', 'http://example.com'],
    ['mailto', "<A HREF='mailto:ann@example.com'>ann@example.com</A>", 'ann@example.com'],
    ['a link without text', 'x <a href=http://example.com></a>', 'x http://example.com'],
    ['a link that is never closed', '<a href="http://example.com">x', 'x <http://example.com>'],
    ['a link inside a link', '<a href="http://a.example">x<a href="http://b.example">y</a>', 'x <http://a.example>y <http://b.example>'],
    ['script as a target is dropped', '<a href="javascript:alert(1)">click</a>', 'click'],
    ['an anchor without target', '<a name="x">here</a>', 'here'],
    ['script and style are gone', 'a<script>if (1<2) alert("</b>")</script>b<STYLE>p{}</style >c', 'abc'],
    ['its end is found behind letters that are longer in lower case', '\u0130\u0130\u0130<style>p{}</style>abc', '\u0130\u0130\u0130abc'],
    ['a script that is never closed', 'a<script>alert(1)', 'a'],
    ['the title is gone', '<html><head><title>t</title></head><body>x</body></html>', 'x\n'],
    ['comments, document type, instructions are gone', '<!DOCTYPE html><?xml x?>a<!-- <b>no</b> -->b<!--open', 'ab'],
    ['images show their text', 'ok <img src="http://evil.example/t.gif" alt=":-)">', 'ok :-)'],
    ['images without text', 'a<img src=x>b', 'ab'],
    ['a bracket inside quotes is no end', '<b title="a>b" id=\'>\'>x</b>', 'x'],
    ['what is no tag is text', '1 < 2 <3 a<', '1 < 2 <3 a<'],
    ['a tag that is never closed', 'a <b title="x', 'a'],
    ['a link whose text is an attribute of its own', '<a title=x href>y</a>', 'y'],
    ['an instruction that is never closed is text', 'a<?php', 'aphp'],
    ['a section that HTML does not know', 'a<![CDATA[b]]>c', 'ac'],
    ['what stands in a dropped element has no effect', 'a<template><br>b<br/>&amp;<p>c</i></template>d', 'ad'],
    ['a dropped element that is closed at once', 'a<template/>b', 'ab'],
    ['promise 1: what stands for something that is not run or shown', '<object data="x">a</object> <noscript>b</noscript> <iframe src="x">c</iframe> <textarea>d</textarea>', 'a b c d'],
    ['the first of two attributes counts', '<a href="http://a.example" href="http://b.example">x</a>', 'x <http://a.example>'],
    ['empty attribute', '<a href="">x</a><img alt="">', 'x'],
    ['an attribute without a value', '<img alt>x', 'x'],
  ])('%s', (_name, html, expected) => {
    expect(htmlToText(html)).toBe(expected);
  });

  test('law: whatever the input, it never throws', () => {
    const piece = fc.oneof(
      fc.constantFrom('<', '>', '"', "'", '<a href="', '<!--', '-->', '</', '<pre>', '<script', '&', '&#', '=', ' ', '\n'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        expect(typeof htmlToText(pieces.join(''))).toBe('string');
      }),
      { numRuns: 500 },
    );
  });

  // The time that jest allows a test is the deadline: anything quadratic would need minutes for a megabyte.
  test.each(['<', '<a "', '<!--', '<a href="http://e.e/', '</a', '&#', '<pre> ', '<script>', '<a href=x ', ' <td>', '<b>x ', '<div>', '<b></p>', '<table><tr><td>', '<a href="x"', '&amp'])(
    'SEC-10: 200,000 times %j is read to its end',
    (piece) => {
      expect(typeof htmlToText(piece.repeat(200_000))).toBe('string');
    },
  );
});
