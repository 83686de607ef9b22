import { Cast } from './support/cast';
import type { Couple } from './support/cast';
import { bobAdds, CLOSED, OPEN } from './support/contact-list';
import type { Fields } from './support/sip-compose';
import { uriOf } from './support/sip-message';
import type { SipMessage } from './support/sip-message';

/** How a SUBSCRIBE may look: what is refused, and what of Microsoft's own is taken or passed over. */
describe.each(['microsoft', 'simple'] as const)('dialect %s', (dialect) => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect })));
  afterAll(() => cast.stop());

  async function subscribes({ ann, bob }: Couple, headers: Fields, body?: string): Promise<SipMessage> {
    const all = { Event: 'presence', Accept: 'application/pidf+xml', ...headers };
    const options = { from: bob.uri, to: `sip:${ann.bareJid}`, headers: all, ...(body !== undefined && { body }) };
    return (await bob.peer.request('SUBSCRIBE', options)).response;
  }

  /** Ann is not asked for what was refused: the next one whom she is asked about is another one. */
  async function expectUnasked({ ann, bob }: Couple): Promise<void> {
    const { bob: other } = await cast.couple();
    await other.watches(ann.bareJid);
    const asked = await ann.take('request', (stanza) => stanza.attrs['type'] === 'subscribe');
    expect([asked.attrs['from'], bob.unclaimed('NOTIFY')]).toEqual([other.address, []]);
  }

  it.each(['dialog', 'presence.winfo', 'conference'])('PRES-20: event package %s: 489 with what there is, and she is not asked', async (event) => {
    const couple = await cast.couple();
    const answer = await subscribes(couple, { Event: event });
    expect([answer.status, answer.header('Allow-Events')]).toEqual([489, 'presence']);
    await expectUnasked(couple);
  });

  it('PRES-20: an Accept without a form that we write: 406, or (microsoft, which refuses nothing) PIDF', async () => {
    const couple = await cast.couple();
    const answer = await subscribes(couple, { Accept: 'application/cpim-pidf+xml, text/plain' });
    if (dialect === 'simple') {
      expect(answer.status).toBe(406);
      await expectUnasked(couple);
    } else {
      expect(answer.status).toBe(200);
      expect(await couple.bob.isTold()).toMatchObject({ substate: 'active', said: CLOSED });
    }
  });

  it('PRES-20: no Accept at all means PIDF (RFC 3856 section 6.7)', async () => {
    const couple = await cast.couple();
    await bobAdds(couple);
    expect((await subscribes(couple, { Accept: [] })).status).toBe(200);
    expect((await couple.bob.isTold()).message.header('Content-Type')).toBe('application/pidf+xml');
  });

  it('Proxy-Require: ms-benotify is for proxies: answered, not promised, and told by NOTIFY (DR-20)', async () => {
    const couple = await cast.couple();
    await bobAdds(couple);
    const answer = await subscribes(couple, { 'Proxy-Require': 'ms-benotify', Supported: ['ms-benotify', 'ms-piggyback-first-notify'] });
    expect(answer.status).toBe(200);
    expect(answer.headers.filter(([, value]) => /benotify|piggyback/i.test(value))).toEqual([]);
    expect(await couple.bob.isTold()).toMatchObject({ substate: 'active', said: OPEN });
  });

  it('a body of the batch type is passed over: he is told about the one whom the request names', async () => {
    const couple = await cast.couple();
    const { ann: other } = await cast.couple();
    await bobAdds(couple);
    const list = `<adhocList><resource uri="sip:${other.bareJid}"/></adhocList>`;
    const categories = '<categoryList xmlns="http://schemas.microsoft.com/2006/09/sip/categorylist"><category name="state"/></categoryList>';
    const body = `<batchSub xmlns="http://schemas.microsoft.com/2006/01/sip/batch-subscribe" uri="${couple.bob.uri}" name=""><action name="subscribe" id="1">${list}${categories}</action></batchSub>`;
    const answer = await subscribes(couple, { 'Content-Type': 'application/msrtc-adrl-categorylist+xml' }, body);
    expect(answer.status).toBe(200);
    const { said, message } = await couple.bob.isTold();
    expect([said, uriOf(message.header('From'))]).toEqual([OPEN, `sip:${couple.ann.bareJid}`]);
    await expectUnasked({ ...couple, ann: other });
  });

  it.each(['adhoclist', 'categoryList', 'eventlist'])('Require: %s: 420, and it is named', async (extension) => {
    const couple = await cast.couple();
    const answer = await subscribes(couple, { Require: extension });
    expect([answer.status, answer.header('Unsupported')]).toEqual([420, extension]);
  });
});
