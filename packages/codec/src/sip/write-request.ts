import { createHash } from 'node:crypto';
import type { Dialog, RequestEffect } from '@isthmus/engine';
import { LOOP_MARK } from './loop-mark';
import { safeRequest, type LooseHeaders } from './safe';
import type { SipRequestOut } from './wire';
import { writeContent } from './write-content';
import { isEstablished, methodOf, type RequestMethod, type SipParties, type SipWriteContext } from './writing';

/** The server puts the remote target in its place (DR-6). */
const PLACEHOLDER = 'sip:placeholder';

/**
 * The request that does an effect: by the server's dialog id where the server knows the dialog, by hand where it has lost
 * it, else out of dialog. Written twice it is the same request: Call-ID, tags and CSeq come from the effect.
 */
export function writeRequest(effect: RequestEffect, parties: SipParties, context: SipWriteContext): SipRequestOut {
  const method = methodOf(effect, context.dialect);
  const { headers, body } = writeContent(effect, parties, context);
  const out = {
    method,
    timeoutMs: timeoutOf(effect, method, context),
    ...(body !== undefined && { body }),
  };
  const { dialog } = effect;
  if (dialog !== undefined && isEstablished(dialog) && dialog.handMade === undefined) {
    return safeRequest({ uri: PLACEHOLDER, ...out, headers, stackId: dialog.stackId, server: dialog.server });
  }
  const place = dialog === undefined ? pageMode(effect, parties) : byHand(dialog, method, parties);
  const uri = dialog?.remoteTarget ?? parties.contact;
  const proxy = dialog?.hop ?? context.proxy;
  return safeRequest({
    uri,
    ...out,
    headers: { ...place, ...headers, [LOOP_MARK]: context.loopMark },
    ...(proxy !== undefined && { proxy }),
  });
}

function timeoutOf(effect: RequestEffect, method: RequestMethod, context: SipWriteContext): number {
  const { inviteTimeoutMs, requestTimeoutMs, assumeSentMs = 0 } = context;
  if (method === 'INVITE') return inviteTimeoutMs;
  return effect.do === 'sip.message' && effect.dialog !== undefined && assumeSentMs > 0 ? assumeSentMs : requestTimeoutMs;
}

/**
 * The dialog's headers, made by ourselves. The number of a request made by hand must exceed all that the server used
 * (DR-36); the tag goes last (DR-10).
 */
function byHand(dialog: Dialog, method: RequestMethod, parties: SipParties): LooseHeaders {
  return {
    From: `<${parties.user}>;tag=${dialog.localTag}`,
    To: dialog.remoteTag === undefined ? `<${parties.contact}>` : `<${parties.contact}>;tag=${dialog.remoteTag}`,
    'Call-ID': dialog.callId,
    CSeq: `${dialog.localCSeq + 1} ${method}`,
  };
}

/** A request of its own (RFC 3428). The effect's key names it where it has no Call-ID, so that a repetition can be seen. */
function pageMode(effect: RequestEffect, parties: SipParties): LooseHeaders {
  const callId = ('callId' in effect ? effect.callId : undefined) ?? token(effect.key);
  return {
    From: `<${parties.user}>;tag=${token(callId)}`,
    To: `<${parties.contact}>`,
    'Call-ID': callId,
    CSeq: '1 MESSAGE',
  };
}

/** 16 characters that anything can be told by, and that fit into any header. */
function token(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
