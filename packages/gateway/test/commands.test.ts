import type { BareJid } from '@isthmus/model';
import { DamagedRecordError } from '@isthmus/store';
import { CountersCommand } from '../src/commands/counters-command';
import { parseConfig } from '../src/config/load';
import { policySettings } from '../src/policy/settings';
import { ANN, BOB, NOON } from './support/pairs';
import { PolicyPlace, PolicyWorker, type Answer, type Fields } from './support/policy-world';
import { settled } from './support/waiting';

const HER_DESK = 'ann@example.com/desk';
const ADMIN = 'amy@example.com/x';
const node = (name: string) => `urn:isthmus:commands:${name}`;

let place: PolicyPlace;
let worker: PolicyWorker;

beforeEach(() => {
  place = new PolicyPlace();
  worker = new PolicyWorker(place, { administrators: new Set(['amy@example.com']) });
});

/** Opens a command and sends its form back with what was filled in. */
async function fillIn(from: string, name: string, filled: Fields, by: PolicyWorker = worker): Promise<Answer> {
  return submit(from, name, await worker.sends(from, node(name)), filled, by);
}

function submit(from: string, name: string, form: Answer, filled: Fields = {}, by: PolicyWorker = worker): Promise<Answer> {
  return by.sends(from, node(name), { action: form.offered, sessionId: form.sessionId, fields: { ...form.fields, ...filled } });
}

const stored = async (user: BareJid = ANN) => (await place.store.policies.get(user))?.record;
const decisions = () => worker.told.flatMap(({ pair, event }) => (event.on === 'policy' && event.decision !== undefined ? [[pair.contact, event.decision]] : []));

describe('XEP-0050: who may execute what', () => {
  const OWN = [node('policy'), node('watchers')];
  const ADMINS = [node('policy-of-user'), node('watchers-of-user'), node('counters')];

  test.each([
    ['a user', HER_DESK, OWN],
    ['an administrator', ADMIN, [...OWN, ...ADMINS]],
    ['a user of another domain', 'ann@elsewhere.example/x', []],
    ['an administrator\'s namesake of another domain', 'amy@elsewhere.example/x', []],
    ['the server', 'example.com', []],
    ['nobody', '', []],
  ])('%s is offered his commands', (_who, from, nodes) => {
    expect(worker.commands.offeredTo(from).map((each) => each.node)).toEqual(nodes);
  });

  test.each([
    ['a user of another domain', 'ann@elsewhere.example/x', 'policy'],
    ['a user with an administrator\'s command', HER_DESK, 'policy-of-user'],
    ['a user with the counters', HER_DESK, 'counters'],
    ['a server', 'example.com', 'policy'],
  ])('%s gets forbidden', async (_who, from, name) => {
    expect((await worker.sends(from, node(name))).error).toEqual(['forbidden']);
    expect(worker.log.map(({ event }) => event)).toEqual(['command_refused']);
  });

  test('a command that is not there is item-not-found', async () => {
    expect((await worker.sends(HER_DESK, node('nothing'))).error).toEqual(['item-not-found']);
    expect((await worker.sends(HER_DESK, '')).error).toEqual(['item-not-found']);
  });

  test('promise 6: a user may send so many stages a minute; others are not held up by him', async () => {
    const limited = new PolicyWorker(place, { commandsPerMinute: 2 });
    const send = async (from: string) => (await limited.sends(from, node('policy'))).error;
    expect([await send(HER_DESK), await send('ann@example.com/phone'), await send(HER_DESK), await send(ADMIN)]).toEqual([[], [], ['resource-constraint'], []]);
    place.now += 30_000;
    expect([await send(HER_DESK), await send(HER_DESK)]).toEqual([[], ['resource-constraint']]);
  });
});

