import type { BareJid } from '@isthmus/model';
import { Accounts, type Account } from '../src/accounts';
import { ANN, BOB, NOON } from './support/pairs';
import { deferred } from './support/waiting';

let now: number;
let asked: BareJid[];
let answer: (jid: BareJid) => Promise<Account>;
let accounts: Accounts;

beforeEach(() => {
  now = NOON;
  asked = [];
  answer = async (jid) => ({ local: jid === ANN, online: false });
  const ask = (jid: BareJid): Promise<Account> => {
    asked.push(jid);
    return answer(jid);
  };
  accounts = new Accounts({ ask, ttlMs: 60_000, maxCached: 2, now: () => now });
});

test('promise 5: who has an account is asked once and believed for a while, yes and no alike', async () => {
  expect([await accounts.isLocal(ANN), await accounts.isLocal(BOB)]).toEqual([true, false]);
  now += 59_999;
  expect([await accounts.isLocal(ANN), await accounts.isLocal(BOB)]).toEqual([true, false]);
  expect(asked).toEqual([ANN, BOB]);
  now += 1;
  answer = async () => ({ local: true, online: false });
  expect(await accounts.isLocal(BOB)).toBe(true);
});

test('being online is asked afresh, and the answer serves the other question too', async () => {
  await accounts.isLocal(ANN);
  await accounts.lookUp(ANN);
  expect(asked).toEqual([ANN, ANN]);
  now += 59_999;
  await accounts.isLocal(ANN);
  expect(asked).toHaveLength(2);
});

test('several who ask at once share one query', async () => {
  const { promise, resolve } = deferred<Account>();
  answer = () => promise;
  const all = Promise.all([accounts.isLocal(ANN), accounts.lookUp(ANN), accounts.isLocal(ANN)]);
  resolve({ local: true, online: true });
  expect(await all).toEqual([true, { local: true, online: true }, true]);
  expect(asked).toEqual([ANN]);
});

test('a query that failed is told to all who wait, and not remembered', async () => {
  answer = () => Promise.reject(new Error('away'));
  await expect(Promise.all([accounts.isLocal(ANN), accounts.lookUp(ANN)])).rejects.toThrow('away');
  answer = async () => ({ local: true, online: false });
  expect(await accounts.isLocal(ANN)).toBe(true);
});

test('after the XMPP server was away nothing is believed', async () => {
  await accounts.isLocal(ANN);
  accounts.forget();
  await accounts.isLocal(ANN);
  expect(asked).toEqual([ANN, ANN]);
});

test('an answer to a question from before that is not believed either', async () => {
  const { promise, resolve } = deferred<Account>();
  answer = () => promise;
  const early = accounts.isLocal(ANN);
  accounts.forget();
  resolve({ local: true, online: false });
  expect(await early).toBe(true);
  answer = async () => ({ local: false, online: false });
  expect(await accounts.isLocal(ANN)).toBe(false);
});

test('promise 6: no more than maxCached answers are remembered, the oldest goes', async () => {
  const carol = 'carol@example.com' as BareJid;
  for (const jid of [ANN, BOB, carol]) await accounts.isLocal(jid);
  for (const jid of [carol, BOB, ANN]) await accounts.isLocal(jid);
  expect(asked).toEqual([ANN, BOB, carol, ANN]);
});
