import { pairKey, type Pair } from '@isthmus/model';
import { type Numbered, NumberedConnection, type Receiver } from './numbered-connection';
import type { Chance, VirtualTime } from './virtual-time';

export interface NumberingServerOptions {
  readonly time: VirtualTime;
  readonly chance: Chance;
  /** How often in a hundred a pair that has nothing unreported goes to another worker than before. */
  readonly strays: number;
  /** Something may happen to a worker that is about to report. */
  readonly mayFail: (receiver: Receiver) => void;
}

/** As the plug-in's: a connection that has given no sign of life for so long is closed, milliseconds. */
const SILENT_MS = 2_000;
const LOOK_MS = 250;

/**
 * The XMPP server with its plug-in (docs/partition-protocol.md, "So that nothing is lost with a worker"): numbers each text, keeps it
 * until it is reported, and gives it again, in order, when the connection that has it ends.
 */
export class NumberingServer {
  private last = 0;
  /** What no connection has, in the order of the numbers. */
  private waiting: Numbered[] = [];
  private connections: NumberedConnection[] = [];
  private readonly homes = new Map<string, NumberedConnection>();
  /** Texts that were given to more than one connection. */
  readonly again = new Set<string>();
  /** Texts that came back as errors from a worker: no record tells the others so. */
  readonly refused = new Set<string>();
  silences = 0;

  constructor(private readonly options: NumberingServerOptions) {
    options.time.after(LOOK_MS, () => this.look());
  }

  /** What is not reported. */
  get kept(): number {
    return this.connections.reduce((sum, { unreported }) => sum + unreported.length, this.waiting.length);
  }

  takes(pair: Pair, id: string): void {
    this.waiting.push({ n: (this.last += 1), pair, id });
    this.handOut();
  }

  connect(receiver: Receiver): void {
    const { time, chance, mayFail } = this.options;
    const onReport = (connection: NumberedConnection, n: number): boolean => this.reported(connection, n);
    const onRefused = (id: string): void => void this.refused.add(id);
    this.connections.push(new NumberedConnection({ time, chance, receiver, onReport, onRefused, mayFail: () => mayFail(receiver) }));
    this.handOut();
  }

  /** The worker has dropped its connection, or the network has: the server learns of it a little later. */
  lost(receiver: Receiver): void {
    for (const connection of this.of(receiver)) {
      connection.end();
      this.options.time.after(this.options.chance.below(300), () => this.close(connection));
    }
  }

  drain(receiver: Receiver): void {
    for (const connection of this.of(receiver)) connection.isDraining = true;
  }

  /** Has the worker nothing of this server's that it has not reported? */
  isDone(receiver: Receiver): boolean {
    return this.of(receiver).every(({ unreported }) => unreported.length === 0);
  }

  /** Is there a connection of this worker, as far as the server knows? */
  has(receiver: Receiver): boolean {
    return this.of(receiver).length > 0;
  }

  private of(receiver: Receiver): readonly NumberedConnection[] {
    return this.connections.filter((connection) => connection.receiver === receiver);
  }

  private look(): void {
    const { time } = this.options;
    for (const connection of this.connections) {
      const { receiver } = connection;
      if (!receiver.isAsleep) connection.heardAt = time.now;
      const isSilent = time.now - connection.heardAt >= SILENT_MS;
      if (isSilent && !receiver.dead) this.silences += 1;
      if (receiver.dead || isSilent) this.close(connection);
    }
    time.after(LOOK_MS, () => this.look());
  }

  /** What it had goes to others; the worker reads all that was written, and then the end. */
  private close(connection: NumberedConnection): void {
    if (!this.connections.includes(connection)) return;
    this.connections = this.connections.filter((each) => each !== connection);
    for (const { id } of connection.unreported) this.again.add(id);
    this.waiting = [...connection.unreported, ...this.waiting].sort((one, other) => one.n - other.n);
    connection.close();
    this.handOut();
  }

  private reported(connection: NumberedConnection, n: number): boolean {
    if (!this.connections.includes(connection)) return false;
    const at = connection.unreported.findIndex((each) => each.n === n);
    connection.unreported.splice(0, at + 1);
    this.handOut();
    return true;
  }

  /** Hands out what waits, unless something older of its pair waits or is with a worker that drains. */
  private handOut(): void {
    const stays = new Set<string>();
    this.waiting = this.waiting.filter((text) => {
      const key = pairKey(text.pair);
      const connection = stays.has(key) ? undefined : this.choose(text.pair);
      if (connection === undefined) stays.add(key);
      connection?.hand(text);
      return connection === undefined;
    });
  }

  private choose(pair: Pair): NumberedConnection | undefined {
    const { chance, strays } = this.options;
    const key = pairKey(pair);
    const holder = this.connections.find(({ unreported }) => unreported.some((each) => pairKey(each.pair) === key));
    if (holder !== undefined) return holder.isDraining ? undefined : holder;
    const open = this.connections.filter(({ isDraining }) => !isDraining);
    const ready = open.filter(({ receiver }) => receiver.isReady);
    const live = ready.length > 0 ? ready : open;
    const home = this.homes.get(key);
    if (live.length === 0) return undefined;
    const chosen = home !== undefined && live.includes(home) && !chance.percent(strays) ? home : chance.of(live);
    this.homes.set(key, chosen);
    return chosen;
  }
}
