import { newRecord, settle, step, type Effect, type EngineEvent, type PairRecord } from '../src';
import { contextOf, PAIR } from './support/pair';

const AT = 1_000;
const context = contextOf('simple');

/** Steps events over a fresh record, and hands nothing over: the XMPP server does not take anything. */
function after(...events: readonly object[]): PairRecord {
  return events.reduce<PairRecord>((record, event) => step(record, { at: AT, trace: 't', ...event } as EngineEvent, context).record, newRecord(PAIR));
}

const text = (cseq: number) => ({
  on: 'sip.message',
  transaction: { server: 'sip1', id: `tx-${cseq}` },
  ref: { callId: 'c1', remoteTag: 'far', cseq },
  message: { text: `text ${cseq}` },
});

const gist = (effects: readonly Effect[]) => effects.map((effect) => (effect.do === 'sip.answer' ? `${effect.transaction.id} ${effect.status}` : effect.do));

test('promise 1: texts that wait for an XMPP server that is gone are given back, and never delivered later', () => {
  const waiting = after(text(1), text(2));
  expect(gist(waiting.effects)).toEqual(['xmpp.message', 'tx-1 200', 'xmpp.message', 'tx-2 200']);
  const given = step(waiting, { on: 'xmpp.down', at: AT, trace: 't' }, context).record;
  expect(gist(given.effects)).toEqual(['tx-1 503', 'tx-2 503']);
  expect(given.effects.map(({ key }) => key)).toEqual(waiting.effects.filter(({ do: kind }) => kind === 'sip.answer').map(({ key }) => key));
});

test('promise 1: a text that was given back and comes again is taken anew; one that was delivered is not', () => {
  const delivered = after(text(1));
  const settled = settle(delivered, delivered.effects.map(({ key }) => key));
  const gone = [text(2), { on: 'xmpp.down' }, text(1), text(2)].reduce<PairRecord>(
    (record, event) => step(record, { at: AT, trace: 't', ...event } as EngineEvent, context).record,
    settled,
  );
  expect(gist(gone.effects)).toEqual(['tx-2 503', 'tx-1 200', 'xmpp.message', 'tx-2 200']);
});

test('answers that have nothing to do with a text stay as they are', () => {
  const subscribe = {
    on: 'sip.subscribe',
    transaction: { server: 'sip1', id: 'tx-9' },
    ref: { callId: 'c9', remoteTag: 'far', cseq: 1 },
    dialog: { callId: 'c9', localTag: 'ours', remoteTag: 'far', localCSeq: 0, remoteCSeq: 1, stackId: 'c9;from-tag=far', server: 'sip1', owner: 'w/1' },
    accept: [],
  };
  const given = after(subscribe, text(1), { on: 'xmpp.down' });
  expect(gist(given.effects)).toEqual(expect.arrayContaining(['tx-9 200', 'tx-1 503']));
  expect(gist(given.effects)).not.toContain('xmpp.message');
});

test('promise 1: of texts that were given back no id is kept, of those that were handed over every one', () => {
  const reports = { ...contextOf('simple'), receipts: 'report' } as const;
  const take = (record: PairRecord, event: object) => step(record, { at: AT, trace: 't', ...event } as EngineEvent, reports).record;
  const asking = (cseq: number) => ({ ...text(cseq), report: { messageId: `his-${cseq}` } });
  const first = take(newRecord(PAIR), asking(1));
  const settled = settle(first, first.effects.map(({ key }) => key));
  const { conversation } = [asking(2), asking(3), { on: 'xmpp.down' }].reduce(take, settled);
  expect(conversation.delivered).toEqual(first.conversation.delivered);
  expect(conversation.owed).toEqual(first.conversation.owed);
  expect(conversation.seen).toHaveLength(1);
});

test('a pair of whose texts none waits stays as it is, and so does one that remembers none', () => {
  const calm = after();
  expect(step(calm, { on: 'xmpp.down', at: AT, trace: 't' }, context).record.conversation).toBe(calm.conversation);
  const forgetful = { ...context, settings: { ...context.settings, lateErrors: 'drop' as const } };
  const waiting = step(newRecord(PAIR), { at: AT, trace: 't', ...text(1) } as EngineEvent, forgetful).record;
  expect(step(waiting, { on: 'xmpp.down', at: AT, trace: 't' }, forgetful).record.conversation).toMatchObject({ seen: [], delivered: undefined, owed: undefined });
});