describe('XEP-0050: sessions', () => {
  test('a session keeps its id through all stages: clients give up otherwise', async () => {
    const first = await worker.sends(ADMIN, node('policy-of-user'));
    const second = await submit(ADMIN, 'policy-of-user', first, { user: [ANN] });
    const third = await submit(ADMIN, 'policy-of-user', second);
    expect([second.sessionId, third.sessionId]).toEqual([first.sessionId, first.sessionId]);
    expect([first.status, second.status, third.status]).toEqual(['executing', 'executing', 'completed']);
    expect((await worker.sends(ADMIN, node('policy-of-user'))).sessionId).not.toBe(first.sessionId);
  });

  test('DESIGN section 4: the next stage may reach another worker', async () => {
    const other = new PolicyWorker(place, { administrators: new Set(['amy@example.com']) });
    const second = await submit(ADMIN, 'policy-of-user', await worker.sends(ADMIN, node('policy-of-user')), { user: [ANN] }, other);
    expect((await submit(ADMIN, 'policy-of-user', second, { block: [BOB] })).status).toBe('completed');
    expect(await stored()).toEqual({ allow: [], block: [BOB] });
  });

  test.each([
    ['of no form', 'x'],
    ['of another command', `${NOON + 1}.abc.${node('watchers')}`],
    ['without a time', `.abc.${node('policy')}`],
    ['that lasts for ever', `999999999999999.abc.${node('policy')}`],
    ['that is endless', `1.${'a'.repeat(1_000)}.${node('policy')}`],
    ['that is empty', ''],
  ])('an id %s is bad-sessionid', async (_what, sessionId) => {
    expect((await worker.sends(HER_DESK, node('policy'), { sessionId, fields: {} })).error).toEqual(['bad-request', 'bad-sessionid']);
  });

  test('after an hour it has expired', async () => {
    const form = await worker.sends(HER_DESK, node('policy'));
    place.now += 3_600_000;
    expect((await submit(HER_DESK, 'policy', form)).error).toEqual(['not-allowed', 'session-expired']);
  });

  test('it can be cancelled, not gone back in, and not be gone on with without the form', async () => {
    const { sessionId } = await worker.sends(HER_DESK, node('policy'));
    expect((await worker.sends(HER_DESK, node('policy'), { sessionId, action: 'cancel' })).status).toBe('canceled');
    expect((await worker.sends(HER_DESK, node('policy'), { sessionId, action: 'prev' })).error).toEqual(['bad-request', 'bad-action']);
    expect((await worker.sends(HER_DESK, node('policy'), { sessionId, action: 'next' })).error).toEqual(['bad-request', 'bad-payload']);
    expect((await worker.sends(HER_DESK, node('policy'), { action: 'complete' })).error).toEqual(['bad-request', 'bad-sessionid']);
    expect((await worker.sends(HER_DESK, node('policy'), { action: 'frob' })).error).toEqual(['bad-request', 'malformed-action']);
  });

  test('an action that the stage does not offer is bad-action; execute always goes on', async () => {
    const first = await worker.sends(ADMIN, node('policy-of-user'));
    const at = (action: string, form: Answer, fields: Fields = {}) => worker.sends(ADMIN, node('policy-of-user'), { action, sessionId: form.sessionId, fields: { ...form.fields, ...fields } });
    expect((await at('complete', first, { user: [ANN] })).error).toEqual(['bad-request', 'bad-action']);
    const second = await at('execute', first, { user: [ANN] });
    expect([second.status, second.offered]).toEqual(['executing', 'complete']);
    expect((await at('next', second)).error).toEqual(['bad-request', 'bad-action']);
    expect((await at('execute', second)).status).toBe('completed');
  });

  test('nothing in a form is a permission: a user cannot reach another one\'s policy by its hidden fields', async () => {
    await fillIn(HER_DESK, 'policy', { 'isthmus-user': ['amy@example.com'], block: ['*'] });
    expect([await stored('amy@example.com' as BareJid), await stored()]).toEqual([undefined, { allow: [], block: ['*'] }]);
  });
});

