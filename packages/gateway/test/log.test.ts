import { StoreUnavailableError } from '@isthmus/store';
import { createHmac } from 'node:crypto';
import { createLog, type Level } from '../src/log';
import { keyedPseudonym } from '../src/pseudonym';
import { newId, newTrace } from '../src/ids';

function lines(level: Level, write: (log: ReturnType<typeof createLog>) => void): Record<string, unknown>[] {
  const written: string[] = [];
  write(createLog(level, 'w1', { write: (line) => void written.push(line) }));
  return written.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('a line has its level by name, the time, the worker, the fields, and a constant event', () => {
  const [line] = lines('info', (log) => log.info({ trace: 't1' }, 'worker_ready'));
  expect(line).toEqual({ level: 'info', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string, worker: 'w1', trace: 't1', event: 'worker_ready' });
});

test('nothing below the configured level is written', () => {
  const events = lines('warn', (log) => {
    log.debug({}, 'a');
    log.info({}, 'b');
    log.warn({}, 'c');
    log.error({}, 'd');
  }).map(({ event }) => event);
  expect(events).toEqual(['c', 'd']);
});

test('SEC-15: with hashed addresses no user can be read from the log, and one user is the same everywhere', () => {
  const ann = 'ann@example.com';
  const written = (key: string): string => {
    const all: string[] = [];
    const log = createLog('info', 'w1', { write: (line) => void all.push(line) }, keyedPseudonym(key));
    log.info({ trace: 't1', from: ann, to: 'bob@example.com', callId: 'c1', status: 404 }, 'request_refused');
    log.info({ jid: ann, client: '192.0.2.1:5060' }, 'policy_changed');
    return all.join('');
  };
  // printf %s ann@example.com | openssl dgst -sha256 -hmac secret
  const name = `#${createHmac('sha256', 'secret').update(ann).digest('hex').slice(0, 16)}`;
  expect(written('secret')).not.toMatch(/@|ann|bob/);
  expect(written('secret').split(name)).toHaveLength(3);
  expect(written('secret')).toContain('"client":"192.0.2.1:5060"');
  expect(written('other')).not.toContain(name);
});

test('SEC-15: of an error only what it is, not what a library hung on it', () => {
  const error = Object.assign(new Error('ERR wrong'), { command: { name: 'evalsha', args: ['my secret text'] }, element: '<body>my secret text</body>', code: 'EFAIL' });
  const [line] = lines('info', (log) => log.error({ error: new StoreUnavailableError('away', { cause: error }) }, 'due_failed'));
  expect(JSON.stringify(line)).not.toContain('my secret text');
  expect(line?.error).toMatchObject({
    type: 'StoreUnavailableError',
    message: 'the store is unavailable: away',
    stack: expect.any(String) as string,
    cause: { type: 'Error', message: 'ERR wrong', code: 'EFAIL' },
  });
});

test('what was thrown is shown although it is no error, and a chain of causes has an end', () => {
  const loop = new Error('round');
  loop.cause = loop;
  const [thrown, round] = lines('info', (log) => {
    log.error({ error: 'a word' }, 'stanza_failed');
    log.error({ error: loop }, 'stanza_failed');
  });
  expect(thrown?.error).toEqual({ message: 'a word' });
  expect(JSON.stringify(round).length).toBeLessThan(20_000);
});

test('promise 7: no bytes from the wire make a line of their own', () => {
  const [line, ...more] = lines('info', (log) => log.info({ from: 'a\n{"level":"fatal"}\u2028' }, 'stanza_refused'));
  expect([line?.from, more]).toEqual(['a\n{"level":"fatal"}\u2028', []]);
});

test('promise 8: traces and ids do not repeat and are safe in any header', () => {
  const traces = Array.from({ length: 1_000 }, newTrace);
  const ids = Array.from({ length: 1_000 }, newId);
  expect([new Set(traces).size, new Set(ids).size]).toEqual([1_000, 1_000]);
  for (const trace of traces) expect(trace).toMatch(/^[A-Za-z0-9]{12}$/);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9]{22}$/);
});
