import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import xml from '@xmpp/xml';
import { XmppLinkError } from '../src';
import { Confirmations } from '../src/confirmations';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const used = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const NO_PAUSE = 0;
const A_MINUTE = 60_000;
const QUESTIONS = 50_000;
const MAX_GROWTH_BYTES = 2_000_000;

test('promise 6: a link that is never idle keeps nothing of the questions that have been answered', async () => {
  let asked = 0;
  let busy = true;
  const confirmations = new Confirmations(async () => {
    asked += 1;
    // Something has been written before the answer is there, every time.
    if (busy) void confirmations.all();
    await soon();
    return xml('iq');
  }, NO_PAUSE);
  await confirmations.all();
  const before = used();
  while (asked < QUESTIONS) await soon();
  const growth = used() - before;
  busy = false;
  expect(growth).toBeLessThan(MAX_GROWTH_BYTES);
});

test('promise 1: what is written in the turn of the first call is covered by its question: that is asked when the turn is over', async () => {
  const wire: string[] = [];
  const confirmations = new Confirmations(async () => {
    wire.push('question');
    return xml('iq');
  });
  const first = confirmations.all();
  wire.push('one');
  const second = confirmations.all();
  wire.push('two');
  await Promise.all([first, second]);
  expect(wire).toEqual(['one', 'two', 'question']);
});

test('promise 1: after the pause between two questions, what waits is asked about by itself', async () => {
  let asked = 0;
  const confirmations = new Confirmations(async () => {
    asked += 1;
    return xml('iq');
  }, 1);
  await confirmations.all();
  await Promise.all([confirmations.all(), confirmations.all()]);
  expect(asked).toBe(2);
});

test('promise 1: what waits for its question when the connection is lost is not taken for handled', async () => {
  let asked = 0;
  const confirmations = new Confirmations(async () => {
    asked += 1;
    return xml('iq');
  }, A_MINUTE);
  await confirmations.all();
  const waiting = expect(confirmations.all()).rejects.toThrow('lost');
  await soon(); // the pause has begun
  confirmations.lost(new Error('lost'));
  await waiting;
  expect(asked).toBe(1);
});

test.each(['timeout', 'queue-full'] as const)('promise 1: a question that fails by %s is asked again: what the server has only not handled yet is not given up, and would come twice', async (code) => {
  const wire: string[] = [];
  let late = 0;
  const confirmations = new Confirmations(
    async () => {
      wire.push('question');
      await soon();
      if (late < 2) throw new XmppLinkError(code, 'not yet');
      return xml('iq');
    },
    NO_PAUSE,
    () => (late += 1),
  );
  const first = confirmations.all().then(() => wire.push('first'));
  await soon(); // the first question is out
  const later = confirmations.all().then(() => wire.push('later'));
  await Promise.all([first, later]);
  expect(late).toBe(2);
  expect(wire).toEqual(['question', 'question', 'question', 'first', 'later']);
});

test('promise 1: what waits for a slow server, and what was written since, fails when the connection is lost', async () => {
  let answer: (error: Error) => void = () => undefined;
  const confirmations = new Confirmations(() => new Promise((_resolve, reject) => (answer = reject)), A_MINUTE);
  const first = expect(confirmations.all()).rejects.toThrow('lost');
  await soon();
  const later = expect(confirmations.all()).rejects.toThrow('lost');
  answer(new XmppLinkError('timeout', 'not yet'));
  await soon(); // the pause before the next question has begun
  confirmations.lost(new Error('lost'));
  await Promise.all([first, later]);
});
