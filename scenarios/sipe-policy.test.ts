import { decides, opens, setsPolicy } from './support/commands';
import type { SipeUser } from './support/sipe-user';
import { START_MS } from './support/recovery';
import { describeWithSipe } from './support/sipe-suite';
import { SipeWorld } from './support/sipe-world';
import type { XmppUser } from './support/xmpp-user';
import { isAskedBy, subscriptionOf } from './support/xmpp-steps';

const { BOB } = SipeWorld;

/** The manual, "Availability Subscriptions and Policy", with the real client of Microsoft's dialect as the watcher. */
describeWithSipe('SIPE and the policy of XMPP users', () => {
  describe.each(['2007', '2005', 'sfb'] as const)('mode %s', (mode) => {
    let scene: SipeWorld;
    let bob: SipeUser;
    const uriOf = ({ bareJid }: XmppUser): string => `sip:${bareJid}`;

    beforeAll(async () => {
      scene = await SipeWorld.start({ mode, users: ['ann', 'amy', 'abe', 'ada'] });
      bob = scene.bob;
    }, START_MS);

    afterAll(() => scene?.stop());

    /** Waits until Bob's client shows her so; what it showed before counts as seen. */
    async function isShown(user: XmppUser, status: string): Promise<void> {
      while ((await bob.sees(uriOf(user))) !== status);
    }

    /** What Bob's client has shown of her besides offline, as far as nobody has looked. */
    const otherThanOffline = (user: XmppUser): readonly unknown[] =>
      bob.unclaimed.filter(({ who, status }) => who === uriOf(user) && status !== undefined && status !== 'offline');

    test('PRES-23, PRES-25: approved, blocked by her list, off it again, her permission taken back, given again', async () => {
      const ann = await scene.world.signIn('ann');
      bob.command(`add ${uriOf(ann)}`);
      await isAskedBy(ann, BOB, 'subscribed');
      await isShown(ann, 'available');
      await decides(ann, 'block', BOB);
      await isShown(ann, 'offline');
      expect(await subscriptionOf(ann, BOB)).toBe('from');
      await setsPolicy(ann, { block: [] });
      await isShown(ann, 'available');
      await decides(ann, 'revoke', BOB);
      await isShown(ann, 'offline');
      expect(await subscriptionOf(ann, BOB)).not.toBe('from');
      await decides(ann, 'allow', BOB);
      await isShown(ann, 'available');
    });

    test('PRES-25: denied he sees her offline, and goes on to; allowed by command he sees her', async () => {
      const amy = await scene.world.signIn('amy');
      bob.command(`add ${uriOf(amy)}`);
      await isShown(amy, 'offline');
      await isAskedBy(amy, BOB, 'unsubscribed');
      await scene.world.gateway.logged(/"on":"xmpp.unsubscribed"/);
      expect((await opens(amy, 'watchers')).options['watchers']?.join()).toMatch(`${BOB}: refused, sees you as offline; 1 device`);
      expect(otherThanOffline(amy)).toEqual([]);
      await decides(amy, 'allow', BOB);
      await isShown(amy, 'available');
    });

    test('PRES-22: she lets everybody in: he sees her, and she is not asked', async () => {
      const abe = await scene.world.signIn('abe');
      await setsPolicy(abe, { 'auto-authorize': ['on'] });
      bob.command(`add ${uriOf(abe)}`);
      await isShown(abe, 'available');
      expect(await subscriptionOf(abe, BOB)).toBe('from');
      expect(abe.stanzas.unclaimed.filter(({ attrs }) => attrs['type'] === 'subscribe')).toEqual([]);
    });

    test('PRES-25: blocked before he added her: offline, and she is not asked', async () => {
      const ada = await scene.world.signIn('ada');
      await setsPolicy(ada, { block: [BOB] });
      bob.command(`add ${uriOf(ada)}`);
      await isShown(ada, 'offline');
      expect((await opens(ada, 'watchers')).options['watchers']?.join()).toMatch(`${BOB}: blocked by policy, sees you as offline; 1 device`);
      expect(ada.stanzas.unclaimed.filter(({ attrs }) => attrs['type'] === 'subscribe')).toEqual([]);
    });
  });
});
