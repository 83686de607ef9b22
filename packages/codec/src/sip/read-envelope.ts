import type { DialogRef } from '@isthmus/engine';
import { fail, fault, succeed, type Jid, type Result, type SipUri } from '@isthmus/model';
import { jidToSipUri, readNameAddr, readSipUri, sipToJid, type NameAddr } from '../address';
import { readCSeq } from './fields';
import type { SipReadContext, SipUser } from './reading';
import type { SipRequestIn } from './wire';

/** Who sends what to whom, in which dialog: the part that all requests have in common. */
export interface Envelope {
  readonly sipUser: SipUser;
  readonly xmppUser: Jid;
  readonly ref: DialogRef;
}

/** Call-ID or tag: visible ASCII without the characters that would end it in a header or in the server's first line. */
const IDENTIFIER = /^[!#-+\-.-:=?-{}~]{1,256}$/;
const ASCII = /^[!-~]*$/;

/**
 * From is the SIP user and To the XMPP user, in a dialog too: there the Request-URI is our own Contact.
 * Faults: `body.malformed` (400) with what is missing; those of the addresses; `scheme.sips` (SEC-2).
 */
export function readEnvelope(request: SipRequestIn, context: SipReadContext): Result<Envelope> {
  const { headers } = request;
  const from = readNameAddr(headers['from'] ?? '');
  const to = readNameAddr(headers['to'] ?? '');
  if (!from.ok) return from;
  if (!to.ok) return to;
  const ref = readRef(request, from.value, to.value);
  if (!ref.ok) return ref;
  const sipUser = readSipUser(from.value, context);
  if (!sipUser.ok) return sipUser;
  const xmppUser = readXmppUser(request.uri, to.value);
  if (!xmppUser.ok) return xmppUser;
  return succeed({ sipUser: sipUser.value, xmppUser: xmppUser.value, ref: ref.value });
}

function readRef(request: SipRequestIn, from: NameAddr, to: NameAddr): Result<DialogRef> {
  const callId = request.headers['call-id']?.trim() ?? '';
  const remoteTag = from.params.get('tag') ?? '';
  const localTag = to.params.get('tag') ?? '';
  const cseq = readCSeq(request.headers['cseq']);
  if (!IDENTIFIER.test(callId)) return malformed('Call-ID is missing or not valid');
  if (!IDENTIFIER.test(remoteTag)) return malformed('From has no valid tag');
  if (localTag !== '' && !IDENTIFIER.test(localTag)) return malformed('To has no valid tag');
  if (cseq === undefined) return malformed('CSeq is missing or not valid');
  return succeed({ callId, remoteTag, cseq, ...(localTag !== '' && { localTag }) });
}

function malformed(text: string): Result<never> {
  return fail(fault('body.malformed', text));
}

function readSipUser(from: NameAddr, context: SipReadContext): Result<SipUser> {
  const { telephoneDomain } = context;
  const read = sipToJid(from.uri, telephoneDomain === undefined ? {} : { telephoneDomain });
  if (!read.ok) return read;
  const uri = addressOfRecord(from.uri, read.value.jid);
  if (!uri.ok) return uri;
  const { displayName } = from;
  return succeed({ jid: read.value.jid, uri: uri.value, ...(displayName !== undefined && { displayName }) });
}

/** The URI as written, without port and parameters (ADDR-10); made from the JID where it is no plain SIP URI. */
function addressOfRecord(uri: string, jid: Jid): Result<SipUri> {
  const parts = readSipUri(uri);
  if (!parts.ok || parts.value.scheme !== 'sip' || parts.value.user === undefined || !ASCII.test(uri)) return jidToSipUri(jid);
  return succeed(`sip:${parts.value.user}@${parts.value.host}` as SipUri);
}

function readXmppUser(requestUri: string, to: NameAddr): Result<Jid> {
  if (/^\s*sips:/i.test(requestUri)) return fail(fault('scheme.sips'));
  const read = sipToJid(to.uri, { sips: 'refuse' });
  return read.ok ? succeed(read.value.jid) : read;
}
