import xml from '@xmpp/xml';

import type { Ejabberd } from '../../../scenarios/support/ejabberd';
import { showAvailable } from '../../test/support/bench';
import type { Bench } from '../../test/support/bench';
import { PARTITION_NS } from '../../test/support/worker';
import { DOMAIN, startBench } from './support/bench';

const BOB = `bob@${DOMAIN}`;
const BOB_PHONE = `${BOB}/phone`;
const STOP = `gen_mod:stop_module(<<"${DOMAIN}">>, mod_isthmus)`;
const START = `gen_mod:start_module(<<"${DOMAIN}">>, mod_isthmus)`;

describe('start, stop and reload, as ejabberd does it', () => {
  let bench: Bench<Ejabberd>;

  beforeAll(async () => {
    bench = await startBench(['ann'], { pluginOptions: { connection_limit: 8 } });
  });
  afterEach(() => bench.disconnectAll());
  afterAll(() => bench.stop());

  test('promise 4: stopping the module shows the gateway\'s contacts offline', async () => {
    const [ann, worker] = [await bench.login('ann'), await bench.connect({ worker: 'w1' })];
    await showAvailable(worker, BOB_PHONE, ann);
    await bench.server.evaluate(STOP);
    await ann.takePresence(BOB, 'unavailable');
    await bench.server.evaluate(START);
  });

  test('a start closes connections of a time before it: they come again, under the guard', async () => {
    await bench.server.evaluate(STOP);
    const before = await bench.connect();
    await bench.server.evaluate(START);
    expect((await before.take('stream error', ({ name }) => name === 'stream:error')).getChild('reset')).toBeDefined();
    await before.stream.closed;
    const [ann, after] = [await bench.login('ann'), await bench.connect({ worker: 'w1' })];
    await ann.sendChat(BOB, 'served');
    await after.takeMessage('served');
  });

  test('a reload brings new options to the running connections', async () => {
    const worker = await bench.connect({ worker: 'w1' });
    await bench.server.reload({ pluginOptions: { connection_limit: 1 } });
    await worker.settle();
    await expect(bench.connect({ worker: 'w2' })).rejects.toThrow();
    await bench.server.reload();
  });

  test('XD-6: an account that is made is local at once', async () => {
    const worker = await bench.connect({ worker: 'w1' });
    const isLocal = async (): Promise<unknown> => {
      const answer = await worker.tell('get', xml('account', { xmlns: PARTITION_NS, jid: `fresh@${DOMAIN}` }));
      return answer.getChild('account')?.attrs['local'];
    };
    expect(await isLocal()).toBe('false');
    await bench.server.createAccount('fresh', 'pencil');
    expect(await isLocal()).toBe('true');
  });
});

describe('configuration that cannot work: one clear line, and the server does not start', () => {
  test.each([
    ['no component', { component: undefined }, /Missing required option.*component/],
    ['a host as component', { component: DOMAIN }, /component example\.com must be the name of an external component, not of a host/],
    ['a ping interval of zero', { ping_interval: 0 }, /ping_interval/],
  ])('%s', async (_, module, message) => {
    await expect(startBench([], { module })).rejects.toThrow(message);
  });
});
