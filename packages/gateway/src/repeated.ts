import type { Pair } from '@isthmus/model';
import type { Logger } from './log';
import type { Metrics } from './metrics';

/** The one place where a text may arrive twice (promise 1): its first sending had no outcome that anybody knows. */
export function noteRepeated({ log, metrics }: { readonly log: Logger; readonly metrics: Metrics }, direction: 'to-sip' | 'to-xmpp', { user, contact }: Pair, trace: string): void {
  metrics.repeated.inc({ direction });
  const [from, to] = direction === 'to-sip' ? [user, contact] : [contact, user];
  log.warn({ trace, from, to }, 'message_repeated');
}
