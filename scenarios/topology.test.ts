import { annAdds, bobAdds } from './support/contact-list';
import { SipPeer } from './support/raw-sip';
import { seesAtLast, START_MS, tellsBusy } from './support/recovery';
import { SipChat } from './support/sip-chat';
import { SipPerson } from './support/sip-person';
import { FAR, Topology } from './support/topology';
import { DOMAIN } from './support/world';
import { XmppUser } from './support/xmpp-user';

const ANN = `ann@${DOMAIN}`;

/** The deployment that the chaos suite and `npm run cluster` start. */
describe('a deployment on hosts of its own', () => {
  let topology: Topology;
  let peer: SipPeer;
  let ann: XmppUser;

  beforeAll(async () => {
    topology = await Topology.lay({ users: ['ann'], redisDiskMegabytes: 64, redisSync: 'everysec' });
    const nextHop = { host: topology.address('sip1'), port: topology.sipPort, transport: 'tcp' } as const;
    peer = await SipPeer.start({ address: topology.address(FAR), port: topology.sipPort, nextHop });
    peer.serve('OPTIONS', (incoming) => peer.reply(incoming, 200));
    await topology.start();
    ann = await XmppUser.connect({ user: 'ann', password: 'ann', domain: DOMAIN, host: topology.address('prosody'), port: topology.c2sPort });
    await ann.roster();
    await ann.sendPresence();
  }, START_MS);
  afterAll(async () => {
    await ann?.stop();
    await topology?.stop();
    await peer?.stop();
  });

  test('texts and presence cross both ways', async () => {
    const bob = new SipPerson(peer, `bob@${DOMAIN}`);
    const chat = new SipChat('microsoft', bob, ANN);
    await ann.sendChat(bob.address, 'Hello');
    expect((await chat.hears()).text).toBe('Hello');
    expect((await chat.writes('Hello yourself')).status).toBe(200);
    await ann.takeMessage('Hello yourself');
    const watch = await annAdds({ ann, bob });
    await bobAdds({ ann, bob });
    await tellsBusy(bob, watch);
    await seesAtLast(ann, bob, 'dnd');
  });

  test('a disk is full until it is emptied', async () => {
    const { disk } = topology;
    disk?.fill();
    await topology.part('redis').logged(/Short write while writing to the AOF file|Error writing to the AOF file/);
    disk?.empty();
    await topology.part('redis').logged(/AOF write error looks solved/);
  });

  test('a part is killed and comes back where it was; a worker joins and leaves', async () => {
    await topology.part('sip2').kill();
    expect(topology.part('sip2').isRunning).toBe(false);
    await topology.part('sip2').start();
    const w3 = await topology.addWorker('w3');
    expect(topology.workers.map(({ name }) => name)).toEqual(['w1', 'w2', 'w3']);
    expect(await topology.metrics('w3')).toContain('isthmus_');
    await w3.stop();
    expect(w3.isRunning).toBe(false);
    expect(() => topology.part('w4')).toThrow('there is no part w4');
  });
});
