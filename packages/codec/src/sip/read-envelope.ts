import type { DialogRef } from '@isthmus/engine';
import { fail, fault, succeed, type Fault, type Jid, type Result, type SipUri } from '@isthmus/model';
import { faultFromSip } from '@isthmus/rules';
import { honestName } from '../address/look-alike';
import { jidToSipUri, readNameAddr, readSipUri, sipToJid, type NameAddr } from '../address';
import { readAssertedIdentity } from './asserted-identity';
import { readCSeq } from './fields';
import type { SipReadContext, SipUser } from './reading';
import type { SipRequestIn } from './wire';

/** Who sends what to whom, in which dialog: the part that all requests have in common. */
export interface Envelope {
  readonly sipUser: SipUser;
  readonly xmppUser: Jid;
  readonly ref: DialogRef;
}

/**
 * A tag, and a Call-ID, which may hold all of RFC 3261's `word`: visible ASCII without the characters that would end it in
 * a header or in the server's first line. The longest ones of RFC 4475 have 303 and 141 characters.
 */
const TAG = /^[!#-+\-.-:=?-{}~]{1,512}$/;
const CALL_ID = /^[!-+\-.-:<-{}~]{1,512}$/;
/** RFC 3261 section 8.2.2.1. Of other schemes nobody could say who is meant. */
const SCHEME = /^\s*([a-z][a-z0-9+.-]*):/i;
const OUR_SCHEMES: ReadonlySet<string> = new Set(['sip', 'im', 'pres', 'tel']);
const ASCII = /^[!-~]*$/;

/**
 * From is the SIP user and To the XMPP user, in a dialog too: there the Request-URI is our own Contact. A peer of our trust
 * domain may vouch for another sender.
 * Faults: `body.malformed` (400) with what is missing; those of the addresses; `scheme.sips` (SEC-2);
 * 416 for a Request-URI of another scheme.
 */
export function readEnvelope(request: SipRequestIn, context: SipReadContext): Result<Envelope> {
  const { headers } = request;
  const from = readNameAddr(headers['from'] ?? '');
  const to = readNameAddr(headers['to'] ?? '');
  if (!from.ok) return from;
  if (!to.ok) return to;
  const ref = readRef(request, from.value, to.value, context);
  if (!ref.ok) return ref;
  const sender = readSender(request, from.value, ref.value, context);
  if (!sender.ok) return sender;
  const sipUser = readSipUser(sender.value, context);
  if (!sipUser.ok) return sipUser;
  const xmppUser = readXmppUser(request.uri, to.value);
  if (!xmppUser.ok) return xmppUser;
  return succeed({ sipUser: sipUser.value, xmppUser: xmppUser.value, ref: ref.value });
}

/**
 * Who sends it (RFC 3325). A NOTIFY comes in a dialog that we have opened with a user whom we know; whoever is vouched for
 * there may be the server that answers in his place.
 */
function readSender({ method, headers }: SipRequestIn, from: NameAddr, ref: DialogRef, { peer }: SipReadContext): Result<NameAddr> {
  const isOurs = method === 'NOTIFY' && ref.localTag !== undefined;
  if (peer?.trusted !== true || isOurs) return succeed(from);
  const asserted = readAssertedIdentity(headers);
  return asserted.ok ? succeed(asserted.value ?? from) : asserted;
}

function readRef(request: SipRequestIn, from: NameAddr, to: NameAddr, { peer }: SipReadContext): Result<DialogRef> {
  const callId = request.headers['call-id']?.trim() ?? '';
  const remoteTag = from.params.get('tag') ?? '';
  const localTag = to.params.get('tag') ?? '';
  const cseq = readCSeq(request.headers['cseq']);
  if (!CALL_ID.test(callId)) return malformed('Call-ID is missing or not valid');
  if (!TAG.test(remoteTag)) return malformed('From has no valid tag');
  if (localTag !== '' && !TAG.test(localTag)) return malformed('To has no valid tag');
  if (cseq === undefined) return malformed('CSeq is missing or not valid');
  const source = peer === undefined ? {} : { peer: peer.name, ...(peer.others.length > 0 && { others: peer.others }) };
  return succeed({ callId, remoteTag, cseq, ...(localTag !== '' && { localTag }), ...source });
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
  const displayName = honestName(from.displayName ?? '');
  return succeed({ jid: read.value.jid, uri: uri.value, ...(displayName !== undefined && { displayName }) });
}

/** The URI as written, without port and parameters (ADDR-10); made from the JID where it is no plain SIP URI. */
function addressOfRecord(uri: string, jid: Jid): Result<SipUri> {
  const parts = readSipUri(uri);
  if (!parts.ok || parts.value.scheme !== 'sip' || parts.value.user === undefined || !ASCII.test(uri)) return jidToSipUri(jid);
  return succeed(`sip:${parts.value.user}@${parts.value.host}` as SipUri);
}

function readXmppUser(requestUri: string, to: NameAddr): Result<Jid> {
  const wrong = requestUriFault(requestUri);
  if (wrong !== undefined) return fail(wrong);
  const read = sipToJid(to.uri, { sips: 'refuse' });
  return read.ok ? succeed(read.value.jid) : read;
}

/** SEC-2; 416 for a scheme that is not ours, 400 for what is no URI (RFC 4475 sections 3.1.2.7, 3.3.2, RFC 5118 section 4.2). */
function requestUriFault(uri: string): Fault | undefined {
  const scheme = SCHEME.exec(uri)?.[1]?.toLowerCase();
  if (scheme === 'sips') return fault('scheme.sips');
  if (scheme !== undefined && !OUR_SCHEMES.has(scheme)) return faultFromSip(416, `${scheme}: addresses are not carried`);
  return readSipUri(uri.trim()).ok ? undefined : fault('address.malformed');
}
