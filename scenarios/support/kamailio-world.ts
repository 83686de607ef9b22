import { Kamailio } from './kamailio';
import type { KamailioOptions } from './kamailio';
import { Device } from './kamailio-user';
import type { DeviceOptions } from './kamailio-user';
import { freePort } from './ports';
import type { Transport } from './sip-sockets';
import { DOMAIN, World } from './world';
import type { XmppUser } from './xmpp-user';

/** Fresh pairs for so many tests. */
const PAIRS = 40;
const names = (name: string): string[] => Array.from({ length: PAIRS }, (_, index) => `${name}${index + 1}`);

export interface Couple {
  /** On the XMPP server. */
  readonly ann: XmppUser;
  /** A device of his, on Kamailio. */
  readonly bob: Device;
}

export interface PartitionOptions extends Partial<KamailioOptions> {
  /** Further accounts on either side. */
  readonly alsoSip?: readonly string[];
  readonly alsoXmpp?: readonly string[];
}

/** One domain, two real servers: Prosody for ann1, ann2 ... and Kamailio for bob1, bob2 ... */
export class Partition {
  private readonly devices: Device[] = [];
  private used = 0;

  private constructor(
    readonly world: World,
    readonly kamailio: Kamailio,
  ) {}

  static async start({ alsoSip = [], alsoXmpp = [], ...options }: PartitionOptions = {}): Promise<Partition> {
    const sipPort = await freePort();
    const kamailio = await Kamailio.start({ domain: DOMAIN, users: [...names('bob'), ...alsoSip], isthmusPort: sipPort, ...options });
    try {
      const { transport = 'tcp' } = options;
      const far = { dialect: 'simple', transport, nextHopPort: kamailio.gatewayPort } as const;
      const world = await World.start({ ...far, users: [...names('ann'), ...alsoXmpp], sipPort, availability: { retryMinSeconds: 1 } });
      return new Partition(world, kamailio);
    } catch (error) {
      await kamailio.stop();
      throw error;
    }
  }

  /** A fresh pair that knows nothing of each other: Ann is signed in, Bob's device is registered. */
  async couple(transport: Transport = 'tcp'): Promise<Couple> {
    this.used += 1;
    const [ann, bob] = await Promise.all([this.world.signIn(`ann${this.used}`), this.device(`bob${this.used}`, { transport })]);
    await bob.registers();
    return { ann, bob };
  }

  /** A device of a SIP user, not yet registered. */
  async device(user: string, options: Partial<DeviceOptions> = {}): Promise<Device> {
    const device = await Device.start({ user, domain: DOMAIN, serverPort: this.kamailio.usersPort, ...options });
    this.devices.push(device);
    return device;
  }

  async stop(): Promise<void> {
    // Farewells find an open ear, so that no worker waits for answers.
    for (const { peer } of this.devices) peer.serve('NOTIFY', (incoming) => peer.reply(incoming, 200));
    await this.world.stop();
    await Promise.allSettled([this.kamailio.stop(), ...this.devices.map((device) => device.stop())]);
  }
}
