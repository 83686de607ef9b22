import { fault } from '@isthmus/model';
import type { Effect } from './effects';

/** Answers that wait to be handed over. Older ones are dropped: the far side has given their transactions up long ago. */
const MAX_ANSWERS = 256;

/**
 * The effects of a record after a step: `done` leaves, new ones are added. While the XMPP side is away they pile up; so
 * of those that only tell the latest of something, the latest is kept, and of answers no more than `MAX_ANSWERS`.
 */
export function withEffects(effects: readonly Effect[], added: readonly Effect[], done: string | undefined): readonly Effect[] {
  if (added.length === 0 && done === undefined) return effects;
  const newer = new Set(added.map(subject));
  const kept = effects.filter((effect) => effect.key !== done && !newer.has(subject(effect)));
  const all = [...kept, ...added];
  const answers = all.filter((effect) => effect.do === 'sip.answer');
  if (answers.length <= MAX_ANSWERS) return all;
  const old = new Set<Effect>(answers.slice(0, -MAX_ANSWERS));
  return all.filter((effect) => !old.has(effect));
}

/**
 * The XMPP server has gone, and texts of the SIP user wait for it: they are given back while their transactions still
 * wait, so that each has one outcome (promise 1). An answer keeps its key: it is the same answer, with other words.
 */
export function giveTextsBack(effects: readonly Effect[]): readonly Effect[] {
  if (!effects.some((effect) => effect.do === 'xmpp.message')) return effects;
  const { sip: status, text: reason } = fault('xmpp.away');
  return effects
    .filter((effect) => effect.do !== 'xmpp.message')
    .map((effect) => {
      const accepts = effect.do === 'sip.answer' && effect.method === 'MESSAGE' && effect.status < 300;
      return accepts ? { ...effect, status, ...(reason !== undefined && { reason }) } : effect;
    });
}

/** What an effect tells the latest of; each of the others is a subject of its own. */
function subject(effect: Effect): string {
  switch (effect.do) {
    case 'xmpp.presence':
      return `${effect.do} ${effect.resource ?? ''}`;
    case 'xmpp.chat-state':
    case 'xmpp.probe':
    case 'xmpp.account':
    case 'xmpp.approve':
      return effect.do;
    default:
      return `key ${effect.key}`;
  }
}
