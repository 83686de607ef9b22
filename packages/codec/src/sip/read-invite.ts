import type { Dialog, EventOf, TextMedia } from '@isthmus/engine';
import { fault, type Fault } from '@isthmus/model';
import { readContentType } from '../body/content-type';
import { readTextMedia } from '../body/session-description';
import { readTarget, stackIdOf } from './dialogs';
import type { Envelope } from './read-envelope';
import type { RequestReading, SipReadContext } from './reading';
import type { SipRequestIn } from './wire';

/** An INVITE that opens a session, or one within a session. The text in `ms-text-format` is never read: it comes again as MESSAGE (trap T2). */
export function readInvite(request: SipRequestIn, envelope: Envelope, context: SipReadContext): RequestReading {
  const { sipUser, xmppUser, ref } = envelope;
  const base = { ref, transaction: request.transaction, at: context.at, trace: context.trace };
  if (ref.localTag !== undefined) return { is: 'event', sipUser, xmppUser, event: { ...base, ...reinviteOf(request) } };
  const { refusal, media } = offerOf(request);
  const dialog = dialogOf(request, envelope, context);
  return {
    is: 'event',
    sipUser,
    xmppUser,
    event: { on: 'sip.invite', dialog, ...base, ...(media !== undefined && { media }), ...(refusal !== undefined && { refusal }) },
  };
}

/** Without an offer the session stays as it is, and ours is in the answer (RFC 3261 section 14.2). */
function reinviteOf(request: SipRequestIn): Pick<EventOf<'sip.reinvite'>, 'on' | 'remoteTarget' | 'media' | 'refusal'> {
  const remoteTarget = readTarget(request.headers['contact']);
  const offer = request.body === '' ? {} : offerOf(request);
  return { on: 'sip.reinvite', ...(remoteTarget !== undefined && { remoteTarget }), ...offer };
}

/** The dialog that our 2xx makes, or (To has a tag) has made. The far side has created it: its tag names it to the server. */
export function dialogOf(request: SipRequestIn, envelope: Envelope, context: SipReadContext): Dialog {
  const { callId, remoteTag, localTag, cseq } = envelope.ref;
  const remoteTarget = readTarget(request.headers['contact']);
  return {
    callId,
    localTag: localTag ?? context.newTag(),
    remoteTag,
    localCSeq: 0,
    remoteCSeq: cseq,
    stackId: request.stackId ?? stackIdOf(callId, remoteTag),
    server: request.transaction.server,
    owner: request.owner,
    ...(context.peer?.holds === true && { peer: context.peer.name }),
    ...(remoteTarget !== undefined && { remoteTarget }),
  };
}

/** Only a one-to-one text session is carried (microsoft-dialect.md section 2.7). */
function offerOf(request: SipRequestIn): { readonly media?: TextMedia; readonly refusal?: Fault } {
  const type = readContentType(request.headers['content-type'] ?? '')?.type;
  const media = type === 'application/sdp' ? readTextMedia(request.body) : undefined;
  return media === undefined || isMultiParty(request) ? { refusal: fault('session.unsupported') } : { media };
}

/** `EndPoints` names the parties, both of them in a one-to-one session (trap T5). */
function isMultiParty(request: SipRequestIn): boolean {
  const endPoints = request.headers['endpoints']?.match(/\bsips?:/gi) ?? [];
  return endPoints.length > 2 || /^\s*true\s*$/i.test(request.headers['triggeredinvite'] ?? '');
}
