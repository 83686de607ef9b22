import { asksFor } from './support/cast';
import { Partition } from './support/kamailio-world';
import type { Couple } from './support/kamailio-world';
import { START_MS } from './support/recovery';
import { bounceOf } from './support/stanza-error';
import { DOMAIN } from './support/world';

/**
 * A partitioned domain whose SIP server gives to isthmus whatever it does not know, also what it has from isthmus, as the
 * static route of Lync does (the manual, Request Routing): users known to one side, to the other, to both and to neither.
 */

const AMY = `amy@${DOMAIN}`;
const NOBODY = `nobody@${DOMAIN}`;
/** Has an account on either side, as it happens in the middle of a move. */
const DUAL = `dual@${DOMAIN}`;

describe.each(['tcp', 'udp'] as const)('a SIP server that gives back what it does not know, over %s', (transport) => {
  let partition: Partition;
  let couple: Couple;
  beforeAll(async () => {
    partition = await Partition.start({ transport, routesBack: true, alsoSip: ['dual'], alsoXmpp: ['amy', 'dual'] });
    couple = await partition.couple();
  }, START_MS);
  afterAll(() => partition?.stop());

  /** How often requests about an address have crossed, in either direction. */
  async function crossed(address: string): Promise<readonly string[]> {
    const { gateway } = partition.world;
    await gateway.caughtUp();
    return gateway.lines.filter(({ event, from, to }) => event.startsWith('request_') && [from, to].includes(address)).map(({ event }) => event);
  }

  describe('a text of an XMPP user', () => {
    test('to one on the SIP side: arrives', async () => {
      const { ann, bob } = couple;
      await ann.sendChat(bob.address, 'over to you', 'a1');
      expect(await bob.reads()).toBe('over to you');
    });

    test('to one on her own side: never crosses', async () => {
      const amy = await partition.world.signIn('amy');
      await couple.ann.sendChat(AMY, 'just us', 'a2');
      await amy.takeMessage('just us');
      expect(await crossed(AMY)).toEqual([]);
    });

    test('to one who is on both: her own side has him, and nothing crosses', async () => {
      const dual = await partition.world.signIn('dual');
      await couple.ann.sendChat(DUAL, 'which one?', 'a3');
      await dual.takeMessage('which one?');
      expect(await crossed(DUAL)).toEqual([]);
    });

    test('SEC-8: to one on neither: item-not-found in one round', async () => {
      await couple.ann.sendChat(NOBODY, 'hello?', 'a4');
      expect(await bounceOf(couple.ann, 'a4')).toMatchObject({ condition: 'item-not-found' });
      expect(await crossed(NOBODY)).toEqual(['request_sent', 'request_received']);
    });

    test('SEC-8: so does her wish to watch him', async () => {
      const stranger = `stranger@${DOMAIN}`;
      await asksFor(couple.ann, { address: stranger });
      await couple.ann.takePresence(stranger, 'unsubscribed');
      expect(await crossed(stranger)).toEqual(['request_sent', 'request_received']);
    });
  });

  describe('a text of a SIP user', () => {
    test('to one on the XMPP side: arrives', async () => {
      const { ann, bob } = couple;
      expect((await bob.writes(ann.bareJid, 'and back')).status).toBe(200);
      await ann.takeMessage('and back');
    });

    test('to one on his own side, and to one who is on both: never crosses', async () => {
      const { bob: other } = await partition.couple();
      const dual = await partition.device('dual');
      await dual.registers();
      const before = [...(await crossed(other.address)), ...(await crossed(DUAL))];
      const answers = Promise.all([couple.bob.writes(other.address, 'just us'), couple.bob.writes(DUAL, 'which one?')]);
      expect([await other.reads(), await dual.reads()]).toEqual(['just us', 'which one?']);
      expect((await answers).map(({ status }) => status)).toEqual([200, 200]);
      expect([...(await crossed(other.address)), ...(await crossed(DUAL))]).toEqual(before);
    });

    test('SEC-8: to one on neither: 404 in one round', async () => {
      const gone = `gone@${DOMAIN}`;
      expect((await couple.bob.writes(gone, 'hello?')).status).toBe(404);
      expect(await crossed(gone)).toEqual(['request_received']);
    });

    test('SEC-3, promise 5: of one who is on both: refused, since nobody of the SIP side speaks for an XMPP account', async () => {
      const dual = await partition.device('dual');
      expect((await dual.writes(couple.ann.bareJid, 'it is me')).status).toBe(403);
    });
  });
});
