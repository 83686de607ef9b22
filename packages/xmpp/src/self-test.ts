import type { Element } from '@xmpp/xml';

import { XmppLinkError } from './errors';
import { accountProbe, errorCondition, isAccountAnswer, spoofedPing } from './partition';
import type { Parties } from './partition';

/** What the self-test found. Only `passed` lets the link go online. */
export type SelfTestVerdict = 'passed' | 'guard-open' | 'plugin-missing';

/** How long the refusal may lag behind the answer to the question that was sent after it, milliseconds. */
const GRACE_MS = 2_000;

type Ask = (iq: Element, timeoutMs: number) => Promise<Element>;

/**
 * XD-8: a stanza in a foreign name must be refused, and the plug-in must answer. Both are sent at once, the foreign name
 * first: when the second is answered and the first is not refused, the server has let it through.
 * Rejects when the server does not answer in time or the connection is lost: then nothing is known.
 */
export async function selfTest(parties: Parties, ask: Ask, timeoutMs: number): Promise<SelfTestVerdict> {
  const refusal = settled(ask(spoofedPing(parties), timeoutMs));
  const account = await ask(accountProbe(parties), timeoutMs);
  if (!isAccountAnswer(account)) return 'plugin-missing';
  const answer = await within(refusal, GRACE_MS);
  if (answer instanceof XmppLinkError && answer.code === 'disconnected') throw answer;
  if (answer === undefined || answer instanceof Error) return 'guard-open';
  return errorCondition(answer) === 'forbidden' ? 'passed' : 'guard-open';
}

function settled(promise: Promise<Element>): Promise<Element | Error> {
  return promise.catch((error: Error) => error);
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
