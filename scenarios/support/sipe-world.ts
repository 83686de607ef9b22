import { DEFAULT_DEADLINE_MS } from './mailbox';
import type { SipMessage } from './sip-message';
import { SipeBench } from './sipe';
import type { Direction, SipeMode } from './sipe';
import type { SipeUser } from './sipe-user';
import { World } from './world';
import type { WorldOptions } from './world';
import type { XmppUser } from './xmpp-user';

/** Between two looks at the capture. */
const LOOK_AGAIN_MS = 50;
const VARIANT = { '2005': 'lcs', '2007': 'ocs', sfb: 'lync' } as const;

export interface SipeWorldOptions extends Partial<WorldOptions> {
  readonly mode: SipeMode;
  /** Further options of the front end. */
  readonly frontEnd?: readonly string[];
}

/** Bob with SIPE behind the bench's front end, users with XMPP clients on Prosody, the real program between them. */
export class SipeWorld {
  static readonly BOB = 'bob@example.com';

  private constructor(
    readonly bench: SipeBench,
    readonly world: World,
    readonly bob: SipeUser,
  ) {}

  static async start({ mode, frontEnd = [], ...options }: SipeWorldOptions): Promise<SipeWorld> {
    const bench = await SipeBench.start({ mode, frontEnd });
    let world: World | undefined;
    try {
      world = await World.start({ dialect: 'microsoft', variant: VARIANT[mode], nextHopPort: bench.peerPort, ...options });
      await bench.control(`route 127.0.0.1:${world.sipPort}`);
      return new SipeWorld(bench, world, await bench.signIn(SipeWorld.BOB));
    } catch (error) {
      await bench.stop();
      await world?.stop();
      throw error;
    }
  }

  /** Call-ID of the session that the user and Bob have had last: of the latest INVITE of either. */
  async session(user: Pick<XmppUser, 'bareJid'>): Promise<string> {
    const invites = (await this.bench.crossed()).filter((message) => message.method === 'INVITE' && names(message, user));
    return invites.at(-1)?.callId ?? '';
  }

  /** Requests between the front end and isthmus so far, of one method, from the user or to him. */
  async requests(direction: Direction, method: string, user: Pick<XmppUser, 'bareJid'>): Promise<readonly SipMessage[]> {
    return (await this.bench.crossed(direction)).filter((message) => message.method === method && names(message, user));
  }

  /** Waits until so many of these requests have crossed. */
  async crossing(count: number, direction: Direction, method: string, user: Pick<XmppUser, 'bareJid'>): Promise<readonly SipMessage[]> {
    const deadline = Date.now() + DEFAULT_DEADLINE_MS;
    for (;;) {
      const requests = await this.requests(direction, method, user);
      if (requests.length >= count) return requests;
      if (Date.now() > deadline) throw new Error(`${requests.length} instead of ${count} ${method} of ${user.bareJid} crossed ${direction}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  async stop(): Promise<void> {
    await this.bench.stop();
    await this.world.stop();
  }
}

const names = (message: SipMessage, { bareJid }: Pick<XmppUser, 'bareJid'>): boolean =>
  ['From', 'To'].some((header) => message.header(header).includes(`sip:${bareJid}`));
