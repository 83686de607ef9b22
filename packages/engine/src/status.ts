import { fault, type Fault } from '@isthmus/model';
import type { SipOutcomeEvent } from './events';

/** RFC 3261 section 17.1.2.2 and RFC 6665 section 4.1.2.4: Timers F and N, 64 x T1. */
export const TIMER_N_MS = 32_000;

/** Answers to SUBSCRIBE and NOTIFY that end the subscription (RFC 6665 sections 4.1.2.2 and 4.2.2; PRES-6, PRES-30). */
const SUBSCRIPTION_ENDING: ReadonlySet<number> = new Set([404, 405, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604]);

/** Answers to a request in a session that mean that the far side no longer has it (RFC 3261 section 12.2.1.2). */
const SESSION_ENDING: ReadonlySet<number> = new Set([408, 480, 481]);

export function isSuccess(outcome: SipOutcomeEvent): boolean {
  return outcome.result === 'answered' && outcome.status >= 200 && outcome.status <= 299;
}

export function endsSubscription(outcome: SipOutcomeEvent): boolean {
  return outcome.result === 'answered' && SUBSCRIPTION_ENDING.has(outcome.status);
}

export function endsSession(outcome: SipOutcomeEvent): boolean {
  return outcome.result !== 'lost' && SESSION_ENDING.has(outcome.status);
}

/** The failure for the sender. Only 2xx carry none, and a request whose fate nobody knows. */
export function faultOf(outcome: SipOutcomeEvent): Fault {
  return outcome.fault ?? fault(outcome.result === 'unreachable' ? 'network.unreachable' : 'network.timeout');
}
