import type { EngineEvent, RequestEffect } from '@isthmus/engine';

const METHODS = {
  'sip.invite': 'INVITE',
  'sip.message': 'MESSAGE',
  'sip.bye': 'BYE',
  'sip.subscribe': 'SUBSCRIBE',
  'sip.notify': 'NOTIFY',
} as const;

/** The outcome that stands for "nobody knows" (408 says the nearest in SIP). */
export function lostOutcome(effect: RequestEffect, at: number): EngineEvent {
  const method = effect.do === 'sip.typing' ? (effect.dialog ? 'INFO' : 'MESSAGE') : METHODS[effect.do];
  return { on: 'sip.outcome', at, trace: effect.trace, key: effect.key, method, result: 'lost', status: 408 };
}
