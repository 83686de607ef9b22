import { shows } from './support/cast';
import { annAdds, bobAdds } from './support/contact-list';
import type { Gateway } from './support/gateway';
import { numbered, seesAtLast, soon, START_MS, tellsBusy, watchesAgain } from './support/recovery';
import { SipChat, TEXT_SESSION } from './support/sip-chat';
import { SipPerson } from './support/sip-person';
import { DOMAIN, World } from './support/world';
import type { XmppUser } from './support/xmpp-user';

const ANN = `ann@${DOMAIN}`;
/** Pairs in a test about two workers; more when none of these met both, which has one chance in thousands. */
const PAIRS = 12;
const MOST_PAIRS = 50;

/** The next texts for a SIP user, each answered. */
async function hears(chat: SipChat, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) texts.push((await chat.hears()).text);
  return texts;
}

/** The same, in whatever session they come. */
async function listens(person: SipPerson, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) texts.push((await person.answers('MESSAGE', 200)).text);
  return texts;
}

describe('the only worker goes away', () => {
  let world: World;
  let ann: XmppUser;
  let worker: Gateway;
  const person = (name: string): SipPerson => new SipPerson(world.peer, `${name}@${DOMAIN}`);

  beforeAll(async () => {
    world = await World.start({ dialect: 'microsoft', store: 'redis', sipServer: 'process' });
    ann = await world.signIn();
    worker = world.gateway;
  }, START_MS);
  afterAll(() => world.stop());

  test.each(['SIGTERM', 'SIGKILL'] as const)('promises 1 and 3: by %s, and another one goes on', async (signal) => {
    const bob = person(`bob-${signal.toLowerCase()}`);
    const chat = new SipChat('microsoft', bob, ANN);
    await annAdds({ ann, bob });
    await bobAdds({ ann, bob });
    await ann.sendChat(bob.address, 'Before');
    expect(await hears(chat, 1)).toEqual(['Before']);

    worker.kill(signal);
    await worker.exited;
    await shows(ann, 'dnd'); // no worker hears it
    const ended = bob.answers('BYE', 200);
    worker = await world.startWorker('w1');
    await soon(
      Promise.all([
        watchesAgain(ann, bob),
        bob.isToldAtLast({ draft: 'busy' }),
        ended,
      ]),
    );
    chat.session = undefined;
    await ann.sendChat(bob.address, 'After');
    // What was on its way when the worker was killed may come twice, never not at all.
    let [text] = await hears(chat, 1);
    while (text === 'Before') [text] = await hears(chat, 1);
    expect(text).toBe('After');
    await shows(ann);
  });

  test('promise 1: a message that it had taken when it was killed is delivered, and marked: it may have arrived before', async () => {
    const carol = person('carol');
    const chat = new SipChat('microsoft', carol, ANN);
    await ann.sendChat(carol.address, 'Just in time');
    const unanswered = await carol.receive('INVITE');
    worker.kill('SIGKILL');
    worker = await world.startWorker('w1');
    expect(await soon(hears(chat, 1))).toEqual(['Just in time']);
    expect(chat.session?.callId).not.toBe(unanswered.message.callId);
    await worker.logged(new RegExp(`"to":"${carol.address}".*"event":"message_repeated"`));
    expect(await worker.metrics()).toMatch(/^isthmus_repeated_messages_total\{direction="to-sip"\} 1$/m);
  });
});

describe.each(['microsoft', 'simple'] as const)('two workers, dialect %s', (dialect) => {
  let world: World;
  let ann: XmppUser;
  const person = (name: string): SipPerson => new SipPerson(world.peer, `${name}@${DOMAIN}`);

  beforeAll(async () => {
    world = await World.start({ dialect, store: 'redis', sipServer: 'process', workers: 2 });
    ann = await world.signIn();
  }, START_MS);
  afterAll(() => world.stop());

  /** The workers to which events of this kind of the pair came. */
  const workersOf = (event: string, contact: SipPerson): Gateway[] =>
    world.gateways.filter((worker) => worker.lines.some((line) => line.event === event && [line['from'], line['to']].includes(contact.address)));

  /** Came the stanzas of the pair to one worker and SIP requests of it to the other one? */
  function isCrossed(contact: SipPerson): boolean {
    const [xmpp] = workersOf('stanza_received', contact);
    return workersOf('request_received', contact).some((sip) => sip !== xmpp);
  }

  test("promises 1 and 2: one pair's messages through both", async () => {
    const people: SipPerson[] = [];
    while (people.length < PAIRS || (!people.some(isCrossed) && people.length < MOST_PAIRS)) {
      const bob = person(`bob${people.length}`);
      people.push(bob);
      const chat = new SipChat(dialect, bob, ANN);
      const texts = numbered('Text', 5);
      for (const text of texts) expect((await chat.writes(text)).status).toBe(200);
      for (const text of texts) await ann.sendChat(bob.address, text);
      expect(await hears(chat, texts.length)).toEqual(texts);
    }
    expect(people.filter(isCrossed)).not.toEqual([]);
    for (const bob of people) expect(bob.unclaimed('MESSAGE')).toEqual([]);
  });

  test("one pair's presence through both", async () => {
    const people: SipPerson[] = [];
    while (people.length < PAIRS || (!people.some(isCrossed) && people.length < MOST_PAIRS)) {
      const bob = person(`carol${people.length}`);
      people.push(bob);
      const watch = await annAdds({ ann, bob });
      await bobAdds({ ann, bob });
      await tellsBusy(bob, watch);
      await seesAtLast(ann, bob, 'dnd');
      await shows(ann, 'away');
      await bob.isToldAtLast(dialect === 'microsoft' ? { draft: 'away' } : { show: 'away' });
      await shows(ann);
      await bob.isToldAtLast({ basic: 'open' });
    }
    expect(people.filter(isCrossed)).not.toEqual([]);
  });

  test('promises 1 and 2, XD-10: one is drained under load', async () => {
    const { peer } = world;
    peer.serve('INVITE', (incoming) => peer.accept(incoming, { headers: { 'Content-Type': 'application/sdp' }, body: TEXT_SESSION }));
    peer.serve('BYE', (incoming) => peer.reply(incoming, 200));
    const dave = person('dave');
    await ann.sendChat(dave.address, 'Hello');
    await dave.answers('MESSAGE', 200);
    await Promise.all(world.gateways.filter(({ isRunning }) => isRunning).map((worker) => worker.caughtUp()));
    const [busy] = workersOf('stanza_received', dave);

    const texts = numbered('Text', 40);
    const heard = listens(dave, texts.length);
    for (const text of texts) {
      await ann.sendChat(dave.address, text);
      if (text === 'Text 20') busy?.kill('SIGTERM');
    }
    expect(await soon(heard)).toEqual(texts);
    expect(await busy?.exited).toMatchObject({ code: 0 });
    await ann.sendChat(dave.address, 'The last one');
    expect(await listens(dave, 1)).toEqual(['The last one']);
    expect(ann.stanzas.unclaimed.filter((stanza) => stanza.attrs['type'] === 'error')).toEqual([]);
  });
});
