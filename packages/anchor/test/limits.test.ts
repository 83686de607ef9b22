import fc from 'fast-check';
import { Control } from '../../sipd/test/support/control';
import { until } from '../../sipd/test/support/inbox';
import { TcpListener, TcpPeer } from '../../sipd/test/support/peer';
import { statusOf, token } from '../../sipd/test/support/sip-text';
import { startSipd } from '../../sipd/test/support/target';
import { Gate } from '../src/gate';
import { anchorBefore, NASTY, type Anchored, SETUPS, switched } from './support/setups';
import { RawWorker } from './support/worker';

describe('sizes (DR-16, DR-17)', () => {
  let server: Anchored;
  let listener: TcpListener;

  beforeAll(async () => {
    server = await anchorBefore(await startSipd({ switches: { ...NASTY, split: false } })); // byte by byte takes seconds here
    listener = await TcpListener.start();
  });
  afterAll(async () => {
    listener.close();
    await server.close();
    expect(server.errors).toEqual([]);
  });

  const text = (bytes: number): string =>
    `sip||\r\nMESSAGE sip:bob@127.0.0.1:${listener.port};transport=tcp SIP/2.0\r\nFrom: <sip:ann@example.com>\r\nContent-Type: text/plain\r\n\r\n${'x\r\n'.repeat(bytes / 3)}`;

  test('DR-16: what drachtio cannot take is refused by a word, and the connection lives', async () => {
    const worker = await RawWorker.join(server, 'w1');
    const refused = await worker.control.ask(text(12_500));
    expect(refused.fields.slice(3)).toEqual(['NOK', expect.stringMatching(/^too large: 12\d{3} bytes, and drachtio takes at most 12228$/)]);
    expect((await worker.control.ask(text(300))).fields[3]).toBe('OK');
    worker.close();
  });

  test('DR-17: large messages of several workers are written one after another', async () => {
    const workers = await Promise.all(['w1', 'w2', 'w3'].map((name) => RawWorker.join(server, name)));
    const sizes = [6_000, 300, 11_700, 4_500, 300, 8_000];
    const replies = await Promise.all(workers.flatMap(({ control }) => sizes.map((bytes) => control.ask(text(bytes)))));
    expect(replies.map(({ fields }) => fields[3])).toEqual(replies.map(() => 'OK'));
    for (const worker of workers) worker.close();
  });

  test('promise 6: what waits behind a large message is bounded', () => {
    const written: number[] = [];
    const gate = new Gate({ queuedBytes: 20_000, write: (frame) => written.push(frame.length), unsentBytes: () => 0 });
    expect(gate.send('a', Buffer.alloc(5_000))).toBeUndefined();
    expect([gate.send('b', Buffer.alloc(10_000)), gate.send('c', Buffer.alloc(9_000)), gate.send('d', Buffer.alloc(2_000))]).toEqual([undefined, undefined, expect.stringContaining('20000 bytes wait')]);
    gate.replied('b');
    expect(written).toEqual([5_000]);
    gate.replied('a');
    expect(written).toEqual([5_000, 10_000]);
    gate.replied('b');
    expect(written).toEqual([5_000, 10_000, 9_000]);
  });
});

describe.each(SETUPS)('$name: whoever connects', ({ start }) => {
  let server: Anchored;

  beforeAll(async () => {
    server = await start({ workers: 3, requests: 4, waitMs: 60_000 });
  });
  afterAll(async () => {
    await server.close();
    expect(server.errors).toEqual([]);
  });
  afterEach(() => until('all are gone', () => server.counts().workers === 0));

  test.each(['nonsense', '', `x${'y'.repeat(2_000)}`])('DR-30, SEC-15: a wrong secret is told so and disconnected: %p', async (secret) => {
    const control = await Control.open(server);
    expect((await control.ask(`authenticate|${secret}|w1`)).fields.slice(3)).toEqual(['NO', 'incorrect secret']);
    await until('it is closed', () => control.closed);
  });

  test('DR-30: without authentication nothing is taken', async () => {
    for (const message of ['route|invite', 'ping', 'sip||\r\nMESSAGE sip:a@b SIP/2.0\r\n\r\n', 'remove_route|invite']) {
      const control = await Control.open(server);
      expect((await control.ask(message)).fields.slice(3)).toEqual(['NO', 'not authenticated']);
      await until('it is closed', () => control.closed);
    }
  });

  test('promise 6: no more workers than the limit, and no more requests', async () => {
    const workers = await Promise.all(['w1', 'w2', 'w3'].map((name) => RawWorker.join(server, name)));
    const fourth = await Control.open(server);
    await until('the fourth is closed', () => fourth.closed);
    const peer = await TcpPeer.connect(server.sip.tcp);
    const asked = Array.from({ length: 5 }, () => peer.request({ method: 'MESSAGE', from: `<sip:bob-${token()}@example.com>;tag=1` }));
    expect(statusOf(await peer.answerTo(asked[4] as never))).toBe(503);
    expect([server.counts().inHand, server.counts().refused['too many']]).toEqual([4, 1]);
    for (const worker of workers) for (const request of worker.requests('MESSAGE')) await worker.answer(request, 200);
    for (const request of asked.slice(0, 4)) expect(statusOf(await peer.answerTo(request))).toBe(200);
    for (const worker of workers) worker.close();
    peer.close();
  });

  test.each([
    ['fewer fields than drachtio reads', 'sip|x\r\nMESSAGE sip:a@b SIP/2.0\r\n\r\n', 'Invalid message format'],
    ['no SIP message', 'sip||', 'Invalid message format'],
    ['a transaction, and no CANCEL', 'sip|x|\r\nMESSAGE sip:a@b SIP/2.0\r\n\r\n', 'Invalid message format'],
    ['an answer to nothing', 'sip||\r\nSIP/2.0 200 OK\r\n\r\n', 'transaction id missing'],
    ['an unknown type', 'shutdown|now', 'Unknown message type'],
  ])('DR-30: what would stop drachtio costs the worker its connection: %s', async (_what, message, reason) => {
    const worker = await RawWorker.join(server, 'w1');
    const control = worker.control;
    expect((await control.ask(message)).fields.slice(3)).toEqual(['NO', reason]);
    await until('it is closed', () => control.closed);
  });
});