describe('my availability policy', () => {
  test('shows what is said, and saves what is changed: prepared, sorted out, without blanks', async () => {
    const form = await worker.sends(HER_DESK, node('policy'));
    expect([form.status, form.fields['auto-authorize'], form.fields['allow'], form.fields['block']]).toEqual(['executing', ['default'], [], []]);
    expect(form.options('auto-authorize')).toHaveLength(3);
    const saved = await submit(HER_DESK, 'policy', form, { 'auto-authorize': ['off'], allow: ['Bob@EXAMPLE.com', ' bob@example.com ', ''], block: ['*@Evil.example\n\ncarol@example.com'] });
    expect([saved.status, saved.notes.map((note) => note.split(':')[0])]).toEqual(['completed', ['info']]);
    expect(await stored()).toEqual({ autoAuthorize: false, allow: [BOB], block: ['*@evil.example', 'carol@example.com'] });
    expect((await worker.sends(HER_DESK, node('policy'))).fields).toMatchObject({ 'auto-authorize': ['off'], allow: [BOB], block: ['*@evil.example', 'carol@example.com'] });
  });

  test.each([
    ['on', true],
    ['off', false],
    ['default', undefined],
    ['constructor', undefined],
  ])('auto-authorize %s', async (choice, said) => {
    await fillIn(HER_DESK, 'policy', { 'auto-authorize': [choice], allow: ['x@example.com'] });
    expect((await stored())?.autoAuthorize).toBe(said);
  });

  test('what everybody has is shown beside the choice to have the same', async () => {
    const open = new PolicyWorker(place, { everyone: { autoAuthorize: true, allow: [], block: [] } });
    expect((await open.sends(HER_DESK, node('policy'))).options('auto-authorize')[0]).toMatch(/yes/);
    expect((await worker.sends(HER_DESK, node('policy'))).options('auto-authorize')[0]).toMatch(/no/);
  });

  test('addresses that are none are named, nothing is changed, and what was typed is not lost', async () => {
    const wrong = ['x y@example.com', 'bob@example.com/phone', ...Array.from({ length: 6 }, (_, at) => `@${at}${'y'.repeat(100)}`)];
    const answer = await fillIn(HER_DESK, 'policy', { allow: [BOB], block: wrong });
    expect([answer.status, answer.fields['allow'], answer.fields['block']]).toEqual(['executing', [BOB], wrong]);
    expect(answer.notes[0]).toMatch(/^error: .*"x y@example.com", "bob@example.com\/phone".* and 3 more$/);
    expect(answer.notes[0]?.length).toBeLessThan(500);
    expect(answer.instructions[0]).toBe(answer.notes[0]?.replace('error: ', ''));
    expect(await stored()).toBeUndefined();
    expect((await submit(HER_DESK, 'policy', answer, { block: [] })).status).toBe('completed');
  });

  test('promise 6: a list that is too long is not taken', async () => {
    const answer = await fillIn(HER_DESK, 'policy', { block: Array.from({ length: 4 }, (_, at) => `b${at}@example.com`) });
    expect([answer.status, answer.notes[0]]).toEqual(['executing', expect.stringContaining('too long')]);
  });

  test('changed elsewhere meanwhile: nothing is overwritten, and what is there now is shown', async () => {
    const form = await worker.sends(HER_DESK, node('policy'));
    await fillIn('ann@example.com/phone', 'policy', { block: ['carol@example.com'] });
    const answer = await submit(HER_DESK, 'policy', form, { block: [BOB] });
    expect([answer.status, answer.fields['block'], answer.notes[0]]).toEqual(['executing', ['carol@example.com'], expect.stringContaining('changed elsewhere')]);
    expect((await submit(HER_DESK, 'policy', answer, { block: [BOB] })).status).toBe('completed');
    expect(await stored()).toEqual({ allow: [], block: [BOB] });
  });
});

