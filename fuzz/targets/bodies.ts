import { readText, textToWire } from '../../packages/codec/src';
import { readCpim, writeCpim } from '../../packages/codec/src/body/cpim';
import { readReportWish } from '../../packages/codec/src/body/imdn';
import { readTextMedia } from '../../packages/codec/src/body/session-description';
import { must, same, textIsClean } from '../support/checks';
import type { Target } from '../support/target';

const HTML = '<html><head><title>t</title><style>p{}</style></head><body><p>Hello <b>Ann</b> &amp; &#x1F600;<br>see <a href="https://example.com/?a=1&amp;b=2">here</a></p><script>x()</script><pre> a\n b</pre><img src="http://x/y.png" alt="a cat"></body></html>';
const RTF = "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fswiss Segoe UI;}{\\f1\\fcharset128 MS Gothic;}}{\\colortbl;\\red0\\green0\\blue0;}\\uc1\\pard\\f0 Gr\\'fc\\'df dich \\u128512?\\f1 \\'83\\'65\\par{\\field{\\*\\fldinst{HYPERLINK \"https://example.com/\"}}{\\fldrslt{here}}}}";
const MULTIPART = '--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nplain\r\n--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>gr=C3=BC=\r\n=C3=9F</p>\r\n--b\r\nContent-Type: text/rtf\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;handling=optional\r\n\r\ne1xydGYxIGhpfQ==\r\n--b--\r\n';
const CPIM = 'From: <sip:ann@example.com>\r\nTo: <sip:bob@example.com>\r\nNS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: 34jk324j\r\nDateTime: 2026-04-04T12:16:49-05:00\r\nimdn.Disposition-Notification: positive-delivery, negative-delivery\r\n\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello\r\n';
const SDP = 'v=0\r\no=- 0 0 IN IP4 192.0.2.1\r\ns=session\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=message 5060 sip null\r\na=accept-types:text/plain multipart/alternative\r\n';

const TYPES = ['text/plain', 'text/html', 'text/rtf', 'multipart/alternative; boundary=b', 'multipart/mixed;boundary="b"', 'multipart/related; boundary=b; start="<1>"'];

/** Bodies of texts in all their forms, and the types themselves: the result is clean, and goes out and comes in the same. */
export const textBody: Target = {
  name: 'text-body',
  samples: [MULTIPART, HTML, RTF, 'hello\r\nAnn \u{1f600}', ...TYPES, 'text/plain; charset="utf-16"; format=flowed'],
  runs: 14_000,
  largest: 100_000,
  check: (input) => {
    readText(input, 'x');
    for (const type of TYPES) {
      const read = readText(type, input);
      if (!read.ok) continue;
      textIsClean(read.value, type);
      must(!/[\r\x7f-\x9f]/.test(read.value), `a control in a text of ${type}`, read.value);
      const again = readText('text/plain', textToWire(read.value));
      must(again.ok && again.value === read.value, 'a text that changes on its way', [type, read.value, again]);
    }
  },
};

/** Envelopes of a message, and the offers of a session. */
export const envelope: Target = {
  name: 'cpim-and-sdp',
  samples: [CPIM, SDP],
  runs: 9_000,
  check: (input) => {
    readTextMedia(input);
    const cpim = readCpim(input);
    if (!cpim.ok) return;
    const wish = readReportWish(cpim.value);
    must(wish === undefined || /^[!-~]{1,128}$/.test(wish.messageId), 'a message id that is no token', wish);
    must(wish?.at === undefined || /^[!-;=?-~]+$/.test(wish.at), 'a time with markup in it', wish);
    const { body } = cpim.value;
    const again = readCpim(writeCpim({ From: '<sip:a@b>' }, { 'Content-Type': 'text/plain' }, body));
    must(again.ok && again.value.body === body, 'a body that changes in its envelope', body);
  },
};
