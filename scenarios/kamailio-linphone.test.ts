import { Partition } from './support/kamailio-world';
import { Linphone } from './support/linphone';
import { START_MS } from './support/recovery';
import { DOMAIN } from './support/world';
import type { XmppUser } from './support/xmpp-user';
import { adds, isAskedBy, readsTexts, sees, shows, subscriptionOf, writes } from './support/xmpp-steps';

const BOB = `bob1@${DOMAIN}`;
const ANN = `sip:ann1@${DOMAIN}`;

/** What linphone does not take back when it ends, since an answer was late on the way there, lapses so soon. */
const PUBLISHED_SECONDS = 20;

/**
 * A partition with nothing of ours in it but isthmus: Prosody and an XMPP client's library, Kamailio and linphone, which
 * tells others the name that Kamailio has given it (GRUU, RFC 5627) as its Contact.
 */
describe('linphone, registered on Kamailio', () => {
  let partition: Partition;
  let ann: XmppUser;
  let bob: Linphone;
  beforeAll(async () => {
    partition = await Partition.start();
    ann = await partition.world.signIn('ann1');
    bob = await Linphone.start({ user: BOB, password: 'bob1', proxyPort: partition.kamailio.usersPort, transport: 'tcp', publishExpiresSeconds: PUBLISHED_SECONDS });
  }, START_MS);
  afterAll(async () => {
    await bob?.stop();
    await partition?.stop();
  });

  /** A state may be told again on the way: servers probe, devices publish what they have published. */
  async function seesAtLast(state: string): Promise<void> {
    for (let shown = ''; shown !== state; ) shown = await sees(ann, BOB);
  }

  test('PRES-1, PRES-3: Ann adds Bob, and sees what he publishes', async () => {
    await adds(ann, BOB);
    await ann.takePresence(BOB, 'subscribed');
    await seesAtLast('available');
  });

  test('PRES-20 to PRES-23: Bob adds Ann; she allows it, he sees her', async () => {
    bob.watch(ANN);
    await isAskedBy(ann, BOB, 'subscribed');
    await bob.presence(ANN, 'Online');
    expect(await subscriptionOf(ann, BOB)).toBe('both');
    await shows(ann, 'dnd');
    await bob.presence(ANN, 'Busy');
  });

  test('IM-1: texts pass in both directions', async () => {
    await writes(ann, BOB, 'Lunch?');
    expect(await bob.message()).toEqual({ from: ANN, text: 'Lunch?' });
    bob.say(ANN, 'At noon');
    expect(await readsTexts(ann, BOB, 1)).toEqual(['At noon']);
  });

  test('promise 4: Bob closes linphone: Ann sees him offline, when it says so, or when what it has published lapses', async () => {
    bob.quit();
    await seesAtLast('offline');
  });
});
