import xml from '@xmpp/xml';

import type { Gateway } from './support/gateway';
import { START_MS } from './support/recovery';
import type { Incoming } from './support/raw-sip';
import { until } from './support/until';
import { DOMAIN, World } from './support/world';
import type { XmppUser } from './support/xmpp-user';

const CONTACTS = Array.from({ length: 12 }, (_, n) => `sip${n}@${DOMAIN}`);
const TEXTS_EACH = 10;

/** What reaches the SIP users: each text, and under which Call-IDs. A text that is merely sent again keeps its Call-ID. */
class Arrivals {
  readonly texts: string[] = [];
  readonly calls = new Map<string, Set<string>>();

  take({ message }: Incoming): void {
    const { text, callId } = message;
    if (!this.calls.has(text)) this.texts.push(text);
    this.calls.set(text, (this.calls.get(text) ?? new Set()).add(callId));
  }

  /** To one contact, in the order in which they came first. */
  numbersTo(contact: string, what: string): number[] {
    return this.texts.flatMap((text) => (text.startsWith(`${what} ${contact} `) ? [Number(text.split(' ')[2])] : []));
  }

  /** Texts that were taken for two. */
  get doubled(): string[] {
    return [...this.calls].flatMap(([text, calls]) => (calls.size > 1 ? [text] : []));
  }
}

describe('stanzas that a worker was given and has not handled', () => {
  let world: World;
  let ann: XmppUser;
  let arrivals: Arrivals;

  beforeAll(async () => {
    world = await World.start({ dialect: 'simple', store: 'redis', sipServer: 'process', workers: 2 });
    ann = await world.signIn();
  }, START_MS);
  beforeEach(() => {
    arrivals = new Arrivals();
    world.peer.serve('MESSAGE', (incoming) => {
      arrivals.take(incoming);
      return world.peer.reply(incoming, 200);
    });
  });
  afterAll(() => world.stop());

  const sendAll = async (what: string, from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n += 1) for (const contact of CONTACTS) await ann.sendChat(contact, `${what} ${contact} ${n}`, `${what}-${contact}-${n}`);
  };

  const errors = (): string[] => ann.stanzas.unclaimed.filter((stanza) => stanza.is('message') && stanza.attrs['type'] === 'error').map(String);

  async function allArrived(what: string): Promise<void> {
    const wanted = Array.from({ length: TEXTS_EACH }, (_, n) => n);
    const missing = (): string[] => CONTACTS.filter((contact) => arrivals.numbersTo(contact, what).length < TEXTS_EACH);
    await until(`${what}: all have arrived, or one has come back`, () => missing().length === 0 || errors().length > 0).catch(() => undefined); // what is expected says what is missing
    expect(errors()).toEqual([]);
    for (const contact of CONTACTS) expect([contact, arrivals.numbersTo(contact, what)]).toEqual([contact, wanted]);
    expect(arrivals.doubled).toEqual([]);
  }

  /** Texts lie before a worker that does not run, and it has others in hand. */
  async function loadOnStalled(what: string): Promise<Gateway> {
    const [victim] = world.gateways.filter(({ isRunning }) => isRunning);
    if (victim === undefined) throw new Error('no worker runs');
    await sendAll(what, 0, TEXTS_EACH / 2);
    victim.kill('SIGSTOP');
    await sendAll(what, TEXTS_EACH / 2, TEXTS_EACH);
    await ann.request(xml('iq', { type: 'get', to: DOMAIN }, xml('ping', { xmlns: 'urn:xmpp:ping' }))); // the server has handed them over
    return victim;
  }

  test('promises 1 and 2: kill -9 of one of two workers loses none of them, returns none, doubles none and keeps their order', async () => {
    const victim = await loadOnStalled('killed');
    victim.kill('SIGKILL');
    await world.server.logLine(/Connection \S+ has not reported [1-9]\d* stanzas: they go to others/);
    await allArrived('killed');
    await world.startWorker('w3');
  });

  test('promises 1 and 2: one that stands still is found out, and does nothing twice when it goes on', async () => {
    const victim = await loadOnStalled('stalled');
    await world.server.logLine(/Connection \S+ does not answer: it is closed/);
    await allArrived('stalled');
    const linksUp = (): number => victim.lines.filter(({ event }) => event === 'xmpp_link_up').length;
    const before = linksUp();
    victim.kill('SIGCONT');
    await until('it has a new link', () => linksUp() > before);
    await sendAll('later', 0, TEXTS_EACH);
    await allArrived('later');
  });
});
