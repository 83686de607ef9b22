import type { RequestEffect } from '@isthmus/engine';
import { fault, type Fault } from '@isthmus/model';
import type { SipRequestOut } from './wire';
import { isEstablished, type SipWriteContext } from './writing';

/** RFC 3428 section 8: a MESSAGE outside of a session, as a whole, where a hop may be UDP. */
const MAX_PAGE_BYTES = 1_300;
/** What the stack adds to ours: Via, Max-Forwards, Content-Length. */
const ADDED_BYTES = 200;

/**
 * Why a request must not be sent, if it is too large: for a hop that may be UDP (IM-5), or for the SIP server (DR-16, which
 * would answer nothing and forget what comes next).
 */
export function sizeFault(out: SipRequestOut, effect: RequestEffect, context: SipWriteContext): Fault | undefined {
  const bytes = bytesOf(out) + ADDED_BYTES;
  const isPage = out.method === 'MESSAGE' && !isEstablished(effect.dialog);
  if (isPage && context.streamOnly !== true && bytes > MAX_PAGE_BYTES) {
    return fault('body.too-large', 'The message is too long for SIP outside of a session; send it in shorter parts');
  }
  const { maxRequestBytes } = context;
  return maxRequestBytes !== undefined && bytes > maxRequestBytes ? fault('body.too-large') : undefined;
}

function bytesOf({ method, uri, headers, body }: SipRequestOut): number {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.byteLength(`${method} ${uri} SIP/2.0\r\n${lines.join('')}\r\n`) + Buffer.byteLength(body ?? '');
}
