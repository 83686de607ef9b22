import { open } from '../scenarios/support/contact-list';
import { SipPeer } from '../scenarios/support/raw-sip';
import { SipChat } from '../scenarios/support/sip-chat';
import { SipPerson } from '../scenarios/support/sip-person';
import { allows, asksFor, sees, shows } from '../scenarios/support/cast';
import { writes } from '../scenarios/support/xmpp-steps';
import { XmppUser } from '../scenarios/support/xmpp-user';
import type { Cluster } from './cluster';

export const DOMAIN = 'example.com';
const SIP_PORT = 5060;
const C2S_PORT = 5222;
/** A worker asks a next hop that it found down again each 5 s. */
const ROUTE_MS = 20_000;

/** The far SIP server's place in a cluster, taken by a scripted one. */
export async function farServer(cluster: Cluster): Promise<SipPeer> {
  const peer = await SipPeer.start({ name: 'far SIP server', address: cluster.address('far'), port: SIP_PORT });
  peer.nextHop = { host: cluster.address('haproxy'), port: SIP_PORT, transport: 'tcp' };
  peer.serve('OPTIONS', (incoming) => peer.reply(incoming, 200));
  return peer;
}

/**
 * What users do, through everything that the compose file starts: texts both ways, in a session of either side, typing, and
 * presence both ways. `said` gets a line for each step that worked; the first that did not rejects.
 */
export class Check {
  constructor(
    private readonly cluster: Cluster,
    private readonly peer: SipPeer,
    private readonly password: string,
    private readonly said: (what: string) => void,
  ) {}

  async meet(): Promise<void> {
    const { peer } = this;
    const ann = await this.signIn('ann');
    this.said('Ann is signed in on the XMPP server, over TLS');
    const bob = new SipPerson(peer, `bob@${DOMAIN}`);
    const carol = new SipPerson(peer, `carol@${DOMAIN}`);
    await this.annChats(ann, bob);
    await this.carolCalls(ann, carol);
    await this.presence(ann, bob);
    await ann.stop();
  }

  /** New people, so that nothing is left of before. */
  async meetAgain(): Promise<void> {
    const amy = await this.signIn('amy');
    const dave = new SipPerson(this.peer, `dave@${DOMAIN}`);
    const chat = new SipChat('microsoft', dave, amy.bareJid);
    await amy.sendChat(dave.address, 'Hello Dave');
    expectText((await chat.hears()).text, 'Hello Dave');
    this.said("Amy's text reached the SIP side");
    await chat.writes('Hello Amy');
    await amy.takeMessage('Hello Amy');
    this.said('Dave answered in that session');
    await amy.stop();
  }

  private async signIn(user: string): Promise<XmppUser> {
    const person = await XmppUser.connect({ user, password: this.password, domain: DOMAIN, host: this.cluster.address(this.xmppHost), port: C2S_PORT, resource: 'desk' });
    await person.roster();
    await person.sendPresence();
    return person;
  }

  private get xmppHost(): string {
    return this.cluster.containers.has('prosody') ? 'prosody' : 'ejabberd';
  }

  private async annChats(ann: XmppUser, bob: SipPerson): Promise<void> {
    const chat = new SipChat('microsoft', bob, ann.bareJid);
    await writes(ann, bob.address, 'Hello Bob');
    expectText((await chat.hears()).text, 'Hello Bob');
    this.said(`Ann's text reached the SIP side, in a session that ${portsOf(chat)} opened`);
    await chat.writes('Hello Ann');
    await ann.takeMessage('Hello Ann');
    this.said('Bob answered in that session');
    await chat.types(true);
    await ann.take('typing', (stanza) => stanza.is('message') && stanza.getChild('composing') !== undefined);
    this.said('Ann sees that he types');
  }

  private async carolCalls(ann: XmppUser, carol: SipPerson): Promise<void> {
    const chat = new SipChat('microsoft', carol, ann.bareJid);
    await chat.calls();
    await chat.writes('Carol here');
    await ann.takeMessage('Carol here');
    this.said(`Carol's session came through haproxy; what she wrote in it went straight to ${portsOf(chat)}`);
    await ann.sendChat(carol.address, 'Hello Carol');
    expectText((await chat.hears()).text, 'Hello Carol');
    this.said('Ann answered in that session');
  }

  private async presence(ann: XmppUser, bob: SipPerson): Promise<void> {
    await asksFor(ann, bob);
    const watch = await bob.letsWatch();
    await bob.tells(watch, open(bob));
    await ann.takePresence(bob.address, 'subscribed');
    if (!(await sees(ann, bob)).available) throw new Error('Ann sees Bob unavailable');
    this.said('Ann added Bob and sees him available');
    await bob.isTold(await bob.watches(ann.bareJid));
    await ann.takePresence(bob.address, 'subscribe');
    await allows(ann, bob);
    await bob.isToldAtLast({ basic: 'open' });
    await shows(ann, 'dnd');
    await bob.isToldAtLast({ draft: 'busy' });
    this.said('Bob added Ann through haproxy and is told that she is busy');
  }
}

/** Resolves when the workers have found the far server up. */
export async function routed(cluster: Cluster): Promise<void> {
  const deadline = Date.now() + ROUTE_MS;
  for (const worker of cluster.of('worker')) {
    const ask = ['node', '-e', "fetch('http://127.0.0.1:9470/metrics').then(r => r.text()).then(t => process.exit(/isthmus_route_up\\{[^}]*\\} 1/.test(t) ? 0 : 1))"];
    for (;;) {
      if (await worker.exec(ask).then(() => true, () => false)) break;
      if (Date.now() > deadline) throw new Error(`${worker.name} does not find the far SIP server\n${worker.log}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

function expectText(got: string, wanted: string): void {
  if (got !== wanted) throw new Error(`"${got}" arrived instead of "${wanted}"`);
}

/** Which of the two SIP servers a session is on, by the port of its Contact. */
const portsOf = ({ session }: SipChat): string => ({ 5062: 'sip1', 5064: 'sip2' })[session?.state.hop.port ?? 0] ?? 'nobody';
