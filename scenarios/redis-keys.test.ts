import xml from '@xmpp/xml';
import { Redis } from 'ioredis';

import { KEY_KINDS, kindOfKey } from '../packages/store/src/redis/key-kinds';

import { Cast } from './support/cast';
import { decides, setsPolicy } from './support/commands';
import { annAdds, bobAdds, open } from './support/contact-list';
import { isthmus } from './support/gateway';
import { LOOPBACK } from './support/ports';
import { until } from './support/until';
import { SECRET } from './support/world';

/** The default of `store.prefix`. */
const PREFIX = 'isthmus:';
const SIP_USERS = Array.from({ length: 3 }, (_, number) => `bob${number + 1}@example.com`);

/** An empty record is kept for so long after its last stanza, which the XMPP server may give once more. */
const KEPT_MS = 60_000;

/** Every key that the program leaves in Redis has an owner, a limit or an expiry (docs/redis.md, "Keys"). */
describe('the keys in Redis over a whole life', () => {
  let cast: Cast;
  let redis: Redis;

  beforeAll(async () => {
    cast = await Cast.start({ dialect: 'microsoft', store: 'redis', messaging: { sessionIdleSeconds: 3 }, routing: { mode: 'advanced', sipUsers: { type: 'redis', cacheSeconds: 1 } } });
    redis = new Redis(cast.world.redis.port, LOOPBACK);
  });
  afterAll(async () => {
    redis?.disconnect();
    await cast?.stop();
  });

  /** The names of the kinds of all keys; rejects where one is of no kind, or lives longer than its kind may. */
  async function kinds(): Promise<readonly string[]> {
    const found = new Set<string>();
    for await (const page of redis.scanStream({ count: 100 }) as AsyncIterable<string[]>) {
      for (const key of page) {
        const kind = kindOfKey(PREFIX, key);
        if (kind === undefined) throw new Error(`${key} is of no known kind`);
        const leftMs = await redis.pttl(key);
        if (leftMs === -2) continue; // it has ended meanwhile
        if ((kind.bound === 'expiry') !== leftMs > 0) throw new Error(`${key} lives for ${leftMs} ms more`);
        if (leftMs > (kind.longestMs ?? Infinity)) throw new Error(`${key} lives for ${leftMs} ms more, longer than it should`);
        found.add(kind.name);
      }
    }
    return KEY_KINDS.map(({ name }) => name).filter((name) => found.has(name));
  }

  /** What is in the hashes or sorted sets of all buckets. */
  async function inBuckets(what: 'pairs' | 'due'): Promise<readonly string[]> {
    const keys = await redis.keys(`${PREFIX}:{b*}:${what}`);
    return (await Promise.all(keys.map((key) => (what === 'pairs' ? redis.hkeys(key) : redis.zrange(key, '0', '-1'))))).flat();
  }

  async function program(...args: string[]): Promise<string> {
    const files = { 'isthmus.yaml': JSON.stringify(cast.world.config('cli')), 'component-secret': SECRET, 'list.txt': SIP_USERS.join('\n') };
    return (await isthmus([...args, '--config', '{dir}/isthmus.yaml'], files)).output;
  }

  it('promise 3: each is of a known kind and bounded as it says; nothing of a pair is left when all has ended', async () => {
    await program('users', 'import', '{dir}/list.txt');
    const { ann, bob, chat } = await cast.couple();
    await setsPolicy(ann, { allow: ['friend@example.com'] });
    const inward = await bobAdds({ ann, bob });
    const outward = await annAdds({ ann, bob });
    await chat.calls();
    await chat.writes('hello Ann');
    await ann.takeMessage('hello Ann');
    await ann.sendChat(bob.address, 'hello Bob');
    await chat.hears();
    expect(await kinds()).toEqual(['P:{bN}:pairs', 'P:{bN}:due', 'P:{bN}:policies', 'P:{sip-users}', 'P:workers', 'P:members:...']);

    await bob.answers('BYE', 200); // nothing has been said for a while
    expect((await bob.watchesOn(inward, 0)).status).toBe(200);
    const item = xml('item', { jid: bob.address, subscription: 'remove' });
    await ann.request(xml('iq', { type: 'set' }, xml('query', { xmlns: 'jabber:iq:roster' }, item)));
    await bob.answers('SUBSCRIBE', 200);
    await bob.tells(outward, open(bob), 'terminated;reason=timeout');
    await until('only her decision is left', async () => (await inBuckets('pairs')).length === 1);
    await decides(ann, 'ask', bob.address);
    await until('the record is gone', async () => (await inBuckets('pairs')).length === 0, KEPT_MS + 60_000);
    expect(await inBuckets('due')).toEqual([]);
    expect(await kinds()).toEqual(['P:{bN}:floor', 'P:{bN}:policies', 'P:{sip-users}', 'P:workers', 'P:members:...']);

    expect(JSON.parse(await program('doctor', '--json'))).toContainEqual({ part: 'records', level: 'ok', text: expect.stringMatching(/^0 records in \d+ keys: nothing is left over$/) });
    await cast.world.gateway.stop();
    expect(await kinds()).toEqual(['P:{bN}:floor', 'P:{bN}:policies', 'P:{sip-users}', 'P:members:...']);
  });
});
