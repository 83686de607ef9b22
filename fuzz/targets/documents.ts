import { PRESENCE_FORMATS, readPresenceDocument, writePresenceDocument, writeStanza } from '../../packages/codec/src';
import { readReport } from '../../packages/codec/src/body/imdn';
import { readTyping } from '../../packages/codec/src/body/typing';
import type { BareJid } from '@isthmus/model';
import { isOneLine, isPlain, isTime, must, same, textIsClean, xmlIsSafe } from '../support/checks';
import { cases } from '../support/samples';
import type { Target } from '../support/target';

const TYPES = ['application/pidf+xml', 'text/xml+msrtc.pidf', 'application/msrtc-event-categories+xml', 'application/xpidf+xml'];
const PAIR = { user: 'ann@example.com' as BareJid, contact: 'bob@example.com' as BareJid };

const RICH =
  '<?xml version="1.0"?><presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" ' +
  'xmlns:ci="urn:ietf:params:xml:ns:pidf:cipid" entity="sip:bob@example.com"><tuple id="t1"><status><basic>open</basic><show xmlns="jabber:client">away</show></status>' +
  '<rpid:user-input last-input="2026-01-01T00:00:00+01:00">idle</rpid:user-input><contact priority="0.8">sip:bob@example.com</contact>' +
  '<note xml:lang="de">Gr\u00fc\u00df &lt;dich&gt; &#x1F600;</note><timestamp>2026-01-01T00:00:00Z</timestamp></tuple><dm:person id="p"><rpid:activities><rpid:meeting/></rpid:activities></dm:person>' +
  '<ci:display-name>Bob "B" &amp; Co</ci:display-name></presence>';

/** Presence documents in their four forms: what is shown is clean, and what we write of it is read the same. */
export const presenceDocument: Target = {
  name: 'presence-document',
  samples: [...cases('presence', '.xml'), RICH],
  runs: 16_000,
  check: (input) => {
    for (const type of TYPES) {
      const read = readPresenceDocument(type, input);
      if (!read.ok || read.value === undefined) continue;
      const presence = read.value;
      isPlain(presence);
      textIsClean(presence.note, 'note');
      isOneLine(presence.displayName, 'display name');
      isTime(presence.idleSince, 'idle since');
      xmlIsSafe(writeStanza({ do: 'xmpp.presence', key: 'k', trace: 't', presence }, PAIR).toString());
      for (const format of PRESENCE_FORMATS) {
        const { contentType, body } = writePresenceDocument(format, presence, { entity: 'sip:bob@example.com' });
        xmlIsSafe(body);
        const again = readPresenceDocument(contentType, body);
        must(again.ok && again.value !== undefined, `our own ${format} cannot be read`, body);
        if (format !== 'pidf' || !again.ok) continue;
        const { note, noteLanguage, displayName } = presence;
        same({ note, noteLanguage, displayName }, { note: again.value?.note, noteLanguage: again.value?.noteLanguage, displayName: again.value?.displayName }, 'note and name');
      }
    }
  },
};

/** The two small documents of a session: who types, and what has arrived. */
export const smallDocument: Target = {
  name: 'small-document',
  samples: [
    '<?xml version="1.0"?><KeyboardActivity><status status="type" /></KeyboardActivity>',
    '<?xml version="1.0" encoding="UTF-8"?><isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>active</state><contenttype>text/plain</contenttype><refresh>90</refresh></isComposing>',
    '<?xml version="1.0"?><imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>34jk324j</message-id><datetime>2026-04-04T12:16:49-05:00</datetime><delivery-notification><status><delivered/></status></delivery-notification></imdn>',
  ],
  runs: 8_000,
  check: (input) => {
    const typing = readTyping(input);
    if (typing.ok) must((typing.value.refreshSeconds ?? 0) <= 3600, 'a refresh without bounds', typing.value);
    const report = readReport(input);
    must(report === undefined || /^[!-~]{1,128}$/.test(report.messageId), 'a message id that is no token', report);
  },
};
