import { newRecord, step } from '@isthmus/engine';
import { judgeRecord } from '../src/pairs/judge';
import { contextOf, outcomeOf, PAIR, requestsOf, says } from './support/pairs';

const stored = (record = newRecord(PAIR)) => ({ record, by: 'w1#a' });
const asked = step(newRecord(PAIR), says('hello'), contextOf()()).record;
const [request] = requestsOf(asked);
if (request === undefined) throw new Error('nothing was sent');
const answered = { ...step(asked, outcomeOf(request), contextOf()()).record, effects: [] };

test.each([
  ['nothing is in it', stored(), 'empty'],
  ['something is to be done', stored(asked), 'timed'],
  ['a timer runs', stored(answered), 'timed'],
  ['it remembers a decision and waits for nobody', stored({ ...newRecord(PAIR), inward: { is: 'denied', watches: [] } }), 'untimed'],
  ['it is of a version that comes later', stored({ ...newRecord(PAIR), schema: 99 as never }), 'untimed'],
])('%s: %s', (_what, value, wants) => {
  expect(judgeRecord(value)).toBe(wants);
});
