import { annAdds } from './support/contact-list';
import { soon, START_MS } from './support/recovery';
import { SipPeer } from './support/raw-sip';
import { SipPerson } from './support/sip-person';
import { DOMAIN, World } from './support/world';

/** Routes are changed while the program runs (SIGHUP). */
describe('the administrator changes the routes', () => {
  let world: World;
  let first: SipPeer;
  let second: SipPeer;
  const routeTo = (peer: SipPeer, over = {}) => ({ name: 'far', host: '127.0.0.1', port: peer.port, dialect: 'simple', ...over });

  beforeAll(async () => {
    [first, second] = await Promise.all([SipPeer.start({ name: 'first' }), SipPeer.start({ name: 'second' })]);
    world = await World.start({ dialect: 'simple', nextHopPort: first.port, routes: [routeTo(first)] });
    for (const peer of [first, second]) {
      peer.nextHop = { port: world.sipPort, transport: 'tcp' };
      for (const method of ['OPTIONS', 'MESSAGE']) peer.serve(method, (incoming) => peer.reply(incoming, 200));
    }
  }, START_MS);
  afterAll(async () => {
    await world.stop();
    await Promise.all([first.stop(), second.stop()]);
  });

  test('a file that is wrong changes nothing, and its one line says what is wrong; one that is right moves watches and messages', async () => {
    const ann = await world.signIn();
    const bob = new SipPerson(first, `bob@${DOMAIN}`);
    await annAdds({ ann, bob });
    const config = world.config('w1');

    await world.gateway.reload({ ...config, routes: [routeTo(second, { dialect: 'klingon' })] });
    await world.gateway.logged(/"event":"config_refused"/);
    const [refused] = world.gateway.lines.filter(({ event }) => event === 'config_refused');
    expect(refused).toMatchObject({ level: 'error', problems: [expect.stringContaining('routes.0.dialect')] });
    first.serve('MESSAGE', (incoming) => first.reply(incoming, 403));
    await ann.sendChat(bob.address, 'Still by the first', 'm1');
    await ann.take('the error of the first', (stanza) => stanza.is('message') && stanza.attrs['id'] === 'm1' && stanza.attrs['type'] === 'error');

    await world.gateway.reload({ ...config, routes: [routeTo(second)], domain: 'elsewhere.example' });
    await world.gateway.logged(/"settings":\["domain"\].*"event":"restart_needed"/);
    await soon(new SipPerson(second, bob.address).letsWatch());
    const arrived = new Promise<string>((resolve) =>
      second.serve('MESSAGE', (incoming) => {
        resolve(incoming.message.text);
        return second.reply(incoming, 200);
      }),
    );
    await ann.sendChat(bob.address, 'Now by the second', 'm2');
    expect(await arrived).toContain('Now by the second');
    expect(world.gateway.isRunning).toBe(true);
  });
});
