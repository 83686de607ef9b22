import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { asRoot, Link } from './link';

const MOST_NETWORKS = 250;
/** Each connection to the socket becomes one from this host. File names are the same in all network namespaces. */
const RELAY = `
const [path, host, port] = process.argv.slice(1);
const net = require('node:net');
net.createServer((near) => {
  const far = net.connect({ host, port: Number(port) });
  near.pipe(far).pipe(near);
  for (const end of [near, far]) end.on('error', () => { near.destroy(); far.destroy(); });
}).listen(path, () => console.log('up'));
`;

/** A SIP server over TCP that answers everything 200 and prints the text of each MESSAGE. */
const SIP_SERVER = `
const [host, port] = process.argv.slice(1);
const COPIED = /^(via|from|to|call-id|cseq):/i;
require('node:net').createServer((socket) => {
  let unread = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    unread += chunk.toString('latin1');
    for (;;) {
      const end = unread.indexOf('\\r\\n\\r\\n');
      const length = Number(/^content-length:\\s*(\\d+)/im.exec(unread.slice(0, end))?.[1] ?? 0);
      if (end < 0 || unread.length < end + 4 + length) return;
      const lines = unread.slice(0, end).split('\\r\\n');
      const text = unread.slice(end + 4, end + 4 + length);
      unread = unread.slice(end + 4 + length);
      const copied = lines.slice(1).filter((line) => COPIED.test(line)).map((line) => (/^to:/i.test(line) && !/;tag=/.test(line) ? line + ';tag=far' : line));
      if (lines[0].startsWith('MESSAGE ')) console.log(text);
      socket.write(['SIP/2.0 200 OK', ...copied, 'Content-Length: 0', '', ''].join('\\r\\n'));
    }
  });
}).listen({ host, port: Number(port) }, () => console.log('up'));
`;

function ip(...args: string[]): void {
  execFileSync(...asRoot('ip', args), { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Hosts with addresses of their own: network namespaces on a bridge that reaches nothing else. */
export class Hosts {
  private readonly relays: ChildProcess[] = [];
  private readonly links = new Map<string, Link>();
  private readonly directory = mkdtempSync(join(tmpdir(), 'isthmus-hosts-'));

  private constructor(
    private readonly network: number,
    private readonly names: readonly string[],
    /** Further addresses of ours on this network. */
    private readonly ours: readonly string[] = [],
  ) {}

  static make(...names: string[]): Hosts {
    return Hosts.with(names, []);
  }

  /** @param ours further addresses of this machine, by name: whoever binds to one looks like a host of its own */
  static with(names: readonly string[], ours: readonly string[]): Hosts {
    const hosts = new Hosts(freeNetwork(), names, ours);
    try {
      hosts.build();
      return hosts;
    } catch (error) {
      void hosts.remove();
      throw error;
    }
  }

  /** The address at which they reach us. */
  get gateway(): string {
    return `10.213.${this.network}.1`;
  }

  /** A host's address; `gateway` is ours. */
  address(name: string): string {
    if (name === 'gateway') return this.gateway;
    const index = [...this.names, ...this.ours].indexOf(name);
    if (index < 0) throw new Error(`there is no host ${name}`);
    return `10.213.${this.network}.${index + 2}`;
  }

  /** What a command is written behind to run on that host, as root. */
  enter(name: string): readonly string[] {
    const [command, args] = asRoot('ip', ['netns', 'exec', this.namespace(name)]);
    return [command, ...args];
  }

  /** The link between two hosts, one of which is not ours: it can be cut and slowed by itself. */
  link(one: string, other: string): Link {
    const [from = one, to = other] = [one, other].sort((a, b) => this.names.indexOf(b) - this.names.indexOf(a));
    const key = `${from} ${to}`;
    const link = this.links.get(key) ?? new Link({ enter: this.enter(from), from: this.address(from), to: this.address(to) });
    this.links.set(key, link);
    return link;
  }

  /** A socket's path: whoever connects to it is connected from that host to a port of ours. */
  async path(name: string, port: number, to = this.gateway): Promise<string> {
    const path = join(this.directory, `${this.relays.length}`);
    const command = ['ip', 'netns', 'exec', this.namespace(name), 'setpriv', '--pdeathsig', 'KILL', '--', process.execPath, '-e', RELAY, path, to, `${port}`];
    const [file, args] = asRoot(command[0] ?? '', command.slice(1));
    const relay = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.relays.push(relay);
    await once(relay.stdout, 'data');
    return path;
  }

  /** A SIP server runs on that host; `heard` gets the text of each MESSAGE. */
  async sipServer(name: string, port: number, heard: (text: string) => void): Promise<void> {
    const command = ['netns', 'exec', this.namespace(name), 'setpriv', '--pdeathsig', 'KILL', '--', process.execPath, '-e', SIP_SERVER, this.address(name), `${port}`];
    const [file, args] = asRoot('ip', command);
    const server = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.relays.push(server);
    await once(server.stdout, 'data');
    server.stdout.on('data', (text: Buffer) => heard(text.toString()));
  }

  /** Pulls the host's cable: what is sent to it is lost, and nothing tells so. */
  cut(name: string): void {
    ip('-n', this.namespace(name), 'link', 'set', 'eth0', 'down');
  }

  join(name: string): void {
    ip('-n', this.namespace(name), 'link', 'set', 'eth0', 'up');
  }

  async remove(): Promise<void> {
    for (const link of this.links.values()) await link.mend();
    const ends = this.relays.map((relay) => (relay.exitCode === null ? once(relay, 'close') : undefined));
    for (const relay of this.relays) relay.kill();
    await Promise.all(ends);
    for (const name of this.names) ignoring(() => ip('netns', 'del', this.namespace(name)));
    ignoring(() => ip('link', 'del', bridgeOf(this.network)));
    rmSync(this.directory, { recursive: true, force: true });
  }

  private build(): void {
    const bridge = bridgeOf(this.network);
    for (const address of [this.gateway, ...this.ours.map((name) => this.address(name))]) ip('addr', 'add', `${address}/24`, 'dev', bridge);
    ip('link', 'set', bridge, 'up');
    this.names.forEach((name, index) => {
      const [space, outer] = [this.namespace(name), `isth${this.network}h${index}`];
      ip('netns', 'add', space);
      ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space);
      ip('link', 'set', outer, 'master', bridge, 'up');
      ip('-n', space, 'addr', 'add', `${this.address(name)}/24`, 'dev', 'eth0');
      for (const device of ['lo', 'eth0']) ip('-n', space, 'link', 'set', device, 'up');
    });
  }

  private namespace(name: string): string {
    return `isthmus-${this.network}-${name}`;
  }
}

const bridgeOf = (network: number): string => `isth${network}`;

/** Takes the first network that nobody has: the kernel makes a bridge of one name once. */
function freeNetwork(): number {
  for (let network = 1; network <= MOST_NETWORKS; network += 1) {
    try {
      ip('link', 'add', bridgeOf(network), 'type', 'bridge');
      return network;
    } catch (error) {
      if (!String(error).includes('File exists')) throw error;
    }
  }
  throw new Error('no network is free');
}

function ignoring(work: () => void): void {
  try {
    work();
  } catch {
    // what is not there need not be removed
  }
}
