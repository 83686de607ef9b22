import { SipPeer } from '../scenarios/support/raw-sip';
import type { Hop } from '../scenarios/support/sip-sockets';
import { FAR, Topology, type TopologyOptions } from '../scenarios/support/topology';
import { DOMAIN } from '../scenarios/support/world';
import { FarWatches } from './far-watches';
import { Ledger } from './ledger';
import { PresenceBook } from './presence-book';
import { SipSide } from './sip-side';
import { TypingBook } from './typing-book';
import { XmppSender } from './xmpp-sender';

export interface ArenaOptions {
  readonly users: number;
  /** SIP users that each XMPP user writes with and watches, and who watch him. */
  readonly contacts: number;
  readonly topology?: Partial<TopologyOptions>;
}

export interface Couple {
  /** Bare addresses. */
  readonly user: string;
  readonly contact: string;
}

const SIP_SERVERS = ['sip1', 'sip2'] as const;
/** Short, so that refreshes follow each fault. */
const EXPIRES_SECONDS = 8;
const TYPING_SECONDS = 5;
const START_MS = 60_000;
const LOOK_MS = 50;

/** A whole deployment, its users on both sides, who all have each other on their lists, and the books about what they see. */
export class Arena {
  readonly ledger = new Ledger();
  readonly presence = new PresenceBook();
  readonly typing = new TypingBook();
  readonly senders = new Map<string, XmppSender>();
  readonly couples: readonly Couple[];

  private constructor(
    readonly topology: Topology,
    private peer: SipPeer,
    users: readonly string[],
    contacts: number,
  ) {
    this.couples = users.flatMap((user) => Array.from({ length: contacts }, (_each, index) => ({ user: `${user}@${DOMAIN}`, contact: `c${user}x${index}@${DOMAIN}` })));
    this.sip = SipSide.serve(peer, {
      ledger: this.ledger,
      hops: (pair) => this.hops(pair.length % SIP_SERVERS.length),
      typing: (contact, user, composing) => this.typing.types(contact, user, composing),
    });
    this.watches = new FarWatches(peer, { book: this.presence, hops: () => this.hops(0), expiresSeconds: EXPIRES_SECONDS });
  }

  readonly sip: SipSide;
  readonly watches: FarWatches;

  /** Resolves when everybody sees everybody. */
  static async start({ users: count, contacts, topology: further = {} }: ArenaOptions): Promise<Arena> {
    const users = Array.from({ length: count }, (_each, index) => `u${index}`);
    const topology = await Topology.lay({
      users,
      sipServers: SIP_SERVERS.length,
      prosody: { withoutModules: ['mam', 'carbons'], extraModules: ['smacks', 'offline'], logLevel: 'warn' },
      ...further,
      config: {
        availability: { minExpiresSeconds: 1, maxExpiresSeconds: EXPIRES_SECONDS },
        messaging: { typingTimeoutSeconds: TYPING_SECONDS },
        // A few users do the work of many.
        limits: {
          // Nor is a machine that does other things too a reason to refuse new sessions.
          overload: { busyDelayMilliseconds: 5_000, overloadedDelayMilliseconds: 10_000, busyStoreMilliseconds: 5_000, overloadedStoreMilliseconds: 10_000, busyStalls: 1_000, overloadedStalls: 1_000 },
          rates: { xmppUserPerMinute: 1_000_000, sipPeerPerSecond: 10_000, sipUserPerMinute: 1_000_000 },
        },
        ...further.config,
      },
    });
    const arena = new Arena(topology, await farPeer(topology), users, contacts);
    try {
      await topology.start();
      await arena.signIn(users);
      await arena.acquaint();
      return arena;
    } catch (error) {
      await arena.stop();
      throw error;
    }
  }

  /** The far SIP server begins anew: it has forgotten all sessions and subscriptions. */
  async restartFar(awayMs: number): Promise<void> {
    await this.peer.stop();
    await new Promise((resolve) => setTimeout(resolve, awayMs));
    this.peer = await farPeer(this.topology);
    this.sip.moveTo(this.peer);
    this.watches.moveTo(this.peer);
  }

  async stop(): Promise<void> {
    this.watches.stop();
    for (const sender of this.senders.values()) sender.stop();
    await this.topology.stop();
    await this.peer.stop();
  }

  private hops(first: number): readonly Hop[] {
    const hops = SIP_SERVERS.map((name): Hop => ({ host: this.topology.address(name), port: this.topology.sipPort, transport: 'tcp' }));
    return [...hops.slice(first), ...hops.slice(0, first)];
  }

  private async signIn(users: readonly string[]): Promise<void> {
    const { presence, typing, ledger, topology } = this;
    for (const name of users) {
      const user = `${name}@${DOMAIN}`;
      const eyes = {
        presence: (contact: string, state: Parameters<PresenceBook['shows']>[2]) => presence.shows(user, contact, state),
        typing: (contact: string, composing: boolean) => typing.types(user, contact, composing),
        blind: () => [presence, typing].forEach((book) => book.blind(user)),
      };
      presence.is(user, 'available', performance.now());
      this.senders.set(user, new XmppSender({ user: name, domain: DOMAIN, host: topology.address('prosody'), port: topology.c2sPort, ledger, eyes }));
    }
    await Promise.all([...this.senders.values()].map((sender) => sender.online()));
  }

  private async acquaint(): Promise<void> {
    for (const { user, contact } of this.couples) {
      this.presence.is(contact, 'available', performance.now());
      this.presence.watches('to XMPP', user, contact);
      this.presence.watches('to SIP', contact, user);
      this.senders.get(user)?.watches(contact);
      void this.watches.watch(contact, user);
    }
    const deadline = performance.now() + START_MS;
    while (this.presence.differing.length > 0) {
      if (performance.now() > deadline) throw new Error(`not everybody sees everybody:\n${this.presence.differing.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}

async function farPeer(topology: Topology): Promise<SipPeer> {
  const nextHop: Hop = { host: topology.address('sip1'), port: topology.sipPort, transport: 'tcp' };
  const peer = await SipPeer.start({ name: 'far SIP server', address: topology.address(FAR), port: topology.sipPort, nextHop });
  peer.serve('OPTIONS', (incoming) => peer.reply(incoming, 200));
  return peer;
}
