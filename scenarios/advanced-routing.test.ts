import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import xml from '@xmpp/xml';

import { asksFor, rosterState } from './support/cast';
import { isthmus } from './support/gateway';
import { SipChat } from './support/sip-chat';
import { SipPerson } from './support/sip-person';
import { bounceOf, refusalOf } from './support/stanza-error';
import { DOMAIN, SECRET, World } from './support/world';
import type { XmppUser } from './support/xmpp-user';

/** Advanced routing (the manual, "Request Routing"): only who is on the list of SIP users is one. */

const directory = mkdtempSync(join(tmpdir(), 'isthmus-list-'));
const LIST = join(directory, 'sip-users.txt');
afterAll(() => rmSync(directory, { recursive: true }));

const KINDS = {
  file: { store: 'memory', sipUsers: { type: 'file', file: LIST, lookSeconds: 1 } },
  redis: { store: 'redis', sipUsers: { type: 'redis', cacheSeconds: 1 } },
} as const;

describe.each(['file', 'redis'] as const)('list in %s', (kind) => {
  let world: World;
  let ann: XmppUser;
  let number = 0;

  /** `isthmus users` with the configuration of the running worker. */
  async function users(...args: string[]): Promise<string> {
    const files = { 'isthmus.yaml': JSON.stringify(world.config('cli')), 'component-secret': SECRET };
    const { code, output } = await isthmus(['users', ...args, '--config', '{dir}/isthmus.yaml'], files);
    expect([code, output]).toEqual([0, output]);
    return output;
  }

  beforeAll(async () => {
    writeFileSync(LIST, `first@${DOMAIN}\n`);
    world = await World.start({ dialect: 'simple', store: KINDS[kind].store, routing: { mode: 'advanced', sipUsers: KINDS[kind].sipUsers } });
    ann = await world.signIn('ann');
  });
  afterAll(() => world.stop());

  function someone(): SipPerson {
    number += 1;
    return new SipPerson(world.peer, `${kind}${number}@${DOMAIN}`);
  }

  async function listed(): Promise<SipPerson> {
    const bob = someone();
    await users('add', bob.address);
    return bob;
  }

  /** Ann writes; resolves with false when it comes back. */
  async function comesBack(bob: SipPerson): Promise<boolean> {
    number += 1;
    const id = `text-${kind}-${number}`;
    await ann.sendChat(bob.address, id, id);
    await bounceOf(ann, id);
    return false;
  }

  /** Sends until it crosses: the worker notices a change of the list by itself, and a text to whom it does not know comes back. */
  async function untilKnown(bob: SipPerson): Promise<void> {
    const crossed = bob.answers('MESSAGE', 200).then(() => true);
    while (!(await Promise.race([crossed, comesBack(bob)])));
  }

  const requestsFor = (bob: SipPerson): readonly string[] => world.peer.unclaimed.filter(({ method, uri }) => method !== 'OPTIONS' && uri === bob.uri).map(({ method }) => method);

  it('who is not on it: item-not-found and unsubscribed at once, and no request leaves (promise 1)', async () => {
    const [bob, marker] = [someone(), await listed()];
    await ann.sendChat(bob.address, 'anybody?', `no-${kind}`);
    expect(await bounceOf(ann, `no-${kind}`)).toMatchObject({ from: bob.address, condition: 'item-not-found' });
    await asksFor(ann, bob);
    await ann.takePresence(bob.address, 'unsubscribed');
    expect(await rosterState(ann, bob)).not.toBe('to');
    await ann.sendPresence({ to: bob.address });
    await untilKnown(marker);
    expect(requestsFor(bob)).toEqual([]);
  });

  it('who is added is reached without a restart, and whoever is removed is not any more', async () => {
    const bob = await listed();
    await untilKnown(bob);
    await users('remove', bob.address);
    for (let text = comesBack(bob), crossed = bob.answers('MESSAGE', 200); await Promise.race([text, crossed.then(() => true)]); ) {
      text = comesBack(bob);
      crossed = bob.answers('MESSAGE', 200);
    }
  });

  it('import replaces the list', async () => {
    const bob = someone();
    const fresh = join(directory, 'fresh.txt');
    writeFileSync(fresh, `# all of them\nsip:${bob.address}\n`);
    expect(await users('import', fresh)).toBe('1 in all\n');
    expect(await users('list')).toBe(`${bob.address}\n`);
    await untilKnown(bob);
  });

  it('SEC-3: a SIP user who is not on it may not write: 403; the others may', async () => {
    const [bob, eve] = [await listed(), someone()];
    await untilKnown(bob);
    expect((await new SipChat('simple', eve, ann.bareJid).writes('let me in')).status).toBe(403);
    expect((await new SipChat('simple', bob, ann.bareJid).writes('it is me')).status).toBe(200);
    await ann.takeMessage('it is me');
    expect(ann.stanzas.unclaimed.filter(({ attrs }) => String(attrs['from']).startsWith(eve.address) && attrs['type'] !== 'error')).toEqual([]);
  });

  it('SEC-7: a question about a contact says nothing about the list', async () => {
    const ask = (to: string): Promise<string> => refusalOf(ann.request(xml('iq', { type: 'get', to }, xml('query', { xmlns: 'urn:example:unknown' }))));
    expect([await ask(someone().address), await ask((await listed()).address)]).toEqual(['service-unavailable', 'service-unavailable']);
  });
});

