import type { SipeUser } from './support/sipe-user';
import { START_MS } from './support/recovery';
import { describeWithSipe } from './support/sipe-suite';
import { SipeWorld } from './support/sipe-world';
import { SipServer } from './support/sipd';
import type { XmppUser } from './support/xmpp-user';
import { adds, isAskedBy, readsTexts, sees, shows, writes, type Shown } from './support/xmpp-steps';

const { BOB } = SipeWorld;
/** SIPE refreshes so short a subscription when it ends (microsoft-observed B). */
const EXPIRES_SECONDS = 3;
/** That all of them are with the same worker has one chance in eight. */
const USERS = ['ann', 'abe', 'ada', 'ava'];

const uriOf = ({ bareJid }: { readonly bareJid: string }): string => `sip:${bareJid}`;

/** Real clients of Microsoft's dialect while parts fail: nobody signs in anew, and everybody goes on. */
describeWithSipe('SIPE and XMPP clients while parts fail', () => {
  let scene: SipeWorld;
  let bob: SipeUser;
  const users: XmppUser[] = [];
  let round = 0;

  beforeAll(async () => {
    scene = await SipeWorld.start({
      mode: '2007',
      users: USERS,
      store: 'redis',
      sipServer: 'anchored',
      workers: 2,
      availability: { minExpiresSeconds: 1, maxExpiresSeconds: EXPIRES_SECONDS },
    });
    bob = scene.bob;
    for (const name of USERS) {
      const user = await scene.world.signIn(name);
      users.push(user);
      bob.command(`add ${uriOf(user)}`);
      await isAskedBy(user, BOB, 'subscribed');
      await bobSees(user, 'available');
      await adds(user, BOB);
      await user.takePresence(BOB, 'subscribed');
      await isShownBob(user, 'available');
    }
    await everybodyGoesOn();
  }, START_MS);
  afterAll(() => scene?.stop());

  async function bobSees(user: XmppUser, status: string): Promise<void> {
    while ((await bob.sees(uriOf(user))) !== status);
  }

  async function isShownBob(user: XmppUser, state: Shown): Promise<void> {
    while ((await sees(user, BOB)) !== state);
  }

  /** Each state is shown to the other side, and texts pass, both ways. */
  async function everybodyGoesOn(): Promise<void> {
    const status = await bobIsSeen();
    for (const user of users) {
      await shows(user, status);
      await bobSees(user, status);
      await textsPass(user);
    }
  }

  /** Bob changes his state, and everybody is shown it. */
  async function bobIsSeen(): Promise<'available' | 'away'> {
    round += 1;
    const status = round % 2 === 0 ? 'available' : 'away';
    bob.command(`status ${status}`);
    await Promise.all(users.map((user) => isShownBob(user, status)));
    return status;
  }

  async function textsPass(user: XmppUser): Promise<void> {
    await writes(user, BOB, `to Bob ${round}`);
    await bob.event('message', { from: uriOf(user), text: `to Bob ${round}` });
    bob.command(`im ${uriOf(user)} from Bob ${round}`);
    expect(await readsTexts(user, BOB, 1)).toEqual([`from Bob ${round}`]);
  }

  const refreshes = (user: XmppUser): Promise<number> => scene.requests('to isthmus', 'SUBSCRIBE', user).then(({ length }) => length);

  /** Bob's client has refreshed all its subscriptions twice since. */
  async function allRefreshed(): Promise<void> {
    await Promise.all(users.map(async (user) => scene.crossing((await refreshes(user)) + 2, 'to isthmus', 'SUBSCRIBE', user)));
  }

  /** Requests of Bob's client that were refused because a dialog was lost; a NOTIFY to a watch that was opened anew does no harm. */
  async function refusals(): Promise<readonly string[]> {
    const answers = await scene.bench.crossed('from isthmus');
    return answers.filter(({ isRequest, status, cseq }) => !isRequest && status === 481 && cseq.method !== 'NOTIFY').map((answer) => `${answer.header('CSeq')} to ${answer.header('To')}`);
  }

  test('promises 1 to 4, observed A6, A7: a worker is killed; refreshes are answered, everybody sees everybody as he is, texts pass', async () => {
    const before = await refusals();
    const worker = scene.world.gateway;
    worker.kill('SIGKILL');
    await worker.exited;
    await allRefreshed();
    expect(await refusals()).toEqual(before);
    await everybodyGoesOn();
    expect(await refusals()).toEqual(before);
    await scene.world.startWorker('w3');
  });

  test('promises 1 to 4: Redis is restarted', async () => {
    await scene.world.redis.restart();
    await allRefreshed();
    await everybodyGoesOn();
  });

  // A refresh that finds nobody ends the subscription at the client, until its user signs in anew (observed A6).
  test('promises 1 to 3: the SIP server is restarted; Bob is seen as he is, texts pass', async () => {
    const { sipServer } = scene.world;
    sipServer?.kill('SIGKILL');
    await sipServer?.stop();
    scene.world.sipServer = await SipServer.start(sipServer?.sipPort, sipServer?.adminPort, true);
    await bobIsSeen();
    for (const user of users) await textsPass(user);
  });
});
