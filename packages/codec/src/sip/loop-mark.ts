import { createHash } from 'node:crypto';
import type { SipRequestIn } from './wire';

/**
 * The SIP server gives back what it does not know, by its own static route: a request of ours that comes to us again
 * (SEC-8, RFC 5393 section 4.2.2). drachtio writes the Via, so the mark is a header of its own; proxies hand it on.
 */
export const LOOP_MARK = 'Isthmus-Mark';

/** The same for all workers of an installation, another for each installation. No secret: who copies it is refused. */
export function loopMark(component: string, domain: string): string {
  return createHash('sha256').update(`isthmus ${component} ${domain}`).digest('hex').slice(0, 16);
}

/** Whose mark a request bears: `own`, that of another installation, or none. */
export function markOf(request: SipRequestIn, own: string): 'own' | 'other' | undefined {
  const marks = request.headers[LOOP_MARK.toLowerCase()];
  if (marks === undefined) return undefined;
  return marks.split(',').some((each) => each.trim() === own) ? 'own' : 'other';
}
