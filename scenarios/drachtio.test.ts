import { shows } from './support/cast';
import { annAdds, bobAdds } from './support/contact-list';
import { soon, START_MS, watchesAgain } from './support/recovery';
import { SipChat } from './support/sip-chat';
import { SipPerson } from './support/sip-person';
import { SipServer } from './support/sipd';
import { bounceOf } from './support/stanza-error';
import { DOMAIN, World } from './support/world';
import type { XmppUser } from './support/xmpp-user';

const ANN = `ann@${DOMAIN}`;

describe('the drachtio server goes away', () => {
  let world: World;
  let ann: XmppUser;

  beforeAll(async () => {
    world = await World.start({ dialect: 'microsoft', sipServer: 'process' });
    ann = await world.signIn();
  }, START_MS);
  afterAll(() => world.stop());

  test('promises 1 and 3: it is killed with all its dialogs, and started again', async () => {
    const bob = new SipPerson(world.peer, `bob@${DOMAIN}`);
    const chat = new SipChat('microsoft', bob, ANN);
    await annAdds({ ann, bob });
    const watch = await bobAdds({ ann, bob });
    await ann.sendChat(bob.address, 'Before');
    expect((await chat.hears()).text).toBe('Before');

    world.sipServer?.kill('SIGKILL');
    await world.gateway.logged(/"event":"sip_link_down"/);
    await ann.sendChat(bob.address, 'Meanwhile', 'm1');
    expect(await bounceOf(ann, 'm1')).toMatchObject({ condition: 'remote-server-timeout' });
    await shows(ann, 'dnd');

    world.sipServer = await SipServer.start(world.sipPort, world.sipServer?.adminPort);
    await soon(
      Promise.all([
        watchesAgain(ann, bob),
        bob.isToldAtLast({ draft: 'busy' }),
      ]),
    );
    expect((await bob.watchesOn(watch, 3600)).status).toBe(200);
    chat.session = undefined;
    await ann.sendChat(bob.address, 'After');
    expect((await chat.hears()).text).toBe('After');
  });
});
