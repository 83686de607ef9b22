import { AnchoredServer } from './support/anchored';
import { shows } from './support/cast';
import { annAdds, bobAdds } from './support/contact-list';
import type { Gateway } from './support/gateway';
import { seesAtLast, soon, START_MS, tellsBusy, watchesAgain } from './support/recovery';
import { SipChat } from './support/sip-chat';
import type { SipDialog } from './support/sip-dialog';
import { SipPerson } from './support/sip-person';
import { until } from './support/until';
import { DOMAIN, World } from './support/world';
import type { XmppUser } from './support/xmpp-user';

const ANN = `ann@${DOMAIN}`;

/** A pair with all that it can have: each watches the other, and they write in a session. */
interface Pair {
  readonly bob: SipPerson;
  readonly chat: SipChat;
  /** She watches him, he watches her. */
  readonly outward: SipDialog;
  readonly inward: SipDialog;
}

async function befriends(world: World, ann: XmppUser, name: string): Promise<Pair> {
  const bob = new SipPerson(world.peer, `${name}@${DOMAIN}`);
  const outward = await annAdds({ ann, bob });
  const inward = await bobAdds({ ann, bob });
  const chat = new SipChat('microsoft', bob, ANN);
  await chat.calls();
  expect((await chat.writes(`Hello from ${name}`)).status).toBe(200);
  await ann.takeMessage(`Hello from ${name}`);
  return { bob, chat, outward, inward };
}

/** The worker of a pair, when all that it has done is in the store. */
async function workerOf(world: World, { bob }: Pair): Promise<Gateway> {
  await Promise.all(world.gateways.filter(({ isRunning }) => isRunning).map((each) => each.caughtUp()));
  const found = world.gateways.find((each) => each.isRunning && each.lines.some(({ event, from }) => event === 'request_received' && from === bob.address));
  if (found === undefined) throw new Error('no worker has the pair');
  await until('nothing is left to do', async () => /^isthmus_effects_in_flight 0$/m.test(await found.metrics()));
  return found;
}

describe('two workers behind one anchor', () => {
  let server: AnchoredServer;
  let world: World;
  let ann: XmppUser;

  beforeAll(async () => {
    server = await AnchoredServer.start();
    world = await World.start({ dialect: 'microsoft', store: 'redis', workers: 2, foreignSipServer: server });
    ann = await world.signIn();
  }, START_MS);
  afterAll(async () => {
    await world.stop();
    await server.stop();
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)('promises 1 and 3, DESIGN 5: the worker of a pair goes by %s: the next refresh is answered 200, the next text is delivered, the watches stay', async (signal) => {
    const pair = await befriends(world, ann, `bob-${signal.toLowerCase()}`);
    const { bob, chat, outward, inward } = pair;
    const worker = await workerOf(world, pair);
    worker.kill(signal);
    if (signal === 'SIGKILL') await worker.exited;
    // All three at once, as soon as it is gone or begins to go.
    const [refreshed, written, told] = await soon(Promise.all([bob.watchesOn(inward, 3_600), chat.writes(`After ${signal}`), tellsBusy(bob, outward)]));
    expect([refreshed.status, written.status, told.status]).toEqual([200, 200, 200]);
    await ann.takeMessage(`After ${signal}`);
    await seesAtLast(ann, bob, 'dnd');
    await shows(ann, 'away');
    await soon(bob.isToldAtLast({ draft: 'away' }));
    await shows(ann);
    await soon(bob.isToldAtLast({ basic: 'open' }));
    await worker.exited;
    // Nothing was begun anew: neither a watch nor a session.
    const begun = [...bob.unclaimed('SUBSCRIBE'), ...bob.unclaimed('INVITE'), ...bob.unclaimed('BYE')];
    expect(begun.map(({ startLine, callId }) => [startLine, callId === outward.callId])).toEqual(begun.map(({ startLine }) => [startLine, true]));
    await world.startWorker(`again-${signal.toLowerCase()}`);
  });

  test('promise 1, XD-10: a worker that is stopped (SIGSTOP) with a text in hand: another one delivers it', async () => {
    const pair = await befriends(world, ann, 'carol');
    const { chat } = pair;
    const worker = await workerOf(world, pair);
    worker.kill('SIGSTOP');
    try {
      const answer = await soon(chat.writes('While it sleeps'));
      expect(answer.status).toBe(200);
      await ann.takeMessage('While it sleeps');
    } finally {
      worker.kill('SIGCONT');
    }
  });

  test.each(['anchor', 'SIP server'] as const)('promise 3, DESIGN 5: the %s is killed: both begin anew, and so do the dialogs', async (which) => {
    const pair = await befriends(world, ann, `dave-${which === 'anchor' ? 'a' : 's'}`);
    const { bob, chat } = pair;
    const { serverPid } = server;
    if (which === 'anchor') server.kill('SIGKILL');
    else process.kill(serverPid, 'SIGKILL');
    await server.exited;
    await until('the SIP server is gone too', () => !isAlive(serverPid));
    server = await AnchoredServer.start(server);
    await soon(watchesAgain(ann, bob));
    chat.session = undefined;
    await ann.sendChat(bob.address, 'New');
    await soon(chat.hears());
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
