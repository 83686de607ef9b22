import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A card that nobody has: what is sent to it is lost without a word, as behind a cable that was pulled. */
const NOBODY = '02:00:00:00:00:99';
/** What comes from these addresses is looked up before all else, also before the table of own addresses. */
const RULE = '10';
const OWN_ADDRESSES = '100';

/** Packets to one address go through this program, which holds each for the given time: kernels come without sch_netem. */
const DELAY = `
import collections, fcntl, os, select, socket, struct, sys, time
device, delay = sys.argv[1], float(sys.argv[2])
tun = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(tun, 0x400454ca, struct.pack('16sH', device.encode(), 0x1001))  # TUNSETIFF, IFF_TUN | IFF_NO_PI
out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
out.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'eth0')
print('up', flush=True)
held = collections.deque()
while True:
    wait = max(0, held[0][0] - time.monotonic()) if held else None
    if select.select([tun], [], [], wait)[0]:
        held.append((time.monotonic() + delay, os.read(tun, 65536)))
    while held and held[0][0] <= time.monotonic():
        packet = held.popleft()[1]
        if packet[0] >> 4 != 4:
            continue
        try:
            out.sendto(packet, (socket.inet_ntoa(packet[16:20]), 0))
        except OSError:
            pass  # a lost packet
`;

/** Changing networks is for root: npm test runs as root, or with sudo. */
export const asRoot = (command: string, args: readonly string[]): [string, string[]] =>
  process.getuid?.() === 0 ? [command, [...args]] : ['sudo', ['-n', command, ...args]];

export interface LinkPlace {
  /** What a command is written behind to run on the near host. */
  readonly enter: readonly string[];
  /** Address of the near host. */
  readonly from: string;
  readonly to: string;
}

/** What lies between two hosts. All changes are made on the near host, so the other end may be this machine itself. */
export class Link {
  private isCut = false;
  private delay: ChildProcess | undefined;

  constructor(private readonly place: LinkPlace) {}

  /** From now on nothing crosses, either way, and nothing tells so: no connection is refused or ended. */
  cut(): void {
    if (this.isCut) return;
    this.isCut = true;
    const { to } = this.place;
    if (!this.ip('rule', 'list').includes(`${OWN_ADDRESSES}:`)) {
      this.ip('rule', 'add', 'pref', OWN_ADDRESSES, 'lookup', 'local');
      this.ip('rule', 'del', 'pref', '0');
    }
    this.ip('neigh', 'replace', to, 'lladdr', NOBODY, 'nud', 'permanent', 'dev', 'eth0');
    this.ip('rule', 'add', 'pref', RULE, 'from', to, 'blackhole');
  }

  /** Each packet to the far end takes so much longer: a round trip does, whoever began it. */
  async slow(milliseconds: number): Promise<void> {
    if (this.delay !== undefined) throw new Error('this link is slow already');
    const { enter, from, to } = this.place;
    const [command = '', ...args] = enter;
    const delay = spawn(command, [...args, 'setpriv', '--pdeathsig', 'KILL', '--', 'python3', '-c', DELAY, this.device, `${milliseconds / 1_000}`], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.delay = delay;
    await Promise.race([once(delay.stdout, 'data'), once(delay, 'exit').then(() => Promise.reject(new Error('a link cannot be slowed: python3 or /dev/net/tun is missing')))]);
    this.ip('link', 'set', this.device, 'up');
    this.ip('route', 'replace', `${to}/32`, 'dev', this.device, 'src', from);
  }

  /** As it was. What a slow link still held is lost. */
  async mend(): Promise<void> {
    if (this.isCut) {
      const { to } = this.place;
      this.ip('rule', 'del', 'pref', RULE, 'from', to);
      this.ip('neigh', 'del', to, 'dev', 'eth0');
      this.isCut = false;
    }
    const { delay } = this;
    this.delay = undefined;
    if (delay === undefined || delay.exitCode !== null) return;
    const ended = once(delay, 'exit');
    delay.kill('SIGKILL');
    await ended;
  }

  /** A name that no other slow link of the near host has. */
  private get device(): string {
    return `slow${this.place.to.split('.').pop()}`;
  }

  private ip(...args: string[]): string {
    const [command = '', ...enter] = this.place.enter;
    return execFileSync(command, [...enter, 'ip', ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }
}
