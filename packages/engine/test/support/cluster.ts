import { aggregate, type Verdict } from '@isthmus/rules';
import type { Dialect } from '@isthmus/model';
import { dueAt, isRequest, newRecord, settle, step, type Context, type Effect, type EngineEvent, type PairRecord, type RequestEffect } from '../../src';
import { Chance, Clock } from './clock';
import { Device, type Subscribe } from './device';
import { contextOf, PAIR, resource } from './pair';
import { XmppServer } from './xmpp-server';

type Said = { readonly on: EngineEvent['on'] } & Record<string, unknown>;

/** How long it takes until a dead worker is missed. */
const NOTICED_MS = 3_000;

/**
 * One pair, two workers over one store, an XMPP server, the SIP user's devices and a network that loses and repeats. A
 * worker may die between a commit and its effects; what was on its way to it is lost then. Stanzas keep their order.
 */
export class WatchCluster {
  readonly clock = new Clock();
  readonly chance: Chance;
  readonly server: XmppServer;
  readonly devices: readonly Device[];
  verdict: Verdict = 'ask';
  /** Nothing goes wrong any more. */
  calm = false;
  private stored = JSON.stringify(newRecord(PAIR));
  private readonly context: Context;
  private readonly dead = new Set<string>();
  away = false;
  /** Counts the connections of the server: what was on its way in an older one is lost. */
  private connection = 0;
  private requests = 0;
  private due: number | undefined;
  private toServer = 0;
  private toGateway = 0;

  constructor(seed: number, dialect: Dialect) {
    this.chance = new Chance(seed);
    this.context = contextOf(dialect, { notifyIntervalSeconds: 5, maxWatchDialogs: 4 });
    this.server = new XmppServer((event) => this.stanza(event), seed % 2 === 0);
    this.devices = ['desk', 'laptop', 'phone'].map((name) => new Device(name, this.clock, this.chance, (request, answered) => this.subscribe(request, answered)));
  }

  get record(): PairRecord {
    return JSON.parse(this.stored) as PairRecord;
  }

  /** What the SIP user must see in the end. */
  get truth(): readonly string[] {
    const { from, resources } = this.server;
    if (this.verdict !== 'block' && from) return [aggregate([...resources.values()]).setting];
    return ['offline', 'pending'];
  }

  play(moves: number): void {
    for (let move = 0; move < moves; move += 1) {
      this.chance.of(MOVES)(this);
      this.clock.pass(this.chance.percent(20) ? this.chance.below(400) : this.chance.below(3_000) / 1000);
    }
    this.calm = true;
    if (this.away) this.xmppUp();
    this.policy(undefined);
  }

  takes(event: Said, worker = this.chance.of(['w1', 'w2'])): boolean {
    if (this.dead.has(worker)) return false;
    const { record } = this;
    const result = step(record, { at: this.clock.at, trace: 't', ...event } as unknown as EngineEvent, this.context);
    const done = result.record.effects.filter((effect) => !isRequest(effect)).map(({ key }) => key);
    const dies = !this.calm && this.dead.size === 0 && this.chance.percent(2);
    this.stored = JSON.stringify(dies ? result.record : settle(result.record, done));
    this.plan();
    if (dies) this.worker(worker);
    else for (const effect of result.effects) this.runs(effect, worker);
    return true;
  }

  xmppDown(): void {
    this.away = true;
    this.connection += 1;
    this.server.resources.clear();
    this.takes({ on: 'xmpp.down' }, this.someone());
  }

  xmppUp(): void {
    this.away = false;
    this.takes({ on: 'xmpp.up' }, this.someone());
  }

  policy(decision: 'granted' | 'revoked' | 'forgotten' | undefined): void {
    this.takes({ on: 'policy', verdict: this.verdict, ...(decision && { decision }) }, this.someone());
  }

  private someone(): string {
    return this.dead.has('w1') ? 'w2' : 'w1';
  }

  private plan(): void {
    const due = dueAt(this.record);
    if (due === undefined || (this.due !== undefined && this.due <= due && this.due > this.clock.at)) return;
    this.due = due;
    this.clock.after(Math.max(0, due - this.clock.at), () => {
      const now = dueAt(this.record);
      this.due = undefined;
      if (now !== undefined && now <= this.clock.at) this.takes({ on: 'timer' }, this.someone());
      else this.plan();
    });
  }

  /** A worker dies. When that is noticed, another one does what it has not done, and asks for what it has not taken. */
  private worker(name: string): void {
    this.dead.add(name);
    this.clock.after(NOTICED_MS, () => {
      this.dead.delete(name);
      const { effects } = this.record;
      this.stored = JSON.stringify(settle(this.record, effects.filter((effect) => !isRequest(effect)).map(({ key }) => key)));
      for (const effect of effects) {
        if (isRequest(effect)) this.outcome(effect, undefined, this.someone());
        else this.runs(effect, this.someone());
      }
      this.takes({ on: 'xmpp.up' }, this.someone());
    });
  }

