import { START_MS } from './support/recovery';
import { SipChat } from './support/sip-chat';
import { SipPerson } from './support/sip-person';
import { until } from './support/until';
import { DOMAIN, World } from './support/world';
import type { XmppUser } from './support/xmpp-user';

const ANN = `ann@${DOMAIN}`;
const WORKERS = ['w1', 'w2', 'w3'] as const;
const CONTACTS = ['bob', 'carol', 'dave', 'erin'];
/** From one text of a contact to the next; the same for Ann. */
const PAUSE_MS = 60;
/** Of Ann's texts to one contact: far fewer than may wait for him. */
const MOST_UNHEARD = 20;

describe('three workers behind an anchor', () => {
  let world: World;
  let ann: XmppUser;

  beforeAll(async () => {
    // On a busy machine an answer may be late: that is no session that has died, nor a next hop.
    const sip = { requestTimeoutSeconds: 60, nextHopTimeoutSeconds: 60 };
    world = await World.start({ dialect: 'microsoft', store: 'redis', sipServer: 'anchored', workers: WORKERS.length, sip });
    ann = await world.signIn();
  }, START_MS);
  afterAll(() => world.stop());

  /** Texts of both into one session, until the end is told; each text waits for its answer. */
  class Talk {
    readonly sent: string[] = [];
    readonly written: string[] = [];
    readonly heard: string[] = [];
    readonly statuses = new Set<number>();
    private over = false;
    private readonly chat: SipChat;

    constructor(readonly person: SipPerson) {
      this.chat = new SipChat('microsoft', person, ANN);
    }

    async begin(): Promise<readonly Promise<void>[]> {
      await this.chat.calls();
      return [this.annWrites(), this.contactWrites()];
    }

    end(): void {
      this.over = true;
    }

    /** Until the last text of Ann's has come. */
    async hearsAll(): Promise<void> {
      while (this.heard.at(-1) !== 'the last one') this.heard.push((await this.person.answers('MESSAGE', 200)).text);
    }

    private async annWrites(): Promise<void> {
      for (let n = 1; !this.over; n += 1) {
        await this.send(`to ${this.person.address} ${n}`);
        await until('most have been heard', () => this.sent.length - this.heard.length < MOST_UNHEARD); // a slow machine sets the pace
      }
      await this.send('the last one');
    }

    private async send(text: string): Promise<void> {
      this.sent.push(text);
      await ann.sendChat(this.person.address, text);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }

    private async contactWrites(): Promise<void> {
      for (let n = 1; !this.over; n += 1) {
        const text = `from ${this.person.address} ${n}`;
        this.written.push(text);
        this.statuses.add((await this.chat.writes(text)).status);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  const toldAnn = ({ address }: SipPerson): readonly (string | null)[] =>
    ann.stanzas.unclaimed.filter((stanza) => stanza.is('message') && stanza.attrs['from']?.startsWith(address) === true && stanza.getChild('body') !== undefined).map((stanza) => stanza.getChildText('body'));

  test('promises 1 and 2, XD-10: all are replaced one after the other under load: nothing is lost, returned, doubled or out of order, no session ends', async () => {
    const talks = CONTACTS.map((name) => new Talk(new SipPerson(world.peer, `${name}@${DOMAIN}`)));
    const talking = (await Promise.all(talks.map((talk) => talk.begin()))).flat();
    const hearing = talks.map((talk) => talk.hearsAll());
    for (const name of WORKERS) {
      const old = world.gateways.find(({ isRunning }) => isRunning);
      const taken = talks.map(({ heard }) => heard.length);
      old?.kill('SIGTERM');
      expect(await old?.exited).toMatchObject({ code: 0 });
      await world.startWorker(`${name}-new`);
      await Promise.all(talks.map((talk, index) => until(`texts to ${talk.person.address} go on`, () => talk.heard.length > (taken[index] ?? 0) + 2)));
    }
    for (const talk of talks) talk.end();
    await Promise.all(talking);
    await Promise.all(hearing);
    for (const talk of talks) {
      expect(talk.heard).toEqual(talk.sent);
      expect([...talk.statuses]).toEqual([200]);
      expect(talk.person.unclaimed('BYE').concat(talk.person.unclaimed('INVITE'))).toEqual([]);
    }
    await until('Ann has all of them', () => talks.every((talk) => toldAnn(talk.person).length >= talk.written.length));
    for (const talk of talks) expect(toldAnn(talk.person)).toEqual(talk.written);
    expect(ann.stanzas.unclaimed.filter((stanza) => stanza.attrs['type'] === 'error').map(String)).toEqual([]);
  });
});
