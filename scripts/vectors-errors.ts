/**
 * Cases of kind `errors`, in four parts: `x2s` (condition to the allowed statuses, with a rule in words), `s2x` and
 * `s2xDefaultCases` (status to condition), `s2xDefault` (class such as "4xx" to condition).
 */

import { CONDITIONS, type Condition } from '@isthmus/model';
import {
  conditionOfSip,
  faultFromSip,
  legacyCodeOf,
  sipFromFault,
  type SipFromFaultOptions,
  typesOfCondition,
} from '@isthmus/rules';
import { type Case, casesOf, failed, isObject, type Outcome, outcomeOf, show } from './vectors-format';

export function checkErrors(cases: unknown): readonly Outcome[] {
  if (!isObject(cases)) {
    return [failed('errors', 'is no object of x2s, s2x, s2xDefault, s2xDefaultCases')];
  }
  return Object.entries(cases).flatMap(([part, list]) => checkPart(part, list));
}

function checkPart(part: string, list: unknown): readonly Outcome[] {
  switch (part) {
    case 'x2s':
      return casesOf(list).map((one, index) => checkObject(`x2s ${index}`, one, checkToSip));
    case 's2x':
    case 's2xDefaultCases':
      return casesOf(list).map((one, index) => checkObject(`${part} ${index}`, one, checkFromSip));
    case 's2xDefault':
      return Object.entries(isObject(list) ? list : {}).map(([name, condition]) => checkClass(name, condition));
    default:
      return casesOf(list).map(() => ({ name: part, result: 'skipped' }));
  }
}

function checkObject(name: string, one: unknown, check: (name: string, one: Case) => Outcome): Outcome {
  return isObject(one) ? check(name, one) : failed(name, 'is no object');
}

/** A status has one condition; `null` says that it has none. `type` is one of those of RFC 6120 for the condition. */
function checkFromSip(part: string, one: Case): Outcome {
  const { sip, cond } = one;
  if (typeof sip !== 'number' || (typeof cond !== 'string' && cond !== null)) {
    return failed(part, 'needs a number sip and a text cond');
  }
  const actual = conditionOfSip(sip) ?? null;
  const complaints = actual === cond ? [] : [`gives ${show(actual)}, expected ${show(cond)}`];
  return outcomeOf(`${part} (${sip})`, [...complaints, ...complainOfType(one, [faultFromSip(sip).type])]);
}

function checkClass(name: string, condition: unknown): Outcome {
  const hundred = /^([1-6])xx$/.exec(name)?.[1];
  if (hundred === undefined) {
    return failed(`s2xDefault ${name}`, 'is no class such as 4xx');
  }
  const status = Number(hundred) * 100 + 99;
  const actual = conditionOfSip(status) ?? null;
  return outcomeOf(
    `s2xDefault ${name}`,
    actual === condition ? [] : [`${status} gives ${show(actual)}, expected ${show(condition)}`],
  );
}

function checkToSip(part: string, one: Case): Outcome {
  const condition = CONDITIONS.find((known) => known === one.cond);
  const allowed = Array.isArray(one.sip) ? one.sip : [one.sip];
  if (condition === undefined || allowed.length === 0 || !allowed.every((status) => typeof status === 'number')) {
    return failed(part, `needs a condition of RFC 6120 and statuses, has ${show(one.cond)} and ${show(one.sip)}`);
  }
  return outcomeOf(`${part} (${condition})`, [
    ...complainOfStatuses(condition, allowed),
    ...complainOfRule(condition, allowed, typeof one.rule === 'string' ? one.rule : ''),
    ...complainOfType(one, typesOfCondition(condition)),
    ...complainOfLegacyCode(one, condition),
  ]);
}

/** Every situation in which a condition is told to SIP. */
const SITUATIONS: readonly SipFromFaultOptions[] = [
  { target: 'full' },
  { target: 'bare' },
  { target: 'full', newAddress: 'sip:new@example.com' },
  { target: 'bare', newAddress: 'sip:new@example.com' },
  { target: 'bare', unresolvable: true },
];

function complainOfStatuses(condition: Condition, allowed: readonly number[]): readonly string[] {
  return SITUATIONS.map((situation) => ({ situation, status: sipFromFault(condition, situation) }))
    .filter(({ status }) => status === 503 || !allowed.includes(status))
    .map(({ situation, status }) => `${show(situation)} gives ${status}, allowed are ${show(allowed)}`);
}

/** The rules in words, each with the situation it speaks of. `4xx` stands for the allowed status of that class. */
const RULES: readonly (readonly [words: RegExp, situation: SipFromFaultOptions])[] = [
  [/\bfull(?: JID)? (\dxx|\d{3})/i, { target: 'full' }],
  [/\bbare(?: JID)? (\dxx|\d{3})/i, { target: 'bare' }],
  [/\bwith (?:an? |new |the )*address (\dxx|\d{3})/i, { newAddress: 'sip:new@example.com' }],
  [/\bwithout (?:(?:an? |new |the )*address )?(\dxx|\d{3})/i, {}],
  [/\bdoes not exist (\dxx|\d{3})/i, {}],
  [/\bcannot be resolved (\dxx|\d{3})/i, { unresolvable: true }],
];

function complainOfRule(condition: Condition, allowed: readonly number[], rule: string): readonly string[] {
  return RULES.flatMap(([words, situation]) => {
    const expected = words.exec(rule)?.[1];
    const status = sipFromFault(condition, situation);
    const fits = allowed.filter((one) => String(one) === expected || `${String(one)[0]}xx` === expected);
    return expected === undefined || fits.includes(status)
      ? []
      : [`${show(situation)} gives ${status}, the rule "${rule}" says ${expected}`];
  });
}

/** `type` names one or several types with a bar between, or `any`; the type we send must be among them. */
function complainOfType(one: Case, [sent, ...others]: readonly string[]): readonly string[] {
  if (typeof one.type !== 'string' || one.type === 'any') {
    return [];
  }
  const expected = one.type.split('|');
  return sent !== undefined && expected.includes(sent) ? [] : [`type is ${show([sent, ...others])}, expected ${show(one.type)}`];
}

function complainOfLegacyCode(one: Case, condition: Condition): readonly string[] {
  const code = legacyCodeOf(condition) ?? null;
  return one.legacyCode === undefined || one.legacyCode === code
    ? []
    : [`legacy code is ${show(code)}, expected ${show(one.legacyCode)}`];
}