  private runs(effect: Effect, worker: string): void {
    if (effect.do === 'sip.notify') return this.notify(effect, worker);
    // The other direction is no matter here: nobody lets the XMPP user see anything.
    if (effect.do === 'sip.subscribe') return this.clock.after(100, () => this.outcome(effect, 403, worker));
    if (!effect.do.startsWith('xmpp.')) return;
    // What waits for the server is handed over when it is back.
    const wait = this.away ? 1000 : 0;
    this.toServer = Math.max(this.toServer + 1, this.clock.at + wait + this.chance.below(200));
    this.clock.after(this.toServer - this.clock.at, () => (this.away ? this.runs(effect, worker) : this.server.takes(effect.do)));
  }

  private stanza(event: Said): void {
    const worker = this.someone();
    this.toGateway = Math.max(this.toGateway + 1, this.clock.at + this.chance.below(200));
    const { connection } = this;
    this.clock.after(this.toGateway - this.clock.at, () => (connection === this.connection ? this.takes(event, worker) : undefined));
  }

  private notify(effect: Effect & { readonly do: 'sip.notify' }, worker: string): void {
    const bad = !this.calm && this.chance.percent(10);
    if (bad && this.chance.percent(50)) return this.clock.after(8_000, () => this.outcome(effect, this.chance.of([408, 500, 503]), worker));
    this.clock.after(this.chance.below(bad ? 9_000 : 300), () => {
      const device = this.devices.find(({ name }) => effect.dialog.callId.startsWith(name));
      const status = device?.told(effect) ?? 481;
      this.clock.after(this.chance.below(300), () => this.outcome(effect, status, worker));
      if (bad) this.clock.after(this.chance.below(600), () => this.outcome(effect, status, worker));
    });
  }

  /** Status undefined: nobody knows. */
  private outcome(effect: RequestEffect, status: number | undefined, worker: string): void {
    const { dialog } = effect;
    const result = status === undefined ? 'lost' : status === 408 ? 'timeout' : status === 503 ? 'unreachable' : 'answered';
    const answered = result === 'answered' && dialog !== undefined ? { dialog: { ...dialog, localCSeq: dialog.localCSeq + 1 } } : {};
    this.takes({ on: 'sip.outcome', key: effect.key, method: 'NOTIFY', result, status: status ?? 408, ...answered }, worker);
  }

  private subscribe({ dialog, localTag, cseq, expires }: Subscribe, answered: (status: number | undefined) => void): void {
    const { callId, remoteTag } = dialog;
    const send = (): boolean => {
      const ref = { callId, remoteTag, ...(localTag !== undefined && { localTag }), cseq };
      const transaction = { server: 'sip1', id: `tx${(this.requests += 1)}` };
      return this.takes({ on: 'sip.subscribe', transaction, ref, dialog, expires, accept: [], policy: this.verdict, displayName: 'Bob' });
    };
    const lost = !this.calm && this.chance.percent(5);
    this.clock.after(this.chance.below(500), () => {
      const taken = !lost && send();
      if (!this.calm && this.chance.percent(5)) this.clock.after(this.chance.below(600), send);
      this.clock.after(taken ? this.chance.below(200) : 5_000, () => answered(taken && !(!this.calm && this.chance.percent(5)) ? 200 : undefined));
    });
  }
}

const some = (cluster: WatchCluster): Device => cluster.chance.of(cluster.devices);

/** What the XMPP user does, while his server runs. */
const HIS_MOVES: readonly ((cluster: WatchCluster) => void)[] = [
  ({ server, chance }) => server.shows(resource(chance.of(['a', 'b']), { show: chance.of(['away', 'dnd', 'xa'] as const) })),
  ({ server, chance }) => server.shows(resource(chance.of(['a', 'b']), { priority: chance.below(3) - 1 })),
  ({ server, chance }) => server.leaves(chance.of(['a', 'b'])),
  ({ server }) => (server.asked ? server.grant() : undefined),
  ({ server }) => (server.asked ? server.grant() : undefined),
  ({ server }) => server.refuse(),
  (cluster) => cluster.takes({ on: 'xmpp.subscribe' }),
];

const his = (cluster: WatchCluster): void => (cluster.away ? undefined : cluster.chance.of(HIS_MOVES)(cluster));

const MOVES: readonly ((cluster: WatchCluster) => void)[] = [
  (cluster) => some(cluster).subscribe(),
  (cluster) => some(cluster).subscribe(),
  (cluster) => some(cluster).refresh(),
  (cluster) => some(cluster).leave(),
  (cluster) => some(cluster).vanish(),
  ...Array.from({ length: 8 }, () => his),
  (cluster) => (cluster.record.inward.is === 'none' ? undefined : cluster.policy(cluster.chance.of(['granted', 'revoked', 'forgotten'] as const))),
  (cluster) => {
    cluster.verdict = cluster.chance.of(['ask', 'ask', 'allow', 'auto', 'block'] as const);
    if (cluster.chance.percent(70)) cluster.policy(undefined);
  },
  (cluster) => (cluster.chance.percent(30) ? cluster.xmppDown() : cluster.xmppUp()),
];
