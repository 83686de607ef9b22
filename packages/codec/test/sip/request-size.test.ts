import type { Dialog, RequestEffect } from '@isthmus/engine';
import { readOutcome, sizeFault, writeRequest, type SipWriteContext } from '../../src';
import { PARTIES, WRITE } from '../support/contexts';

const K = { key: 'k1', trace: 't1' } as const;
const DIALOG = { callId: 'c', localTag: 'l', remoteTag: 'r', localCSeq: 1, remoteCSeq: 1, stackId: 's', server: 'd1', owner: 'w' } as unknown as Dialog;
const message = (bytes: number, dialog?: Dialog): RequestEffect => ({ ...K, do: 'sip.message', message: { text: 'x'.repeat(bytes) }, ...(dialog !== undefined && { dialog }) });

function fate(effect: RequestEffect, context: Partial<SipWriteContext> = {}): string {
  const whole = { ...WRITE, dialect: 'simple', ...context } as const;
  return sizeFault(writeRequest(effect, PARTIES, whole), effect, whole)?.condition ?? 'sent';
}

describe('IM-5, M04: a MESSAGE out of dialog is at most 1,300 bytes as a whole (RFC 3428 section 8)', () => {
  test.each([
    ['a short one', message(500), {}, 'sent'],
    ['a text of 1,300 bytes', message(1_300), {}, 'policy-violation'],
    ['the headers count too', message(1_000), {}, 'policy-violation'],
    ['a line end is two bytes', { ...K, do: 'sip.message', message: { text: '\n'.repeat(600) } } as const, {}, 'policy-violation'],
    ['so does a long subject', { ...K, do: 'sip.message', message: { text: 'x'.repeat(500), subject: '€'.repeat(250) } } as const, {}, 'policy-violation'],
    ['bytes count, not characters', { ...K, do: 'sip.message', message: { text: '€'.repeat(400) } } as const, {}, 'policy-violation'],
    ['every hop is a stream', message(9_000), { streamOnly: true }, 'sent'],
    ['in a dialog', message(9_000, DIALOG), {}, 'sent'],
    ['in a dialog by hand', message(9_000, { ...DIALOG, handMade: true }), {}, 'sent'],
    ['typing', { ...K, do: 'sip.typing', composing: true } as const, {}, 'sent'],
  ])('%s', (_name, effect, context, expected) => {
    expect(fate(effect, context)).toBe(expected);
  });
});

describe('DR-16: the SIP server takes requests up to a size', () => {
  test.each([
    ['a MESSAGE in a dialog', message(11_600, DIALOG), 'policy-violation'],
    ['a shorter one', message(10_000, DIALOG), 'sent'],
    ['an INVITE', { ...K, do: 'sip.invite', dialog: DIALOG, firstText: 'x'.repeat(3_000) } as const, 'sent'],
  ])('%s', (_name, effect, expected) => {
    expect(fate(effect, { maxRequestBytes: 11_500 })).toBe(expected);
    expect(fate(effect)).toBe('sent');
  });
});

test('SEC-11: what was withheld for its size is told as if the far side had refused it; the route is not blamed', () => {
  const effect = message(1_300);
  const context = { ...WRITE, dialect: 'simple' } as const;
  const why = sizeFault(writeRequest(effect, PARTIES, context), effect, context);
  expect(why).toMatchObject({ type: 'modify', condition: 'policy-violation', sip: 413 });
  if (why === undefined) return;
  expect(readOutcome(effect, { is: 'withheld', fault: why }, { at: 5, dialect: 'simple' })).toEqual({
    on: 'sip.outcome', key: 'k1', trace: 't1', at: 5, method: 'MESSAGE', result: 'answered', status: 413, fault: why,
  });
});
