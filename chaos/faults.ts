import type { Arena } from './arena';
import { CLIENTS, FAR } from '../scenarios/support/topology';

/** One thing that goes wrong under load, and how it is mended. */
export interface Fault {
  readonly name: string;
  /** Parts and links that it needs: two faults with one in common do not happen together. */
  readonly touches: readonly string[];
  readonly awaySeconds: number;
  /** From when on everything must be right again within the set time: survivors go on for a dead worker at once. */
  readonly rightFrom: 'break' | 'mend';
  /** What the XMPP server had taken and not handed on when it died is gone with it: nobody else has it (`heldByServer`). */
  readonly losesWhatServerHeld?: true;
  /** How Redis syncs what it writes; default: always. */
  readonly redisSync?: 'everysec';
  break(arena: Arena): Promise<void>;
  mend(arena: Arena): Promise<void>;
}

const AWAY_SECONDS = 3;
/** Longer than anybody waits for a silent one. */
const SILENT_SECONDS = 6;
const SLOW_MS = 200;

const nothing = (): Promise<void> => Promise.resolve();

/** The ways in which a program fails. */
function ofPart(part: string, rightFrom: Fault['rightFrom'], further: Partial<Fault> = {}): readonly Fault[] {
  const common = { touches: [part], awaySeconds: AWAY_SECONDS, rightFrom, ...further };
  const start = (arena: Arena): Promise<void> => arena.topology.part(part).start();
  return [
    { ...common, name: `${part} killed`, break: ({ topology }) => topology.part(part).kill(), mend: start },
    { ...common, name: `${part} stopped`, break: ({ topology }) => topology.part(part).stop(), mend: start },
    { ...common, name: `${part} restarted`, awaySeconds: 0, break: ({ topology }) => topology.part(part).restart(), mend: nothing },
    {
      ...common,
      name: `${part} stalled`,
      awaySeconds: SILENT_SECONDS,
      rightFrom: 'mend',
      break: async ({ topology }) => topology.part(part).stall(),
      mend: async ({ topology }) => topology.part(part).resume(),
    },
  ];
}

/** The SIP server itself fails, behind its anchor: the two live and die together. */
function ofServerBehind(anchor: string): readonly Fault[] {
  const common = { touches: [anchor], rightFrom: 'mend' } as const;
  const signal = ({ topology }: Arena, name: NodeJS.Signals): boolean => process.kill(topology.serverPid(anchor), name);
  const mend = async ({ topology }: Arena): Promise<void> => {
    await topology.part(anchor).ended;
    await topology.part(anchor).start();
  };
  return [
    { ...common, name: `${anchor} server killed`, awaySeconds: AWAY_SECONDS, break: async (arena) => void signal(arena, 'SIGKILL'), mend },
    { ...common, name: `${anchor} server stalled`, awaySeconds: SILENT_SECONDS, break: async (arena) => void signal(arena, 'SIGSTOP'), mend: async (arena) => void signal(arena, 'SIGCONT') },
  ];
}

/** The ways in which a link fails. */
function ofLink(one: string, other: string): readonly Fault[] {
  const common = { touches: [`${one}-${other}`, one, other], awaySeconds: SILENT_SECONDS, rightFrom: 'mend' } as const;
  const mend = ({ topology }: Arena): Promise<void> => topology.link(one, other).mend();
  return [
    { ...common, name: `${one}-${other} cut`, break: async ({ topology }) => topology.link(one, other).cut(), mend },
    { ...common, name: `${one}-${other} slow`, break: ({ topology }) => topology.link(one, other).slow(SLOW_MS), mend },
  ];
}

/** One worker and one SIP server of each kind fail, the other of the kind goes on. */
export const FAULTS: readonly Fault[] = [
  { name: 'nothing', touches: [], awaySeconds: AWAY_SECONDS, rightFrom: 'break', break: nothing, mend: nothing },
  { name: 'worker joins', touches: ['w3'], awaySeconds: 0, rightFrom: 'break', break: async ({ topology }) => void (await topology.addWorker('w3')), mend: nothing },
  ...ofPart('w1', 'break'),
  ...ofPart('sip1', 'mend'),
  ...ofServerBehind('sip1'),
  ...ofPart('redis', 'mend'),
  ...ofPart('prosody', 'mend', { losesWhatServerHeld: true }),
  {
    name: 'redis disk full',
    touches: ['redis'],
    awaySeconds: SILENT_SECONDS,
    rightFrom: 'mend',
    redisSync: 'everysec',
    break: async ({ topology }) => topology.disk?.fill(),
    mend: async ({ topology }) => topology.disk?.empty(),
  },
  {
    name: 'redis ends by a full disk',
    touches: ['redis'],
    awaySeconds: SILENT_SECONDS,
    rightFrom: 'mend',
    break: async ({ topology }) => topology.disk?.fill(),
    mend: async ({ topology }) => {
      topology.disk?.empty();
      if (!topology.part('redis').isRunning) await topology.part('redis').start();
    },
  },
  { name: 'far restarted', touches: [FAR], awaySeconds: 0, rightFrom: 'mend', break: (arena) => arena.restartFar(AWAY_SECONDS * 1_000), mend: nothing },
  ...ofLink('w1', 'redis'),
  ...ofLink('w1', 'prosody'),
  ...ofLink('w1', 'sip1'),
  ...ofLink('sip1', FAR),
  ...ofLink('prosody', CLIENTS),
];
