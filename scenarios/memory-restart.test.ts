import { annAdds } from './support/contact-list';
import { draftPidf } from './support/presence-documents';
import { seesAtLast, soon, START_MS, tellsBusy } from './support/recovery';
import { SipChat } from './support/sip-chat';
import { SipPerson } from './support/sip-person';
import { DOMAIN, World } from './support/world';

/** One worker, the built-in SIP server, nothing kept on disk: what a small installation starts with. */
describe('the only worker restarts and has forgotten everything', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start({ dialect: 'microsoft' });
  }, START_MS);
  afterAll(() => world.stop());

  test('promise 3: a user who stayed signed in sees the contact again, and they write to each other', async () => {
    const ann = await world.signIn();
    const bob = new SipPerson(world.peer, `bob@${DOMAIN}`);
    await tellsBusy(bob, await annAdds({ ann, bob }));
    await seesAtLast(ann, bob, 'dnd');

    world.gateway.kill('SIGKILL');
    await world.gateway.exited;
    const started = world.startWorker('w1');
    await soon(
      Promise.all([started, bob.letsWatch().then((watch) => bob.tells(watch, draftPidf(bob.uri, { basic: 'open', activity: 'away' }))), seesAtLast(ann, bob, 'away')]),
    );
    await ann.sendChat(bob.address, 'Where were we?');
    const chat = new SipChat('microsoft', bob, ann.bareJid);
    expect((await chat.hears()).text).toBe('Where were we?');
  });
});
