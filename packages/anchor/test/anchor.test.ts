import { until } from '../../sipd/test/support/inbox';
import { TcpListener, TcpPeer } from '../../sipd/test/support/peer';
import { type Sip, statusOf, token, value } from '../../sipd/test/support/sip-text';
import { SETUPS, type Anchored } from './support/setups';
import { holderOf, RawWorker } from './support/worker';

/** The pair of the example in plugins/prosody/README.md belongs to w3, whoever of the two writes. */
const BOB = '<sip:Bob@Example.com;transport=tcp>;tag=far';
const ANN = '"Ann <of> Example" <sip:ann@example.com>';
const UNKNOWN = ['NOK', 'Response not sent due to unknown transaction'];

describe.each(SETUPS)('$name', ({ start }) => {
  let server: Anchored;
  let peer: TcpPeer;
  let workers: RawWorker[] = [];

  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await server.close();
    expect(server.errors).toEqual([]);
  });
  beforeEach(async () => {
    peer = await TcpPeer.connect(server.sip.tcp);
  });
  afterEach(async () => {
    peer.close();
    for (const worker of workers) worker.close();
    workers = [];
    await until('all workers are gone', () => server.counts().workers === 0);
  });

  async function join(name: string, verbs?: readonly string[]): Promise<RawWorker> {
    const worker = await RawWorker.join(server, name, verbs);
    workers.push(worker);
    return worker;
  }

  /** Tests that must not meet the memory of an earlier one ask for other users. */
  const message = (user = `bob-${token()}`, parts: { readonly callId?: string; readonly cseq?: number } = {}): Sip =>
    peer.request({ method: 'MESSAGE', from: `<sip:${user}@example.com>;tag=${token()}`, to: ANN, ...parts });

  /** Lets the far side open a SUBSCRIBE dialog; whoever gets the request answers it. */
  async function subscribe(user: string): Promise<{ readonly request: Sip; readonly ok: Sip; readonly holder: RawWorker; refresh(cseq: number, method?: string): Sip }> {
    const from = `<sip:${user}@example.com>;tag=${token()}`;
    const request = peer.request({ method: 'SUBSCRIBE', from, to: ANN, headers: ['Event: presence', 'Expires: 60', `Contact: ${peer.contact}`] });
    const given = await holderOf(workers, request);
    await given.holder.answer(given.frame, 200, ['Expires: 60']);
    const ok = await peer.answerTo(request);
    const refresh = (cseq: number, method = 'SUBSCRIBE'): Sip =>
      peer.request({ method, from, to: value(ok, 'to'), callId: value(request, 'call-id'), cseq, headers: ['Event: presence', 'Expires: 60', `Contact: ${peer.contact}`] });
    return { request, ok, holder: given.holder, refresh };
  }

  const others = (holder: RawWorker): readonly RawWorker[] => workers.filter((each) => each !== holder);

  describe('which worker', () => {
    test("DESIGN 6: the one that the plug-in's table names, in either direction and however the addresses are written", async () => {
      const [, , w3] = [await join('w1'), await join('w2'), await join('w3')];
      const from = [BOB, '<sip:%62ob@example.com:5060>;tag=2', 'sip:bob@EXAMPLE.com;tag=3'];
      for (const each of from) {
        const request = peer.request({ method: 'MESSAGE', from: each, to: ANN });
        await w3.answer(await w3.gets('MESSAGE', value(request, 'call-id')), 200);
        expect(statusOf(await peer.answerTo(request))).toBe(200);
      }
      const turned = peer.request({ method: 'MESSAGE', from: '<sip:ann@example.com>;tag=4', to: '<sip:bob@example.com>' });
      await w3.answer(await w3.gets('MESSAGE', value(turned, 'call-id')), 200);
    });

    test('decision 036: a pair stays with its worker when another one joins that the hash names', async () => {
      const w1 = await join('w1');
      const user = `bob-${token()}`;
      w1.serve();
      expect(statusOf(await peer.answerTo(message(user)))).toBe(200);
      const joined = await Promise.all(['x1', 'x2', 'x3', 'x4', 'x5', 'x6', 'x7'].map((name) => join(name)));
      for (let count = 0; count < 3; count += 1) expect(statusOf(await peer.answerTo(message(user)))).toBe(200);
      expect(joined.flatMap((each) => each.requests('MESSAGE'))).toEqual([]);
    });

    test('DESIGN 5: a method goes to a worker that has registered it; one without any gets nothing', async () => {
      const [some, none] = [await join('w1', ['message']), await join('w2', [])];
      const request = message();
      await some.answer(await some.gets('MESSAGE', value(request, 'call-id')), 200);
      expect(none.requests('MESSAGE')).toEqual([]);
      // No worker wants it: nothing is gained by waiting.
      expect(statusOf(await peer.answerTo(peer.request({ method: 'OPTIONS' })))).toBe(503);
    });

    test('ERR: without any worker a request waits for one, and is answered 503 when none comes', async () => {
      const user = `bob-${token()}`;
      const first = message(user);
      await until('it waits', () => server.counts().waiting === 1);
      const w1 = await join('w1');
      await w1.answer(await w1.gets('MESSAGE', value(first, 'call-id')), 200);
      expect(statusOf(await peer.answerTo(first))).toBe(200);
      w1.close();
      await until('it is gone', () => server.counts().workers === 0);
      const refused = await peer.answerTo(message(user));
      expect([statusOf(refused), Number(value(refused, 'retry-after')) > 0]).toEqual([503, true]);
    });
  });

  describe('in a dialog', () => {
    test.each(['SUBSCRIBE', 'MESSAGE', 'INFO', 'NOTIFY', 'OPTIONS'])('DESIGN 5: a worker dies, and the next %s is answered by another one, not 481', async (method) => {
      await Promise.all(['w1', 'w2', 'w3'].map((name) => join(name)));
      const { holder, refresh } = await subscribe(`bob-${token()}`);
      holder.close();
      for (const other of others(holder)) other.serve();
      await until('it is gone', () => server.counts().workers === 2);
      expect(statusOf(await peer.answerTo(refresh(2, method)))).toBe(200);
    });

    test('MIM-16: another worker sends in it by id, and the answer comes to that one', async () => {
      await Promise.all(['w1', 'w2'].map((name) => join(name)));
      const { holder, request } = await subscribe(`bob-${token()}`);
      const [other] = others(holder);
      holder.close();
      const id = `${value(request, 'call-id')};from-tag=${/tag=(.+)/.exec(value(request, 'from'))?.[1]}`;
      const reply = await other?.control.ask(`sip||${id}\r\nNOTIFY sip:placeholder SIP/2.0\r\nEvent: presence\r\nSubscription-State: active\r\n\r\n`);
      expect(reply?.fields[3]).toBe('OK');
      peer.respond(await peer.gets('NOTIFY'), '200 OK');
      const answer = await other?.control.sip('SIP/2.0 200');
      expect(answer?.fields[8]).toBe(reply?.fields[10]);
    });

    test('MIM-19, MIM-21: CANCEL goes to the worker that has the INVITE, ACK to the one that has answered it', async () => {
      await Promise.all(['w1', 'w2', 'w3'].map((name) => join(name)));
      const invite = (): Sip => peer.request({ method: 'INVITE', from: `<sip:bob-${token()}@example.com>;tag=1`, to: ANN, headers: [`Contact: ${peer.contact}`] });
      const first = invite();
      const ringing = await holderOf(workers, first);
      await ringing.holder.answer(ringing.frame, 180);
      peer.request({ method: 'CANCEL', via: [value(first, 'via')], from: value(first, 'from'), to: ANN, callId: value(first, 'call-id') });
      expect((await ringing.holder.gets('CANCEL', value(first, 'call-id'))).fields[8]).toBe(ringing.frame.fields[8]);
      expect(statusOf(await peer.answerTo(first))).toBe(487);

      const second = invite();
      const taken = await holderOf(workers, second);
      await taken.holder.answer(taken.frame, 200);
      const ok = await peer.answerTo(second);
      peer.request({ method: 'ACK', from: value(second, 'from'), to: value(ok, 'to'), callId: value(second, 'call-id') });
      await taken.holder.gets('ACK', value(second, 'call-id'));
    });
  });

  describe('a worker that loses its turn', () => {
    test('DESIGN 5: it dies with requests in hand: they go to another one, once and in order', async () => {
      await Promise.all(['w1', 'w2'].map((name) => join(name)));
      const user = `bob-${token()}`;
      const requests = [message(user), message(user), message(user)];
      const { holder } = await holderOf(workers, requests[2] as Sip);
      const [other] = others(holder) as [RawWorker];
      holder.close();
      await other.gets('MESSAGE', value(requests[2] as Sip, 'call-id'));
      const callIds = other.requests('MESSAGE').map(({ text }) => /Call-ID: (\S+)/.exec(text)?.[1]);
      expect(callIds).toEqual(requests.map((request) => value(request, 'call-id')));
      for (const frame of other.requests('MESSAGE')) await other.answer(frame, 200);
      for (const request of requests) expect(statusOf(await peer.answerTo(request))).toBe(200);
      expect(server.counts().moved.gone).toBeGreaterThanOrEqual(3);
    });

    test('DESIGN 5: lost by two workers it is not tried on a third one, and the far side is told', async () => {
      await Promise.all(['w1', 'w2', 'w3'].map((name) => join(name)));
      const request = message();
      for (let turn = 0; turn < 2; turn += 1) {
        const { holder } = await holderOf(workers, request);
        holder.close();
        await until('it is gone', () => holder.control.closed && server.counts().workers === 2 - turn);
      }
      expect(statusOf(await peer.answerTo(request))).toBe(503);
      expect(workers.flatMap((each) => each.requests('MESSAGE')).length).toBe(2);
    });

    test('DESIGN 5: it says nothing at all: all of it goes to another one, late answers are refused, nothing new comes until it speaks', async () => {
      await Promise.all(['w1', 'w2'].map((name) => join(name)));
      const [one, two] = [`bob-${token()}`, `bob-${token()}`];
      // Two pairs of one worker; it answers neither.
      const first = message(one);
      const { holder, frame } = await holderOf(workers, first);
      const [other] = others(holder) as [RawWorker];
      other.serve();
      expect(statusOf(await peer.answerTo(first))).toBe(200);
      expect(server.counts().silent).toBe(1);
      for (let count = 0; count < 12; count += 1) expect(statusOf(await peer.answerTo(message(`${two}-${count}`)))).toBe(200);
      expect(holder.requests('MESSAGE').length).toBe(1);
      expect((await holder.answer(frame, 200)).fields.slice(3, 5)).toEqual(UNKNOWN);
      expect(server.counts().silent).toBe(0);
      holder.serve();
      while (holder.requests('MESSAGE').length === 1) expect(statusOf(await peer.answerTo(message()))).toBe(200);
    });

    test('DESIGN 5: it is slow with one pair and works on others: that pair alone goes to another one', async () => {
      await Promise.all(['w1', 'w2'].map((name) => join(name)));
      const request = message();
      const { holder, frame } = await holderOf(workers, request);
      const [other] = others(holder) as [RawWorker];
      const life = setInterval(() => holder.control.send('ping'), 20);
      const moved = await other.gets('MESSAGE', value(request, 'call-id'));
      clearInterval(life);
      expect(server.counts().silent).toBe(0);
      const late = await holder.answer(frame, 486);
      expect(late.fields.slice(3, 5)).toEqual(UNKNOWN);
      await other.answer(moved, 200);
      expect(statusOf(await peer.answerTo(request))).toBe(200);
    });

    test('DESIGN 5: a provisional answer is an answer', async () => {
      await Promise.all(['w1', 'w2'].map((name) => join(name)));
      const request = peer.request({ method: 'INVITE', from: `<sip:bob-${token()}@example.com>;tag=1`, to: ANN, headers: [`Contact: ${peer.contact}`] });
      const { holder, frame } = await holderOf(workers, request);
      await holder.answer(frame, 180);
      const later = message(); // its deadline comes after that of the INVITE
      const { holder: slow } = await holderOf(workers, later);
      const rest = others(slow) as [RawWorker];
      await rest[0].answer(await rest[0].gets('MESSAGE', value(later, 'call-id')), 200);
      await holder.answer(frame, 486);
      expect(statusOf(await peer.answerTo(request))).toBe(486);
      expect(workers.flatMap((each) => each.requests('INVITE')).length).toBe(1);
    });

    test('MIM-7: what it has sent is answered to nobody', async () => {
      const listener = await TcpListener.start();
      const [first, second] = [await join('w1'), await join('w2')];
      const message = `MESSAGE sip:bob@127.0.0.1:${listener.port};transport=tcp SIP/2.0\r\nFrom: <sip:ann@example.com>\r\n\r\n`;
      await first.control.ask(`sip||\r\n${message}`);
      const far = await listener.accepted.next();
      const got = await far.gets('MESSAGE');
      first.close();
      await until('it is gone', () => server.counts().workers === 1);
      far.respond(got, '200 OK');
      // What another one sends over the same connections is answered, and behind that nothing can come any more.
      await second.control.ask(`sip||\r\n${message}`);
      far.respond(await far.gets('MESSAGE'), '202 Accepted');
      await second.control.sip('SIP/2.0 202');
      expect(second.control.frames.all.filter(({ text }) => text.startsWith('SIP/2.0 200'))).toEqual([]);
      expect(server.counts().outgoing).toBe(0);
      listener.close();
    });
  });

  describe('drain', () => {
    test('XD-10: new requests and those in dialogs go elsewhere at once; what it has in hand it answers, and nothing overtakes that', async () => {
      await Promise.all(['w1', 'w2'].map((name) => join(name)));
      const user = `bob-${token()}`;
      const { holder, refresh } = await subscribe(user);
      const [other] = others(holder) as [RawWorker];
      const inHand = message(user);
      const frame = await holder.gets('MESSAGE', value(inHand, 'call-id'));
      await holder.drain();
      const next = message(user);
      await until('the next one waits', () => server.counts().waiting === 1);
      await holder.answer(frame, 200);
      await other.answer(await other.gets('MESSAGE', value(next, 'call-id')), 200);
      const refreshing = refresh(2);
      await other.answer(await other.gets('SUBSCRIBE', value(refreshing, 'call-id')), 200, ['Expires: 60']);
      expect([statusOf(await peer.answerTo(inHand)), statusOf(await peer.answerTo(next)), statusOf(await peer.answerTo(refreshing))]).toEqual([200, 200, 200]);
      await holder.route();
      holder.serve();
      other.serve();
      while (holder.requests('MESSAGE').length === 1) expect(statusOf(await peer.answerTo(message()))).toBe(200);
    });
  });
});
