import type { AnswerEffect, RequestEffect } from '@isthmus/engine';
import { readRequest, writeAnswer, writeRequest, type SipWriteContext } from '../../src';
import { caseJson, caseNames, caseText } from '../support/cases';
import { PARTIES, READ, WRITE } from '../support/contexts';
import { answerText, requestIn, requestText } from '../support/sip-text';

interface WriteCase<E> {
  readonly effect: E;
  readonly context?: Partial<SipWriteContext>;
}

describe('requests read: one SIP file, one JSON file', () => {
  test.each(caseNames('sip/read', 'sip'))('%s', (name) => {
    const request = requestIn(caseText('sip/read', `${name}.sip`));
    expect(readRequest(request, READ)).toEqual(caseJson('sip/read', name));
  });
});

describe('requests written: one JSON file, one SIP file', () => {
  test.each(caseNames('sip/write', 'json'))('%s', (name) => {
    const { effect, context } = caseJson<WriteCase<RequestEffect>>('sip/write', name);
    const out = writeRequest(effect, PARTIES, { ...WRITE, ...context });
    expect(requestText(out).trimEnd()).toBe(caseText('sip/write', `${name}.sip`).trimEnd());
  });

  test.each(caseNames('sip/write', 'json'))('%s is the same when it is written again', (name) => {
    const { effect, context } = caseJson<WriteCase<RequestEffect>>('sip/write', name);
    const again = writeRequest(effect, PARTIES, { ...WRITE, ...context });
    expect(again).toEqual(writeRequest(effect, PARTIES, { ...WRITE, ...context }));
  });
});

describe('answers written: one JSON file, one SIP file', () => {
  test.each(caseNames('sip/answer', 'json'))('%s', (name) => {
    const { effect } = caseJson<WriteCase<AnswerEffect>>('sip/answer', name);
    expect(answerText(writeAnswer(effect, PARTIES, WRITE)).trimEnd()).toBe(caseText('sip/answer', `${name}.sip`).trimEnd());
  });
});
