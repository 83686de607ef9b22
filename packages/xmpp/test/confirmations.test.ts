import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import xml from '@xmpp/xml';
import { Confirmations } from '../src/confirmations';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const used = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

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
  });
  await confirmations.all();
  const before = used();
  while (asked < QUESTIONS) await soon();
  const growth = used() - before;
  busy = false;
  expect(growth).toBeLessThan(MAX_GROWTH_BYTES);
});
