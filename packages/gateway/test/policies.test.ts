import type { BareJid, PolicyLists } from '@isthmus/model';
import { StoreDoubtError, StoreUnavailableError } from '@isthmus/store';
import { withContact } from '../src/policy/policies';
import { ANN, BOB, PAIR } from './support/pairs';
import { PolicyPlace, PolicyWorker } from './support/policy-world';
import { eventually, settled } from './support/waiting';

const CAROL = 'carol@example.com' as BareJid;
const lists = (over: Partial<PolicyLists> = {}): PolicyLists => ({ allow: [], block: [], ...over });

let place: PolicyPlace;
let worker: PolicyWorker;

beforeEach(() => {
  place = new PolicyPlace();
  worker = new PolicyWorker(place);
});

const toldTo = (each: PolicyWorker = worker) =>
  each.told.map(({ pair, event }) => (event.on === 'policy' ? [pair.contact, event.verdict, event.decision ?? '-'] : [pair.contact, event.on]));

describe('PRES-25: the verdict on a watcher', () => {
  test('a user who said nothing: what is said for all', async () => {
    expect(await worker.policies.verdict(PAIR)).toBe('ask');
    expect(await new PolicyWorker(place, { everyone: lists({ autoAuthorize: true }) }).policies.verdict(PAIR)).toBe('auto');
    expect(await new PolicyWorker(place, { everyone: lists({ block: ['*@example.com'] }) }).policies.verdict(PAIR)).toBe('block');
  });

  test('a change counts at once, for every worker', async () => {
    const other = new PolicyWorker(place);
    expect(await other.policies.verdict(PAIR)).toBe('ask');
    await worker.policies.replace(ANN, lists({ block: [BOB] }), 0, 't');
    expect(await other.policies.verdict(PAIR)).toBe('block');
  });

  test('SEC-14: a contact whose name mixes scripts is blocked, unless the user has put him on his list, or the setting says ask', async () => {
    const contact = 'b\u043eb@example.com' as BareJid; // a Cyrillic o
    expect(await worker.policies.verdict({ user: ANN, contact })).toBe('block');
    expect(await worker.policies.blockedOf(ANN, [contact, BOB])).toEqual([contact]);
    expect(await new PolicyWorker(place, { mixedScripts: 'ask' }).policies.verdict({ user: ANN, contact })).toBe('ask');
    await worker.policies.replace(ANN, lists({ allow: [contact] }), 0, 't');
    expect(await worker.policies.verdict({ user: ANN, contact })).toBe('allow');
  });

  test('it is counted', async () => {
    await worker.policies.verdict(PAIR);
    expect(await worker.metrics.registry.metrics()).toContain('isthmus_policy_verdicts_total{verdict="ask"} 1');
  });

  test('without the store there is none: server.unavailable, and no guess', async () => {
    await place.store.close();
    await expect(worker.policies.verdict(PAIR)).rejects.toMatchObject({ fault: { sip: 503 } });
  });
});

