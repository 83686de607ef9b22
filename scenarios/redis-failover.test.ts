import { START_MS } from './support/recovery';
import type { Redis } from './support/redis';
import { until } from './support/until';
import { RedisCluster } from './support/redis-cluster';
import { RedisSentinels } from './support/redis-sentinel';
import { DOMAIN, World } from './support/world';
import type { XmppUser } from './support/xmpp-user';

const PAUSE_MS = 50;
/** A SIP client waits for its answer for so long (RFC 3261, timer F). */
const ANSWER_MS = 32_000;
const TEXT = { 'Content-Type': 'text/plain' };

interface Place {
  readonly section: Readonly<Record<string, unknown>>;
  /** The master that has some of the workers' keys. */
  master(): Promise<Redis>;
  stop(): Promise<void>;
}

async function sentinelPlace(): Promise<Place> {
  const all = await RedisSentinels.start();
  return { section: { type: 'redis', mode: 'sentinel', sentinels: all.places, masterName: all.masterName }, master: () => all.master(), stop: () => all.stop() };
}

async function clusterPlace(): Promise<Place> {
  const all = await RedisCluster.start();
  return { section: { type: 'redis', mode: 'cluster', nodes: all.places }, master: () => all.masterOf('isthmus:{b1}:pairs'), stop: () => all.stop() };
}

/** Texts of several pairs both ways, one after the other in each pair, and what became of them. */
class Texts {
  readonly toSip = { sent: [] as string[], arrived: [] as string[], returned: [] as string[] };
  readonly toXmpp = { sent: [] as string[], accepted: [] as string[], refused: [] as string[], arrived: [] as string[] };
  private running = true;
  private runs: Promise<unknown>[] = [];

  constructor(
    private readonly world: World,
    private readonly ann: XmppUser,
    private readonly contacts: readonly string[],
  ) {
    const { peer } = world;
    peer.serve('MESSAGE', (incoming) => {
      this.toSip.arrived.push(incoming.message.text);
      return peer.reply(incoming, 200);
    });
  }

  start(): void {
    this.runs = this.contacts.flatMap((contact) => [this.write(contact), this.answer(contact)]);
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.runs);
  }

  /** What has come to the XMPP user: texts and returned ones. */
  collect(): void {
    const messages = this.ann.stanzas.unclaimed.filter((stanza) => stanza.is('message'));
    const isError = (type: unknown): boolean => type === 'error';
    this.toXmpp.arrived = messages.filter(({ attrs }) => !isError(attrs['type'])).flatMap((stanza) => stanza.getChildText('body') ?? []);
    this.toSip.returned = messages.filter(({ attrs }) => isError(attrs['type'])).map(({ attrs }) => String(attrs['id']));
  }

  /** Texts without an outcome. */
  missing(): readonly string[] {
    this.collect();
    const { toSip, toXmpp } = this;
    const known = new Set([...toSip.arrived, ...toSip.returned, ...toXmpp.arrived, ...toXmpp.refused]);
    return [...toSip.sent, ...toXmpp.sent].filter((text) => !known.has(text));
  }

  private async write(contact: string): Promise<void> {
    for (let number = 0; this.running; number += 1) {
      const text = `to ${contact} ${number}`;
      this.toSip.sent.push(text);
      await this.ann.sendChat(contact, text, text);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  private async answer(contact: string): Promise<void> {
    for (let number = 0; this.running; number += 1) {
      const text = `from ${contact} ${number}`;
      this.toXmpp.sent.push(text);
      const { response } = await this.world.peer.request('MESSAGE', { from: `sip:${contact}`, to: `sip:${this.ann.bareJid}`, headers: TEXT, body: text, deadlineMs: ANSWER_MS });
      if (response.status < 300) this.toXmpp.accepted.push(text);
      else this.toXmpp.refused.push(text);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

const inOrder = (texts: readonly string[], contact: string): boolean => {
  const numbers = texts.filter((text) => text.includes(` ${contact} `)).map((text) => Number(text.split(' ').at(-1)));
  const first = numbers.filter((number, at) => numbers.indexOf(number) === at);
  return first.every((number, at) => at === 0 || number > (first[at - 1] ?? 0));
};

describe.each([
  { shape: 'Sentinel', begin: sentinelPlace },
  { shape: 'Cluster', begin: clusterPlace },
])('the Redis master is killed: $shape', ({ begin }) => {
  let place: Place;
  let world: World;

  beforeAll(async () => {
    place = await begin();
    world = await World.start({ dialect: 'simple', storeSection: place.section, workers: 2, sipServer: 'process' });
  }, START_MS);
  afterAll(async () => {
    await world?.stop();
    await place?.stop();
  });

  test('promises 1 and 2: texts both ways go on by themselves; each arrives, or its sender is told; none overtakes another', async () => {
    const ann = await world.signIn();
    const contacts = ['bob', 'carol', 'dave'].map((name) => `${name}@${DOMAIN}`);
    const texts = new Texts(world, ann, contacts);
    texts.start();
    const arrives = async (what: string): Promise<void> => {
      texts.collect();
      const [toSip, toXmpp] = [texts.toSip.arrived.length, texts.toXmpp.arrived.length];
      await until(what, async () => {
        texts.collect();
        return texts.toSip.arrived.length > toSip + 20 && texts.toXmpp.arrived.length > toXmpp + 20;
      });
    };
    await arrives('texts both ways');
    const isReady = async (): Promise<boolean> => (await Promise.all(world.gateways.map((each) => each.readyz()))).every(({ body }) => body.ready);
    await (await place.master()).kill();
    await until('the workers say that the store is away', async () => !(await isReady()));
    await until('the workers are ready again', isReady);
    await arrives('texts both ways, after the failover');
    await texts.stop();
    await until('every text has an outcome', async () => texts.missing().length === 0);
    expect(texts.missing()).toEqual([]);
    texts.collect();
    // Accepted means delivered (promise 1): what the SIP side was told 200 for has arrived.
    expect(texts.toXmpp.accepted.filter((text) => !texts.toXmpp.arrived.includes(text))).toEqual([]);
    for (const contact of contacts) expect([inOrder(texts.toSip.arrived, contact), inOrder(texts.toXmpp.arrived, contact)]).toEqual([true, true]);
  });
});
