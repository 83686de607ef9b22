import type { Effect, EngineEvent, RequestEffect } from '@isthmus/engine';
import type { BareJid, Pair } from '@isthmus/model';
import { outcomeOf } from './pairs';
import type { Chance } from './virtual-time';

type Outcome = Extract<EngineEvent, { on: 'sip.outcome' }>;

/** The SIP users and the XMPP server of a simulation, and a ledger of what came to them. */
export class FarSides {
  /** Texts in the order in which they reached the SIP user, each as often as it did. */
  readonly arrived = new Map<BareJid, string[]>();
  /** How often a worker heard that a text was taken. */
  readonly taken = new Map<string, number>();
  /** How often a message came back to its sender as an error. */
  readonly bounced = new Map<string, number>();
  /** Texts in the order in which they reached the XMPP user, with their stanza ids. */
  readonly delivered = new Map<BareJid, { readonly text: string; readonly id: string }[]>();
  /** Requests of the SIP user that have been answered. */
  readonly answered = new Set<string>();

  constructor(private readonly chance: Chance) {}

  handedOver(pair: Pair, effect: Effect): void {
    if (effect.do === 'xmpp.bounce') this.cameBack(effect.id);
    if (effect.do === 'xmpp.message') push(this.delivered, pair.user, { text: effect.message.text, id: effect.id });
    if (effect.do === 'sip.answer' && effect.status === 200) this.answered.add(effect.transaction.id.replace(/^tx-|-\d+$/g, ''));
  }

  /** A message has come back to its sender. */
  cameBack(id: string): void {
    this.bounced.set(id, (this.bounced.get(id) ?? 0) + 1);
  }

  /** A request reaches the SIP user, or does not; the result is what its sender will hear. */
  receives(pair: Pair, effect: RequestEffect, instance: string, calm: boolean): Outcome {
    const luck = calm ? 0 : this.chance.below(100);
    const answer = luck < 75 ? this.accept(effect, instance) : this.decline(effect, luck);
    const silent = answer.result === 'timeout' && this.chance.percent(50);
    const text = textIn(effect, answer);
    if (text !== undefined && !silent && (answer.result === 'timeout' || answer.status < 300)) push(this.arrived, pair.user, text);
    return answer;
  }

  /** A worker has heard the answer. */
  confirmed(effect: RequestEffect, outcome: Outcome): void {
    const text = textIn(effect, outcome);
    if (text !== undefined && outcome.status < 300) this.taken.set(text, (this.taken.get(text) ?? 0) + 1);
  }

  private accept(effect: RequestEffect, instance: string): Outcome {
    const outcome = outcomeOf(effect, 200);
    const toast = effect.do === 'sip.invite' && this.chance.percent(30) ? { firstTextTaken: true as const } : {};
    const owner = outcome.dialog === undefined ? {} : { dialog: { ...outcome.dialog, owner: `${instance}/1` } };
    return { ...outcome, ...owner, ...toast };
  }

  private decline(effect: RequestEffect, luck: number): Outcome {
    if (luck < 82) return { ...outcomeOf(effect, 408), result: 'timeout' };
    if (luck < 85) return { ...outcomeOf(effect, 503), result: 'unreachable' };
    return outcomeOf(effect, this.chance.of([480, 481, 486, 500, 503]));
  }
}

/** The text that a request carries to the SIP user: an INVITE's only counts when its answer says so. */
function textIn(effect: RequestEffect, outcome: Outcome): string | undefined {
  if (effect.do === 'sip.message') return effect.message.text;
  return effect.do === 'sip.invite' && outcome.firstTextTaken === true ? effect.firstText : undefined;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  map.set(key, [...(map.get(key) ?? []), value]);
}