describe('a change', () => {
  test('reaches all running watches of the user at once, and nobody else', async () => {
    await place.watches('active', BOB);
    await place.watches('pending', CAROL);
    await place.watches('none', 'dave@example.com' as BareJid);
    await worker.policies.replace(ANN, lists({ block: [BOB] }), 0, 't');
    await eventually('both are told', () => worker.told.length >= 2);
    expect(toldTo().sort()).toEqual([
      [BOB, 'block', '-'],
      [CAROL, 'ask', '-'],
    ]);
    expect(worker.log.find(({ event }) => event === 'policy_changed')).toMatchObject({ jid: ANN, allowed: 0, blocked: 1 });
    expect(worker.errors).toEqual([]);
  });

  test('promise 3: reaches them also when the store is lost right after the change', async () => {
    await place.watches('active', BOB);
    const { pairs, policies } = place.store;
    const scan = pairs.scan.bind(pairs);
    const set = policies.set.bind(policies);
    policies.set = async (...change) => {
      const result = await set(...change);
      // eslint-disable-next-line require-yield -- it fails before it has any
      pairs.scan = async function* () {
        throw new StoreUnavailableError('away');
      };
      return result;
    };
    expect(await worker.policies.replace(ANN, lists({ block: [BOB] }), 0, 't')).toBe('done');
    await eventually('it was tried', () => worker.errors.length > 0);
    expect(worker.told).toEqual([]);
    pairs.scan = scan;
    await eventually('he is told', () => worker.told.length > 0);
    expect(toldTo()).toEqual([[BOB, 'block', '-']]);
  });

  test('promise 3: reaches them also when nobody knows whether it has taken place; what the store says counts', async () => {
    await place.watches('active', BOB);
    const { policies } = place.store;
    const set = policies.set.bind(policies);
    policies.set = async (...change) => {
      await set(...change);
      throw new StoreDoubtError('no answer');
    };
    await expect(worker.policies.replace(ANN, lists({ block: [BOB] }), 0, 't')).rejects.toMatchObject({ fault: { sip: 503 } });
    await eventually('he is told', () => worker.told.length > 0);
    expect(toldTo()).toEqual([[BOB, 'block', '-']]);
  });

  test('that did not take place is told to nobody', async () => {
    await place.watches('active', BOB);
    const { policies } = place.store;
    policies.set = () => Promise.reject(new StoreUnavailableError('away'));
    let scans = 0;
    place.store.pairs.scan = async function* () {
      scans += 1;
      yield* [];
    };
    await expect(worker.policies.replace(ANN, lists({ block: [BOB] }), 0, 't')).rejects.toMatchObject({ fault: { sip: 503 } });
    await settled();
    expect(scans).toBe(0);
  });

  test('that started from something else than what is stored changes nothing', async () => {
    await worker.policies.replace(ANN, lists({ block: [BOB] }), 0, 't');
    expect(await worker.policies.replace(ANN, lists({ allow: [BOB] }), 0, 't')).toBe('conflict');
    expect((await worker.policies.read(ANN)).record).toEqual(lists({ block: [BOB] }));
  });

  test('promise 6: a list has a bound, in entries and in characters', async () => {
    const names = (count: number, length = 1) => Array.from({ length: count }, (_, at) => `${'x'.repeat(length)}${at}@example.com`);
    expect(await worker.policies.replace(ANN, lists({ block: names(4) }), 0, 't')).toBe('full');
    expect(await worker.policies.replace(ANN, lists({ allow: names(4) }), 0, 't')).toBe('full');
    expect(await worker.policies.replace(ANN, lists({ allow: names(3, 40_000) }), 0, 't')).toBe('full');
    expect(await worker.policies.replace(ANN, lists({ allow: names(3), block: names(3) }), 0, 't')).toBe('done');
  });

  test('to nothing leaves nothing behind', async () => {
    await worker.policies.change(ANN, (own) => withContact(own, BOB, 'block'), 't');
    await worker.policies.change(ANN, (own) => withContact(own, BOB, 'none'), 't');
    expect(await place.store.policies.get(ANN)).toBeUndefined();
  });

  test('of the lists as they are now, when another worker was faster', async () => {
    const other = new PolicyWorker(place);
    let raced = false;
    const changed = await worker.policies.change(ANN, (own) => {
      if (!raced) void (raced = true, other.policies.replace(ANN, lists({ block: [CAROL] }), 0, 't'));
      return withContact(own, BOB, 'block');
    }, 't');
    expect(changed).toBe('done');
    expect((await worker.policies.read(ANN)).record.block).toEqual([CAROL, BOB]);
  });

  test('that changes nothing is not written, and nobody is told', async () => {
    expect(await worker.policies.change(ANN, (own) => withContact(own, BOB, 'none'), 't')).toBe('done');
    expect(worker.log).toEqual([]);
  });
});

test('a decision by command comes with what policy says now', async () => {
  await worker.policies.replace(ANN, lists({ autoAuthorize: true }), 0, 't');
  await worker.policies.decide(PAIR, 'revoked', 't');
  expect(toldTo()).toEqual([[BOB, 'auto', 'revoked']]);
});

test('a contact stands on one list at most', () => {
  const both = lists({ allow: [BOB, CAROL], block: [BOB] });
  expect(withContact(both, BOB, 'allow')).toEqual(lists({ allow: [BOB, CAROL] }));
  expect(withContact(both, BOB, 'block')).toEqual(lists({ allow: [CAROL], block: [BOB] }));
  expect(withContact(both, BOB, 'none')).toEqual(lists({ allow: [CAROL] }));
  expect(withContact(lists(), CAROL, 'allow')).toEqual(lists({ allow: [CAROL] }));
});