describe('who watches me', () => {
  const choose = (action: string, ...watchers: readonly string[]) => fillIn(HER_DESK, 'watchers', { watchers, action: [action] });

  test('nobody: it says so and is over', async () => {
    const answer = await worker.sends(HER_DESK, node('watchers'));
    expect([answer.status, answer.notes]).toEqual(['completed', ['info: No SIP user watches ann@example.com.']]);
  });

  test('each one, with what he sees, devices and until when', async () => {
    await place.watches('active', BOB, 2);
    await place.watches('pending', 'carol@example.com' as BareJid);
    await place.watches('denied', 'dave@example.com' as BareJid, 0);
    await place.watches('none', 'eve@example.com' as BareJid);
    await place.watches('blocked', 'fay@example.com' as BareJid);
    expect((await worker.sends(HER_DESK, node('watchers'))).options('watchers')).toEqual([
      'bob@example.com: sees you; 2 devices, until 2026-01-05 13:00 UTC',
      'carol@example.com: waits for your answer; 1 device, until 2026-01-05 13:00 UTC',
      'dave@example.com: refused, sees you as offline; does not watch now',
      'fay@example.com: blocked by policy, sees you as offline; 1 device, until 2026-01-05 13:00 UTC',
    ]);
  });

  test('a damaged record is told of, and does not hide the others; many are asked for at a time', async () => {
    for (const contact of [BOB, 'carol@example.com', 'dave@example.com']) await place.watches('active', contact as BareJid);
    const { pairs } = place.store;
    const load = pairs.load.bind(pairs);
    let running = 0;
    let most = 0;
    pairs.load = async (key) => {
      most = Math.max(most, (running += 1));
      await settled();
      running -= 1;
      if (key.includes('carol')) throw new DamagedRecordError('damaged');
      return load(key);
    };
    const answer = await worker.sends(HER_DESK, node('watchers'));
    expect([answer.options('watchers').length, answer.instructions.at(-1), most]).toEqual([2, '1 more are damaged in the store.', 3]);
  });

  test('promise 6: so many are listed, the others counted', async () => {
    for (let at = 0; at < 7; at += 1) await place.watches('active', `b${at}@example.com` as BareJid);
    const answer = await worker.sends(HER_DESK, node('watchers'));
    expect([answer.options('watchers').length, answer.instructions.at(-1)]).toEqual([5, '2 more are not listed.']);
  });

  test.each([
    ['allow', { allow: [BOB], block: [] }, [[BOB, 'granted']]],
    ['block', { allow: [], block: [BOB] }, []],
    ['revoke', undefined, [[BOB, 'revoked']]],
    ['ask', undefined, [[BOB, 'forgotten']]],
  ])('%s', async (action, lists, decided) => {
    await place.watches('active');
    const answer = await choose(action, BOB);
    expect([answer.status, await stored(), decisions()]).toEqual(['completed', lists, decided]);
  });

  test.each([
    ['revoke', 'allow'],
    ['ask', 'block'],
  ])('%s takes him from the list on which he stood, so that it is not in vain', async (action, list) => {
    await place.watches('active');
    await choose(list, BOB);
    worker.told.splice(0);
    await choose(action, BOB);
    expect(await stored()).toBeUndefined();
    expect(worker.told.filter(({ event }) => event.on === 'policy' && event.decision !== undefined).map(({ event }) => event)).toMatchObject([{ verdict: 'ask' }]);
  });

  test('allow counts also for one who stands on the list and was refused since: of both words the later one holds', async () => {
    await place.watches('denied');
    await choose('allow', BOB);
    worker.told.splice(0);
    expect([(await choose('allow', BOB)).status, decisions(), await stored()]).toEqual(['completed', [[BOB, 'granted']], { allow: [BOB], block: [] }]);
  });

  test('allow: who stays blocked all the same is named, whoever blocks him', async () => {
    await place.watches('active');
    const strict = new PolicyWorker(place, { everyone: { allow: [], block: ['carol@example.com'] } });
    await place.store.policies.set(ANN, { allow: [], block: ['*@example.net'] }, 0);
    const watchers = [BOB, 'carol@example.com', 'dave@example.net'];
    const answer = await fillIn(HER_DESK, 'watchers', { watchers, action: ['allow'] }, strict);
    expect([answer.status, answer.notes.length, answer.notes[1]]).toEqual(['completed', 2, expect.stringMatching(/^warn: .*"carol@example.com", "dave@example.net"$/)]);
    expect((await fillIn(HER_DESK, 'watchers', { watchers: [BOB], action: ['allow'] }, strict)).notes).toHaveLength(1);
  });

  test('several at once', async () => {
    await place.watches('active', BOB);
    await place.watches('pending', 'carol@example.com' as BareJid);
    await choose('block', BOB, 'carol@example.com');
    expect((await stored())?.block).toEqual([BOB, 'carol@example.com']);
  });

  test.each([
    ['no watcher', 'block', []],
    ['no action', '', [BOB]],
    ['an action that is none', 'constructor', [BOB]],
    ['what is no address', 'block', ['@@']],
    ['a domain', 'block', ['example.com']],
    ['more than the list holds', 'block', ['a@b', 'b@b', 'c@b', 'd@b']],
    ['more than are listed', 'revoke', ['a@b', 'b@b', 'c@b', 'd@b', 'e@b', 'f@b']],
  ])('%s chosen: nothing is changed, and the form comes again', async (_what, action, watchers) => {
    await place.watches('active');
    const answer = await choose(action, ...watchers);
    expect([answer.status, answer.notes.length, await stored(), decisions()]).toEqual(['executing', 1, undefined, []]);
  });
});

