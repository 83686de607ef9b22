/**
 * Cases of kind `presence`: `map` (RFC 8048 Tables 1 and 2), `priority` and `notMapped` (RFC 8048 Table 1 note 6),
 * `terminatedReasons` (RFC 6665 section 4.1.3) and `dialogue`, whose given and then are words: each known id has a play here.
 */

import { basicOfType, priorityFromPidf, priorityToPidf, typeOfBasic } from '@isthmus/rules';
import type { Effect } from '../packages/engine/src';
import { checkDialogue } from './vectors-dialogue';
import { type Case, casesOf, failed, isObject, type Outcome, outcomeOf, show } from './vectors-format';
import { notifies, RETRY_AFTER_SECONDS, watching } from './vectors-watching';

const DAY_SECONDS = 86_400;
/** `(absent)` and the like: no value. */
const NONE = /^\(.*\)$/;

export function checkPresence(cases: unknown): readonly Outcome[] {
  if (!isObject(cases)) return [failed('presence', 'is no object of dialogue, terminatedReasons, map, priority, notMapped')];
  return Object.entries(cases).flatMap(([part, value]) => checkPart(part, value));
}

function checkPart(part: string, value: unknown): readonly Outcome[] {
  switch (part) {
    case 'map':
      return isObject(value) ? checkMap(value) : [failed('map', 'is no object')];
    case 'priority':
    case 'notMapped':
      return casesOf(value).map((one) => (isObject(one) ? checkPriority(one) : failed(part, 'is no object')));
    case 'terminatedReasons':
      return casesOf(value).map((one) => (isObject(one) ? checkReason(one) : failed(part, 'is no object')));
    case 'dialogue':
      return casesOf(value).map((one) => (isObject(one) ? checkDialogue(one) : failed(part, 'is no object')));
    default:
      return casesOf(value).map(() => ({ name: part, result: 'skipped' }));
  }
}

function checkMap({ typeToBasic, basicToType }: Case): readonly Outcome[] {
  const value = (text: unknown): string | undefined => (typeof text === 'string' && !NONE.test(text) ? text : undefined);
  const rows = (part: unknown): readonly [string, unknown][] => (isObject(part) ? Object.entries(part) : []);
  const same = (name: string, actual: string | undefined, expected: unknown): Outcome =>
    outcomeOf(`map ${name}`, actual === value(expected) ? [] : [`gives ${show(actual)}, expected ${show(expected)}`]);
  return [
    ...rows(typeToBasic).map(([type, basic]) => same(`type ${type}`, basicOfType(value(type)), basic)),
    ...rows(basicToType).map(([basic, type]) => same(`basic ${basic}`, typeOfBasic(basic === 'open' ? 'open' : 'closed'), type)),
  ];
}

/** A priority to PIDF, and back where it has a value there. */
function checkPriority({ xmpp, pidf }: Case): Outcome {
  const name = `priority ${show(xmpp)}`;
  if (typeof xmpp !== 'number' || (typeof pidf !== 'string' && pidf !== null)) return failed(name, 'needs a number xmpp and a text or null pidf');
  const actual = priorityToPidf(xmpp) ?? null;
  const complaints = actual === pidf ? [] : [`gives ${show(actual)}, expected ${show(pidf)}`];
  const back = pidf === null ? xmpp : priorityFromPidf(pidf);
  return outcomeOf(name, back === xmpp ? complaints : [...complaints, `comes back as ${show(back)}`]);
}

/** When a new SUBSCRIBE follows the end of a watch: at once, after the time asked for, or never. */
type Return = 'at once' | 'later' | 'never';

const RETURNS: readonly (readonly [action: RegExp, expected: readonly Return[]])[] = [
  [/^do not resubscribe/, ['never']],
  [/^resubscribe at once|^may resubscribe at once/, ['at once']],
  [/^retry after retry-after|^may retry/, ['later']],
];

function checkReason({ reason, action, xmpp }: Case): Outcome {
  const name = `terminated (${show(reason)})`;
  if (typeof reason !== 'string' || typeof action !== 'string' || typeof xmpp !== 'string') return failed(name, 'needs texts reason, action and xmpp');
  const play = watching();
  const given = { substate: 'terminated', ...(NONE.test(reason) ? {} : { reason }), retryAfterSeconds: RETRY_AFTER_SECONDS };
  const now = notifies(play, given);
  const early = play.pass(RETRY_AFTER_SECONDS - 1);
  const late = play.pass(DAY_SECONDS);
  const expected = RETURNS.find(([words]) => words.test(action))?.[1];
  if (expected === undefined) return failed(name, `does not know the action ${show(action)}`);
  const actual = returnOf(now, early, late);
  const complaints = expected.some((one) => one === actual) ? [] : [`subscribes again ${actual}, expected ${expected.join(' or ')}`];
  return outcomeOf(name, [...complaints, ...complainOfXmpp(xmpp, now, early)]);
}

function returnOf(now: readonly Effect[], early: readonly Effect[], late: readonly Effect[]): Return | 'too early' {
  const asks = (effects: readonly Effect[]): boolean => effects.some((effect) => effect.do === 'sip.subscribe' && effect.expiresSeconds > 0);
  if (asks(now)) return 'at once';
  if (asks(early)) return 'too early';
  return asks(late) ? 'later' : 'never';
}

/** What the XMPP user is told when the watch ends, and before it is tried again. */
function complainOfXmpp(words: string, now: readonly Effect[], early: readonly Effect[]): readonly string[] {
  const told = (effects: readonly Effect[]): readonly string[] =>
    effects.flatMap((effect) => {
      if (effect.do === 'xmpp.presence') return [effect.presence.setting === 'offline' ? 'unavailable' : 'available'];
      return effect.do === 'xmpp.unsubscribed' ? ['unsubscribed'] : [];
    });
  const expected: Readonly<Record<string, readonly (readonly string[])[]>> = {
    nothing: [[]],
    'keep last state': [[]],
    unsubscribed: [['unsubscribed'], ['unavailable', 'unsubscribed']],
    'unavailable, then unsubscribed by policy': [['unavailable'], ['unavailable', 'unsubscribed']],
    'unavailable if it lasts': [[]],
  };
  const allowed = expected[words];
  if (allowed === undefined) return [`does not know what ${show(words)} is`];
  const actual = told(now);
  const complaints = allowed.some((one) => show(one) === show(actual)) ? [] : [`tells ${show(actual)}, expected ${words}`];
  const lasting = words === 'unavailable if it lasts' && !told(early).includes('unavailable');
  return lasting ? [...complaints, 'never tells unavailable, though it lasts'] : complaints;
}

