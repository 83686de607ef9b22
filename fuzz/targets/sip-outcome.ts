import { readDiagnostics, readOutcome, writeStanza, type SipResult } from '../../packages/codec/src';
import { WRITE } from '../../packages/codec/test/support/contexts';
import type { RequestEffect } from '@isthmus/engine';
import type { BareJid } from '@isthmus/model';
import { parseMessage } from '../../packages/sipd/src/message/parse';
import { readHeaders } from '../../packages/sip/src/headers';
import { isOneLine, isPlain, xmlIsSafe } from '../support/checks';
import type { Target } from '../support/target';

const PAIR = { user: 'ann@example.com' as BareJid, contact: 'bob@example.com' as BareJid };
const DIALOG = { callId: 'c', localTag: 'l', localCSeq: 1, remoteCSeq: 0, stackId: 'c;from-tag=l', server: 'd1', owner: 'w1/d1/1' };
const EFFECTS: readonly RequestEffect[] = [
  { do: 'sip.invite', key: 'k', trace: 't', dialog: DIALOG, firstText: 'hello' },
  { do: 'sip.message', key: 'k', trace: 't', dialog: { ...DIALOG, remoteTag: 'r' }, message: { text: 'hello' } },
  { do: 'sip.subscribe', key: 'k', trace: 't', dialog: DIALOG, expiresSeconds: 3600 },
];

const head = ['Via: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1', 'From: <sip:ann@example.com>;tag=l', 'To: <sip:bob@example.com>;tag=far', 'Call-ID: c', 'CSeq: 1 INVITE'];
const answer = (line: string, ...more: readonly string[]): string => [line, ...head, ...more, 'Content-Length: 0'].join('\r\n');

/** Answers of the far side to requests of ours: what the engine, the log and the XMPP user are told. */
export const sipOutcome: Target = {
  name: 'sip-outcome',
  samples: [
    answer('SIP/2.0 200 OK', 'Contact: <sip:bob@192.0.2.1:5060;transport=tcp>', 'Expires: 1800', 'Supported: ms-text-format, gruu-10'),
    answer('SIP/2.0 302 Moved', 'Contact: "Bob" <sip:bob%40home@example.org>;q=0.7'),
    answer('SIP/2.0 423 Interval Too Brief', 'Min-Expires: 7200'),
    answer('SIP/2.0 486 Busy Here', 'Retry-After: 120 (in a meeting);duration=60', 'Warning: 309 host "blocked by \\"policy\\""', 'ms-diagnostics: 1003;reason="no";source="lync.example.com"'),
    answer('SIP/2.0 606 Not Acceptable', 'Warning: 370 devnull "Choose a bigger pipe"'),
  ],
  runs: 10_000,
  check: (input) => {
    const message = parseMessage(input, Buffer.alloc(0));
    if (message.is !== 'response') return;
    const joined: Record<string, string> = {};
    for (const { key, value } of message.headers.fields) joined[key] = joined[key] === undefined ? value : `${joined[key]},${value}`;
    const headers = readHeaders(joined);
    const result: SipResult = { is: 'answered', status: Math.max(200, message.status), reason: message.reason, headers, body: '', synthetic: false, sent: { cseq: '1 INVITE' }, server: 'd1', owner: 'w1/d1/1' };
    isOneLine(readDiagnostics(headers), 'diagnostics');
    for (const effect of EFFECTS) {
      const outcome = readOutcome(effect, result, { at: 0, dialect: WRITE.dialect });
      isPlain(outcome);
      if (outcome.fault === undefined) continue;
      const bounce = { do: 'xmpp.bounce', key: 'k', trace: 't', id: 'i', type: 'chat', message: { text: 'x' }, fault: outcome.fault } as const;
      xmlIsSafe(writeStanza(bounce, PAIR).toString());
    }
  },
};
