import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Intake } from '../intake';
import { REASONS } from '../message/message';
import type { Limits, Log, Settings, SipListener } from '../options';
import { advertised, isOwn, listening } from './bind';
import { type Endpoint, type Flow, type FlowEvents, type Gone, Watchers } from './flow';
import { contentLength, hasContentLength } from './framing';

const KEEP_ALIVE = Buffer.from('\r\n\r\n');
const END_OF_HEAD = Buffer.from('\r\n\r\n');
/** How long a probe listens for an ICMP error. */
const PROBE_MS = 2000;
/** Probes under way at a time; above it a refused port shows as a timeout. */
const MAX_PROBES = 256;

/** SIP over UDP on one socket. */
export class UdpTransport {
  readonly protocol = 'udp';
  private probes = 0;

  private constructor(
    private readonly socket: Socket,
    readonly bound: Endpoint,
    private readonly limits: Limits,
    private readonly intake: Intake,
    log: Log,
    private readonly events: FlowEvents,
  ) {
    socket.on('message', (datagram, from) => this.receive(datagram, from));
    socket.on('error', (error) => log('error', 'udp_failed', { error: error.message }));
  }

  static async listen(listener: SipListener, { limits, intake, log }: Settings, events: FlowEvents): Promise<UdpTransport> {
    const socket = createSocket({
      type: isIPv6(listener.host) ? 'udp6' : 'udp4',
      recvBufferSize: 4 * 1024 * 1024,
      sendBufferSize: 1024 * 1024,
    });
    const bound = await listening(socket, `SIP udp:${listener.host}:${listener.port}`, () =>
      socket.bind({ address: listener.host, port: listener.port, exclusive: true }),
    );
    return new UdpTransport(socket, bound, limits, intake, log, events);
  }

  /** Our own place for a peer: for Via and Contact. */
  placeFor(peer: string): Endpoint {
    return advertised(this.bound, peer);
  }

  isOwn(target: Endpoint): boolean {
    return isOwn(this.bound, target);
  }

  flowTo(target: Endpoint): UdpFlow {
    return new UdpFlow(this, target, this.placeFor(target.address));
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.socket.close(() => resolve()));
  }

  /** Sends one datagram; `failed` when the system refuses it (too long, no route, a source port of 0, socket closed). */
  transmit(bytes: Buffer, to: Endpoint, failed: () => void): void {
    try {
      this.socket.send(bytes, to.port, to.address, (error) => {
        if (error !== null) failed();
      });
    } catch {
      failed();
    }
  }

  /**
   * Asks whether anyone listens. Node reports ICMP "port unreachable" on connected sockets only, and ours must stay
   * unconnected; so a second, connected socket sends a keep-alive (RFC 5626 form, ignored by SIP elements) to the same
   * port and hears the error.
   */
  probe(to: Endpoint, refused: () => void): void {
    if (this.probes >= MAX_PROBES) return;
    this.probes += 1;
    const probe = createSocket(isIPv6(to.address) ? 'udp6' : 'udp4');
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      clearTimeout(deadline);
      probe.close();
      this.probes -= 1;
    };
    const deadline = setTimeout(end, PROBE_MS);
    deadline.unref();
    // More than one error may come, and some after the end: `on`, for an error nobody listens to ends the process.
    probe.on('error', () => {
      if (over) return;
      end();
      refused();
    });
    probe.connect(to.port, to.address, () => {
      probe.send(KEEP_ALIVE, (error) => {
        if (error !== null) probe.emit('error', error);
      });
    });
    probe.unref();
  }

  private receive(datagram: Buffer, from: RemoteInfo): void {
    if (this.intake.message(from.address, false) > 0) return;
    let start = 0;
    while (datagram[start] === 0x0d || datagram[start] === 0x0a) start += 1;
    if (start === datagram.length) return;
    const flow = this.flowTo({ address: from.address, port: from.port });
    const end = datagram.indexOf(END_OF_HEAD, start);
    const head = datagram.toString('latin1', start, end < 0 ? datagram.length : end);
    if (head.length > this.limits.headBytes) {
      this.events.rejected(head, 513, REASONS[513], flow);
      return;
    }
    const rest = end < 0 ? datagram.subarray(0, 0) : datagram.subarray(end + END_OF_HEAD.length);
    const length = hasContentLength(head) ? contentLength(head) : rest.length;
    // RFC 3261 section 18.3: bytes behind the body are dropped, a body cut short is an error.
    if (length === undefined || length > rest.length) this.events.rejected(head, 400, 'Bad Content-Length Header', flow);
    else this.events.message(head, rest.subarray(0, length), flow);
  }
}

/** A pair of UDP endpoints. */
export class UdpFlow implements Flow {
  readonly protocol = 'udp';
  readonly reliable = false;
  readonly open = true;
  readonly peerNames: readonly string[] = [];
  readonly reusable = false;
  private watchers: Watchers | undefined;

  constructor(
    private readonly transport: UdpTransport,
    readonly remote: Endpoint,
    readonly local: Endpoint,
  ) {}

  send(bytes: Buffer): boolean {
    this.transport.transmit(bytes, this.remote, () => this.watchers?.fire());
    return true;
  }

  answering(port: number): Flow {
    return port === this.remote.port ? this : this.transport.flowTo({ address: this.remote.address, port });
  }

  watch(gone: Gone): () => void {
    this.watchers ??= new Watchers();
    const unwatch = this.watchers.add(gone);
    this.transport.probe(this.remote, () => this.watchers?.fire());
    return unwatch;
  }
}
