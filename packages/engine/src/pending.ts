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

/** What an effect tells the latest of; each of the others is a subject of its own. */
function subject(effect: Effect): string {
  switch (effect.do) {
    case 'xmpp.presence':
      return `${effect.do} ${effect.resource ?? ''}`;
    case 'xmpp.chat-state':
    case 'xmpp.probe':
    case 'xmpp.account':
      return effect.do;
    default:
      return `key ${effect.key}`;
  }
}
