import type { Effect, PairRecord } from '@isthmus/engine';

/**
 * Must `effect` not overtake `earlier`? Stanzas keep their order (promise 2). The 200 to a text waits for the text, also
 * the 200 to its repetition (promise 1), and a request for the answer to that which caused it.
 */
export function needs(effect: Effect, earlier: Effect): boolean {
  if (isStanza(effect)) return isStanza(earlier);
  if (earlier.do === 'xmpp.message') return effect.do === 'sip.answer' && effect.method === 'MESSAGE' && effect.status < 300;
  return earlier.do === 'sip.answer' && effect.trace === earlier.trace;
}

/** Does it need one that is in other hands and comes before it? */
export function isBehind(effect: Effect, elsewhere: readonly Effect[], record: PairRecord): boolean {
  const place = record.effects.indexOf(effect);
  return elsewhere.some((other) => needs(effect, other) && record.effects.indexOf(other) < place);
}

function isStanza(effect: Effect): boolean {
  return effect.do.startsWith('xmpp.');
}
