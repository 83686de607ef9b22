import { formatNameAddr, jidToSip, readDomain, readJid, readNameAddr, readPolicyEntry, readSipUri, sipToJid, writeJid } from '../../packages/codec/src';
import { isOneLine, must, same, textIsClean } from '../support/checks';
import type { Target } from '../support/target';

/** A longer value is not read at all, characters. */
const MAX_LENGTH = 16_384;

function jidHolds(text: string): void {
  const read = readJid(text);
  if (!read.ok) return;
  const jid = read.value;
  textIsClean(writeJid(jid), 'a JID');
  const again = readJid(writeJid(jid));
  must(again.ok, 'a JID that cannot be read again', writeJid(jid));
  if (again.ok) same(again.value, jid, 'a JID');
  const uri = jidToSip(jid);
  if (!uri.ok) return;
  must(/^sip:[!-;=?-~]+$/.test(uri.value), 'a URI with characters that it cannot have', uri.value);
  const back = sipToJid(uri.value);
  must(back.ok && writeJid(back.value.jid) === writeJid(jid), 'ADDR-1: a JID that is another one behind SIP', [writeJid(jid), uri.value, back]);
}

function nameAddrHolds(text: string): void {
  const read = readNameAddr(text);
  if (!read.ok) return;
  isOneLine(read.value.displayName, 'display name');
  const written = formatNameAddr(read.value);
  isOneLine(written, 'name-addr');
  if (!readSipUri(read.value.uri).ok || written.length > MAX_LENGTH) return;
  const again = readNameAddr(written);
  must(again.ok && again.value.displayName === read.value.displayName, 'a name-addr that is another one when it is read again', [text, written, again]);
}

/** JIDs, SIP URIs, header values, domains, entries of policy lists: what is taken is stable, and crosses without loss. */
export const address: Target = {
  name: 'address',
  samples: [
    'ann@example.com/desk', 'd\\27artagnan\\20x@b\u00fccher.example/r\u00e9s ource', 'sip:bob@example.com', 'sip:b%6fb;x=%C3%BC@xn--bcher-kva.example:5060;transport=tcp;gr=urn%3auuid%3a1?subject=x',
    '"Bob \\"B\\" B" <sip:bob@example.com;gr=desk>;tag=1;epid=01', 'Bob <sip:bob@example.com>;tag=x;q="a\\"b"', 'sip:bob@example.com;tag=1', 'tel:+1-555-0100', 'im:bob@example.com', 'sip:bob@[2001:db8::1]:5061',
    '*@example.com', '\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2@example.com', '\u05d0\u05d1\u05d2@example.com', '\u0645\u0631\u062d\u0628\u0627@example.com', 'sip:a%5C20b%40c@example.com',
  ],
  runs: 18_000,
  largest: 60_000,
  check: (input) => {
    jidHolds(input);
    nameAddrHolds(input);
    readSipUri(input);
    const domain = readDomain(input);
    if (domain !== undefined) must(readDomain(domain.ascii)?.unicode === domain.unicode && readDomain(domain.unicode)?.ascii === domain.ascii, 'a domain that is another one when it is read again', [input, domain]);
    const crossed = sipToJid(input);
    if (crossed.ok) jidHolds(writeJid(crossed.value.jid));
    const entry = readPolicyEntry(input);
    if (entry.ok) same(readPolicyEntry(entry.value), entry, 'an entry of a list');
  },
};
