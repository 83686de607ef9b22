import xml from '@xmpp/xml';

import { allows, asksFor, rosterState, sees } from './support/cast';
import { open } from './support/contact-list';
import { freePort } from './support/ports';
import { startProsody } from './support/prosody';
import type { Prosody } from './support/prosody';
import { SipChat } from './support/sip-chat';
import { SipPerson } from './support/sip-person';
import { bounceOf, refusalOf } from './support/stanza-error';
import { COMPONENT, DOMAIN, World } from './support/world';
import type { WorldOptions } from './support/world';
import { XmppUser } from './support/xmpp-user';

/** Users of other XMPP domains, on servers of their own, by real server-to-server links (SEC-4; the manual, "Interdomain Federation"). */

const PARTNER = 'partner.example';

/** Our server and theirs, which know each other. */
class Federated {
  private constructor(
    readonly world: World,
    private readonly theirs: Prosody,
    readonly romeo: XmppUser,
  ) {}

  static async start(options: Partial<WorldOptions>): Promise<Federated> {
    const [ours, theirs] = [await freePort(), await freePort()];
    const peers = { [DOMAIN]: ours, [options.component ?? COMPONENT]: ours, [PARTNER]: theirs };
    const [world, server] = await Promise.all([
      World.start({ server: 'prosody', dialect: 'simple', ...options, prosody: { s2s: { port: ours, peers }, ...options.prosody } }),
      startProsody({ domain: PARTNER, component: `unused.${PARTNER}`, partitioned: false, users: { romeo: 'romeo' }, s2s: { port: theirs, peers } }),
    ]);
    const romeo = await XmppUser.connect({ user: 'romeo', password: 'romeo', domain: PARTNER, port: server.c2sPort });
    await romeo.roster();
    await romeo.sendPresence();
    return new Federated(world, server, romeo);
  }

  get requests(): readonly string[] {
    return this.world.peer.unclaimed.filter(({ method }) => method !== 'OPTIONS').map(({ method }) => method);
  }

  async stop(): Promise<void> {
    await this.romeo.stop();
    await this.world.stop();
    await this.theirs.stop();
  }
}

const bobOf = ({ world }: Federated, name = 'bob'): SipPerson => new SipPerson(world.peer, `${name}@${DOMAIN}`);

describe('nothing is listed', () => {
  let site: Federated;
  beforeAll(async () => (site = await Federated.start({})));
  afterAll(() => site.stop());

  it('SEC-4: a foreign user reaches an XMPP user of ours, and no SIP user: forbidden at once, and no request leaves', async () => {
    const { romeo, world } = site;
    const ann = await world.signIn('ann');
    await romeo.sendChat(ann.bareJid, 'hello Ann');
    await ann.takeMessage('hello Ann');
    await romeo.sendChat(bobOf(site).address, 'hello Bob', 'foreign');
    expect(await bounceOf(romeo, 'foreign')).toMatchObject({ from: bobOf(site).address, condition: 'forbidden' });
    await asksFor(romeo, bobOf(site));
    await romeo.takePresence(bobOf(site).address, 'error');
    expect(site.requests).toEqual([]);
  });

  it('SEC-4, SEC-7: nor is a question of his answered, about whomever', async () => {
    for (const to of [bobOf(site).address, `nobody@${DOMAIN}`, COMPONENT]) {
      const question = xml('iq', { type: 'get', to }, xml('query', { xmlns: 'http://jabber.org/protocol/disco#info' }));
      expect(await refusalOf(site.romeo.request(question))).toBe('forbidden');
    }
  });

  it('SEC-4: a SIP user does not reach him either: 404, and no stanza', async () => {
    const { romeo } = site;
    expect((await new SipChat('simple', bobOf(site), romeo.bareJid).writes('hello Romeo')).status).toBe(404);
    await site.world.signIn('amy').then((amy) => amy.sendChat(romeo.bareJid, 'marker'));
    await romeo.takeMessage('marker');
    expect(romeo.stanzas.unclaimed.filter(({ attrs, name }) => name === 'message' && String(attrs['from']).startsWith('bob'))).toEqual([]);
  });
});

describe.each([
  ['partitioned mode', {}, `bob@${DOMAIN}`],
  ['subdomain mode', { component: 'sip.example.com', xmpp: { mode: 'subdomain' }, subdomain: { appearAs: { [DOMAIN]: 'xmpp.example.com' } }, prosody: { partitioned: false } }, 'bob@sip.example.com'],
] as const)('both directions are listed, %s', (_mode, options, shown) => {
  let site: Federated;
  beforeAll(async () => {
    const federation = { xmppDomains: ['*.elsewhere.example', PARTNER], sipToXmpp: [PARTNER] };
    site = await Federated.start({ ...options, federation });
  });
  afterAll(() => site.stop());

  it('they write to each other', async () => {
    const { romeo } = site;
    const chat = new SipChat('simple', bobOf(site), romeo.bareJid);
    await romeo.sendChat(shown, 'hello Bob');
    expect((await chat.hears()).text).toBe('hello Bob');
    expect((await chat.writes('hello Romeo')).status).toBe(200);
    expect((await romeo.takeMessage('hello Romeo')).attrs['from']).toBe(shown);
  });

  it('they see each other (PRES-1, PRES-20)', async () => {
    const { romeo, world } = site;
    const [bob, seen] = [bobOf(site), new SipPerson(world.peer, shown)];
    await asksFor(romeo, seen);
    await bob.tells(await bob.letsWatch(), open(bob, 'here'));
    await romeo.takePresence(seen.address, 'subscribed');
    expect(await sees(romeo, seen, 'here')).toMatchObject({ available: true });
    expect(await rosterState(romeo, seen)).toBe('to');
    await bob.watches(romeo.bareJid);
    await romeo.takePresence(seen.address, 'subscribe');
    await allows(romeo, seen);
    await bob.isToldAtLast({ basic: 'open' });
  });
});

describe('one direction is listed', () => {
  it('SEC-4: whom a SIP user watches may answer and be seen; he may not begin with another one', async () => {
    const site = await Federated.start({ federation: { sipToXmpp: [PARTNER] } });
    try {
      const { romeo } = site;
      const bob = bobOf(site);
      await bob.watches(romeo.bareJid);
      await romeo.takePresence(bob.address, 'subscribe');
      await allows(romeo, bob);
      await bob.isToldAtLast({ basic: 'open' });
      await romeo.sendChat(bob.address, 'I see you');
      await bob.answers('MESSAGE', 200);
      await romeo.sendChat(bobOf(site, 'bea').address, 'and you?', 'begun');
      expect((await bounceOf(romeo, 'begun')).condition).toBe('forbidden');
    } finally {
      await site.stop();
    }
  });
});