describe('any bytes', () => {
  test('promise 7: whatever workers and far sides send, the anchor goes on', async () => {
    const server = await anchorBefore(await startSipd());
    const good = await RawWorker.join(server, 'good');
    good.serve();
    const word = fc.oneof(fc.constantFrom('sip', 'route', 'ping', 'response', 'authenticate', '', '|', '\r\n', 'SIP/2.0 200 OK\r\n\r\n', 'MESSAGE sip:a@b SIP/2.0\r\nFrom: <', server.secret), fc.string({ unit: 'binary', maxLength: 20 }));
    const frame = fc.array(word, { maxLength: 8 }).map((words) => words.join('|'));
    const bytes = fc.oneof(frame.map((each) => Control.frame(each)), fc.uint8Array({ maxLength: 40 }).map((each) => Buffer.from(each)));
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { maxLength: 6 }), fc.boolean(), async (parts, authenticated) => {
        const control = await Control.open(server);
        if (authenticated) control.socket.write(Control.frame(`a|authenticate|${server.secret}|bad`));
        for (const part of parts) control.socket.write(part);
        control.socket.end();
        await until('it is closed', () => control.closed);
      }),
      { numRuns: 150 },
    );
    const peer = await TcpPeer.connect(server.sip.tcp);
    for (const from of ['"\\', '<', '"<sip:x@y>', 'sip:%ff%@host', '<sip:@>', '<sip:a@[::1', '<tel:+1>;tag=1', '"a" <sip:a;b?c@xn--:9;x>;tag=', ';tag=1']) {
      peer.request({ method: 'MESSAGE', from });
    }
    const last = peer.request({ method: 'MESSAGE' });
    expect(statusOf(await peer.answerTo(last))).toBe(200);
    peer.close();
    good.close();
    await server.close();
    expect(server.errors).toEqual([]);
  });

  test('promise 6: a worker that reads nothing is given nothing more, and sent away in the end', async () => {
    const server = await anchorBefore(await startSipd(), {}, { backlogBytes: 200_000 });
    const [deaf, good] = [await RawWorker.join(server, 'deaf'), await RawWorker.join(server, 'good')];
    deaf.control.socket.pause();
    good.serve();
    const peer = await TcpPeer.connect(server.sip.tcp);
    const body = 'x'.repeat(60_000);
    let answered = 0;
    while (server.counts().workers === 2 && answered < 400) {
      const asked = Array.from({ length: 10 }, () => peer.request({ method: 'MESSAGE', from: `<sip:bob-${token()}@example.com>;tag=1`, headers: ['Content-Type: text/plain'], body }));
      for (const request of asked) expect(statusOf(await peer.answerTo(request))).toBe(200);
      answered += asked.length;
      if (server.counts().silent === 1) break;
    }
    expect(server.counts().workers === 1 || server.counts().silent === 1).toBe(true);
    for (const each of [deaf, good]) each.close();
    peer.close();
    await server.close();
  });
});

describe('a switch of sipd', () => {
  test('6.3 dropClient, restart: workers are sent away, and the identity is another one after a restart', async () => {
    const server = await switched();
    const first = await RawWorker.join(server, 'w1');
    server.sipd?.dropClients();
    await until('it is gone', () => first.control.closed);
    const second = await RawWorker.join(server, 'w1');
    expect(second.identity).toBe(first.identity);
    server.sipd?.restart();
    await until('it is gone', () => second.control.closed);
    const third = await RawWorker.join(server, 'w1');
    expect(third.identity).not.toBe(first.identity);
    third.close();
    await server.close();
  });

  test.each(['ring', 'pipeline', 'split', 'coalesce', 'longLine', 'bodyMax'] as const)('6.3 %s: works together with the anchor', async (name) => {
    const server = await switched({}, { switches: { [name]: true } });
    const worker = await RawWorker.join(server, 'w1');
    worker.serve();
    const peer = await TcpPeer.connect(server.sip.tcp);
    expect(statusOf(await peer.answerTo(peer.request({ method: 'MESSAGE' })))).toBe(200);
    for (const each of [worker, peer]) each.close();
    await server.close();
    expect(server.errors).toEqual([]);
  });
});
