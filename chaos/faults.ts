import { SipServer } from '../scenarios/support/sipd';
import type { World } from '../scenarios/support/world';

/** One thing that goes wrong under load, and how it is mended. */
export interface Fault {
  readonly name: string;
  /**
   * Stanzas that the XMPP server had taken and not yet brought to a living worker reach nobody: nothing acknowledges them
   * yet. They are counted by themselves (`inSocket`), and not held against the product.
   */
  readonly losesSocket?: true;
  /** How long the part is away, where the usual time is not what the fault is about. */
  readonly awaySeconds?: number;
  break(world: World): Promise<void>;
  mend(world: World): Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();

/** The worker that is hit is the first one, so that a table of several runs compares. */
function victim(world: World): (typeof world.gateways)[number] {
  const [first] = world.gateways.filter((gateway) => gateway.isRunning);
  if (first === undefined) throw new Error('no worker runs');
  return first;
}

async function killWorker(world: World, signal: NodeJS.Signals): Promise<void> {
  const worker = victim(world);
  worker.kill(signal);
  await worker.exited;
}

/** Longer than the gateway waits for one answer, and than another worker waits before it goes on for a silent one. */
const STALL_SECONDS = 7;

async function killSipServer(world: World): Promise<void> {
  const server = world.sipServer;
  if (server === undefined) throw new Error('this world has no SIP server of its own');
  server.kill('SIGKILL');
  await server.stop();
}

async function reviveSipServer(world: World): Promise<void> {
  const { sipPort, adminPort } = world.sipServer ?? {};
  world.sipServer = await SipServer.start(sipPort, adminPort);
}

export const FAULTS: readonly Fault[] = [
  { name: 'nothing', break: nothing, mend: nothing },
  { name: 'worker killed', losesSocket: true, break: (world) => killWorker(world, 'SIGKILL'), mend: async (world) => void (await world.startWorker('w3')) },
  { name: 'worker joins', break: nothing, mend: async (world) => void (await world.startWorker('w3')) },
  { name: 'worker stopped (drain)', break: (world) => killWorker(world, 'SIGTERM'), mend: async (world) => void (await world.startWorker('w3')) },
  { name: 'SIP server killed', break: killSipServer, mend: reviveSipServer },
  { name: 'Redis restarted', break: (world) => world.redis.suspend(), mend: (world) => world.redis.resume() },
  { name: 'Prosody restarted', losesSocket: true, break: nothing, mend: (world) => world.prosody.restart() },
  {
    name: 'Prosody stalled',
    awaySeconds: STALL_SECONDS,
    break: async ({ prosody }) => prosody.kill('SIGSTOP'),
    mend: async ({ prosody }) => prosody.kill('SIGCONT'),
  },
  {
    name: 'worker stalled',
    awaySeconds: STALL_SECONDS,
    break: async (world) => victim(world).kill('SIGSTOP'),
    mend: async (world) => victim(world).kill('SIGCONT'),
  },
  { name: 'far SIP server cut off', break: async (world) => world.peer.cut(), mend: nothing },
];