describe('a list that cannot be read', () => {
  it('a file that vanishes or is wrong: the old list stays, and the log says so with the line (promise 6)', async () => {
    const file = join(directory, 'moody.txt');
    writeFileSync(file, `bob@${DOMAIN}\n`);
    const world = await World.start({ dialect: 'simple', routing: { mode: 'advanced', sipUsers: { type: 'file', file, lookSeconds: 1 } } });
    try {
      const [ann, bob] = [await world.signIn('ann'), new SipPerson(world.peer, `bob@${DOMAIN}`)];
      rmSync(file);
      await world.gateway.logged(/"event":"sip_users_refused"/);
      await ann.sendChat(bob.address, 'still there');
      await bob.answers('MESSAGE', 200);
      writeFileSync(join(directory, 'wrong.txt'), `bob@${DOMAIN}\nbea\n`);
      renameSync(join(directory, 'wrong.txt'), file);
      world.gateway.kill('SIGHUP');
      await world.gateway.logged(/line 2: \\"bea\\" is not the address of a user/);
      await ann.sendChat(bob.address, 'and still');
      await bob.answers('MESSAGE', 200);
    } finally {
      await world.stop();
    }
  });

  it('at the start there is none to keep: the worker does not start, and says why', async () => {
    const world = await World.start({ dialect: 'simple', workers: 0, routing: { mode: 'advanced', sipUsers: { type: 'file', file: join(directory, 'absent.txt') } } });
    try {
      const gateway = await world.startWorker('w1', /absent\.txt: cannot be read \(no such file\)/);
      expect((await gateway.exited).code).toBe(1);
    } finally {
      await world.stop();
    }
  });

  it('Redis away: wait and 503, and nobody is said not to exist', async () => {
    const world = await World.start({ dialect: 'simple', store: 'redis', routing: { mode: 'advanced', sipUsers: { type: 'redis' } } });
    try {
      const [ann, bob] = [await world.signIn('ann'), new SipPerson(world.peer, `bob@${DOMAIN}`)];
      await world.redis.stop();
      await world.gateway.logged(/"event":"store_unavailable"/);
      await ann.sendChat(bob.address, 'anybody?', 'away');
      expect(await bounceOf(ann, 'away')).toMatchObject({ condition: 'resource-constraint' });
      expect((await new SipChat('simple', bob, ann.bareJid).writes('anybody?')).status).toBe(503);
    } finally {
      await world.stop();
    }
  });
});