describe('administrators', () => {
  test.each(['nobody@example.com', 'ann@elsewhere.example', 'example.com', '@', ''])('"%s" is no user', async (user) => {
    const answer = await fillIn(ADMIN, 'policy-of-user', { user: [user] });
    expect([answer.status, answer.notes]).toEqual(['executing', ['error: There is no such user.']]);
  });

  test('a forged hidden field names no user either', async () => {
    const form = await fillIn(ADMIN, 'policy-of-user', { user: [ANN] });
    const answer = await submit(ADMIN, 'policy-of-user', form, { 'isthmus-user': ['nobody@example.com'], block: ['*'] });
    expect([answer.status, await stored('nobody@example.com' as BareJid)]).toEqual(['executing', undefined]);
  });

  test('a user\'s watchers', async () => {
    await place.watches('active');
    const form = await fillIn(ADMIN, 'watchers-of-user', { user: ['Ann@Example.com'] });
    expect((await submit(ADMIN, 'watchers-of-user', form, { watchers: [BOB], action: ['block'] })).status).toBe('completed');
    expect(await stored()).toEqual({ allow: [], block: [BOB] });
  });

  test('while the XMPP server cannot be asked: try again', async () => {
    const form = await worker.sends(ADMIN, node('policy-of-user'));
    worker.away = true;
    await expect(submit(ADMIN, 'policy-of-user', form, { user: [ANN] })).rejects.toMatchObject({ fault: { type: 'wait' } });
  });

  test.each([
    [HER_DESK, 'watchers'],
    [ADMIN, 'counters'],
    [HER_DESK, 'policy'],
  ])('while the store cannot be asked %s is told to try again (%s), as with everything else', async (from, name) => {
    await place.store.close();
    await expect(worker.sends(from, node(name))).rejects.toMatchObject({ fault: { type: 'wait', condition: 'resource-constraint' } });
  });

  test('counters: pairs, watches by state, messages, links', async () => {
    await place.watches('active', BOB, 2);
    await place.watches('pending', 'carol@example.com' as BareJid);
    worker.metrics.messages.inc({ direction: 'to-sip', outcome: 'taken' }, 7);
    const answer = await worker.sends(ADMIN, node('counters'));
    expect([answer.status, answer.labels]).toEqual([
      'completed',
      ['Pairs of users: 2', 'SIP devices that watch: active: 2', 'SIP devices that watch: pending: 1', 'Messages to-sip, taken (this worker): 7', 'XMPP link: up'],
    ]);
  });

  test('the counters count a damaged record by itself, and it does not hide the others', async () => {
    for (const contact of [BOB, 'carol@example.com', 'dave@example.com']) await place.watches('active', contact as BareJid);
    const { pairs } = place.store;
    const load = pairs.load.bind(pairs);
    pairs.load = (key) => (key.includes('carol') ? Promise.reject(new DamagedRecordError('damaged')) : load(key));
    const answer = await worker.sends(ADMIN, node('counters'));
    expect([answer.status, answer.labels.slice(0, 3)]).toEqual(['completed', ['Pairs of users: 3', 'SIP devices that watch: active: 2', 'Records that are damaged in the store: 1']]);
  });

  test('promise 6: the counters look at so many pairs, and say that these are not all', async () => {
    for (let at = 0; at < 5; at += 1) await place.watches('active', `b${at}@example.com` as BareJid);
    const counters = new CountersCommand({ pairs: place.store.pairs, others: async () => [], maxRecords: 3 });
    const { form } = await counters.show();
    expect(form?.fields.map(({ label, values }) => `${label}: ${values?.join()}`)).toEqual(['Pairs of users: 5', 'SIP devices that watch: active (of 3 pairs looked at): 3']);
  });
});

test('addresses of the configuration are prepared', () => {
  const config = parseConfig(
    `
domain: example.com
xmpp: { component: isthmus.example.com, secret: { env: SECRET } }
sip: { server: { type: embedded, listen: [{ transport: tcp, port: 5060 }] } }
routes: [{ name: lync, host: 192.0.2.10, dialect: microsoft }]
policy: { autoAuthorize: true, allow: ['*@XN--E1AFMKFD.example'], block: [Bob@Example.com] }
administrators: [Ann@Example.com]
`,
    'isthmus.yaml',
  );
  expect(policySettings(config)).toMatchObject({
    everyone: { autoAuthorize: true, allow: ['*@пример.example'], block: [BOB] },
    administrators: new Set([ANN]),
    maxListEntries: 1_000,
  });
});
