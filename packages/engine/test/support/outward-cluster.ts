import { OFFLINE, type Presence } from '@isthmus/model';
import { dueAt, isRequest, newRecord, settle, step, type Dialog, type Effect, type EngineEvent, type EventOf, type PairRecord, type SubscribeEffect } from '../../src';
import { EventClock } from './event-clock';
import { contextOf, faultFor, NOON, PAIR } from './pair';

/** How often, in a hundred, something goes wrong while it is not calm. */
export const TROUBLE = { lost: 12, twice: 12, refused: 10 };
const LEASE_MS = 5_000;
const NOTICED_MS = 3_500;
const TIMEOUT_MS = 10_000;
/** RFC 3261 Timer F: a NOTIFY without an answer has failed, and with it the subscription (RFC 6665 section 4.2.2). */
const TIMER_F_MS = 32_000;
const STATES: readonly Presence[] = [{ setting: 'available' }, { setting: 'busy' }, { setting: 'away' }, OFFLINE];

/** A subscription as the far side keeps it. */
interface Subscription {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly owner: string;
  /** Which life of our SIP server knows the dialog. */
  readonly stack: number;
  expiresAt: number;
  cseq: number;
}

/**
 * One outward watch among two workers that die, a SIP server that restarts, a route that breaks, a far side that forgets,
 * an XMPP user who comes and goes, and a network that loses, repeats and overtakes. The clock jumps from event to event.
 */
export class OutwardCluster extends EventClock {
  record: PairRecord = newRecord(PAIR);
  calm = false;
  /** The XMPP user has the contact on his list; is signed in; what he was told last. */
  wants = false;
  online = false;
  shown: Presence | undefined;
  /** The contact's true state, and the subscriptions that the far side holds. */
  truth: Presence = { setting: 'available' };
  readonly held = new Map<string, Subscription>();
  private readonly context = contextOf('simple');
  private connections = ['w1/1', 'w2/1'];
  private stack = 1;
  private reachable = true;
  private count = 0;

  constructor(
    private readonly chance: (below: number) => number,
    private readonly trouble: typeof TROUBLE = TROUBLE,
  ) {
    super(NOON);
  }

  /** One thing that may happen at any time. */
  happens(): void {
    const moves = [this.asks, this.asks, this.withdraws, this.signsIn, this.signsIn, this.signsOut, this.changes, this.changes, this.farRestarts, this.farDeactivates, this.workerDies, this.stackRestarts, this.routeBreaks] as const;
    moves[this.chance(moves.length)]?.call(this);
    this.pass(this.chance(4) === 0 ? this.chance(3_000) : this.chance(20));
  }

  asks(): void {
    this.wants = true;
    this.take({ on: 'xmpp.subscribe' });
    if (!this.online) this.signsIn();
  }

  signsIn(): void {
    this.online = true;
    if (this.wants) this.take({ on: 'xmpp.probe', resource: 'r' });
  }

  withdraws(): void {
    this.wants = false;
    this.take({ on: 'xmpp.unsubscribe' });
  }

  /** A server tells contacts that do not see the user nothing of it, or no more than that one resource is gone. */
  signsOut(): void {
    this.online = false;
    this.shown = undefined;
    if (this.chance(2) === 0) this.take({ on: 'xmpp.unavailable', resource: 'r' });
  }

  changes(): void {
    this.truth = STATES[this.chance(STATES.length)] ?? OFFLINE;
    for (const each of [...this.held.values()]) this.notify(each);
  }

  /** Returns the seconds until it is back. */
  farRestarts(): number {
    this.held.clear();
    return this.routeBreaks();
  }

  /** The far side moves its users: every subscription is to be opened anew. */
  farDeactivates(): number {
    for (const each of [...this.held.values()]) {
      this.held.delete(each.callId);
      this.deliver(each, { substate: 'terminated', reason: 'deactivated' }, () => undefined);
    }
    return 0;
  }

  /** Its lease runs out, and the others are told; another one takes its name. Returns the seconds until then. */
  workerDies(): number {
    return this.replace([this.connections[this.chance(2)] ?? '']);
  }

  stackRestarts(): number {
    this.stack += 1;
    return this.replace(this.connections);
  }

  private replace(gone: readonly string[]): number {
    this.count += 1;
    this.connections = this.connections.map((each) => (gone.includes(each) ? `${each.split('/')[0]}/${this.count}` : each));
    this.after(NOTICED_MS, () => {
      for (const owner of gone) this.take({ on: 'owner.gone', owner });
    });
    return NOTICED_MS / 1000;
  }

  /** The route is away for a while; if it is for long the pairs are told. Returns the seconds until it is back. */
  routeBreaks(): number {
    if (!this.reachable) return 0;
    this.reachable = false;
    const awaySince = this.at;
    const seconds = 1 + this.chance(120);
    if (seconds > 5) this.after(5_000, () => this.take({ on: 'route.down' }));
    this.after(seconds * 1000, () => {
      this.reachable = true;
      this.take({ on: 'route.up', awaySince });
    });
    return seconds;
  }

  private take(event: Record<string, unknown> & { readonly on: EngineEvent['on'] }): readonly Effect[] {
    const given = { at: this.at, trace: `t${(this.count += 1)}`, ...event } as unknown as EngineEvent;
    const result = step(this.record, given, this.context);
    const done = result.effects.filter((effect) => !isRequest(effect)).map(({ key }) => key);
    this.record = JSON.parse(JSON.stringify(settle(result.record, done))) as PairRecord;
    for (const effect of result.effects) this.act(effect);
    const due = dueAt(this.record);
    if (due !== undefined) this.after(Math.max(0, due - this.at), () => this.timer());
    return result.effects;
  }

  private timer(): void {
    const due = dueAt(this.record);
    if (due !== undefined && due <= this.at) this.take({ on: 'timer' });
  }

  private act(effect: Effect): void {
    switch (effect.do) {
      case 'sip.subscribe':
        return this.subscribe(effect);
      case 'xmpp.presence':
        if (this.online) this.shown = effect.presence;
        return;
      case 'xmpp.unsubscribed':
        this.wants = false;
        return;
      case 'xmpp.account':
        return this.after(this.chance(500), () => {
          if (this.goesWrong('lost')) return;
          this.take({ on: 'xmpp.account', local: true, online: this.online });
        });
      default:
    }
  }

  /** A SUBSCRIBE on its way; its worker may die before the answer. */
  private subscribe(effect: SubscribeEffect): void {
    const owner = effect.dialog.owner === '' ? (this.connections[this.chance(2)] ?? '') : effect.dialog.owner;
    const sender = this.connections.includes(owner) ? owner : (this.connections[0] ?? '');
    const outcome = (after: number, given: Record<string, unknown>): void =>
      this.after(after, () => {
        if (this.connections.includes(sender)) this.take({ on: 'sip.outcome', key: effect.key, method: 'SUBSCRIBE', ...given });
        else this.after(LEASE_MS, () => this.take({ on: 'sip.outcome', key: effect.key, method: 'SUBSCRIBE', result: 'lost', status: 408 }));
      });
    if (!this.reachable) return outcome(20, { result: 'unreachable', status: 503, fault: faultFor(503) });
    const timeout = { result: 'timeout', status: 408, fault: faultFor(408) };
    if (this.goesWrong('lost')) return outcome(TIMEOUT_MS, timeout);
    this.after(this.chance(300), () => {
      const answer = this.farAnswers(effect, owner);
      if (this.goesWrong('lost')) outcome(TIMEOUT_MS, timeout);
      else outcome(this.chance(300), { result: 'answered', ...answer });
    });
  }

  private farAnswers({ dialog, expiresSeconds }: SubscribeEffect, owner: string): Record<string, unknown> {
    const known = this.held.get(dialog.callId);
    if (this.goesWrong('refused')) return this.farRefuses(expiresSeconds);
    if (known === undefined && dialog.remoteTag !== undefined) return { status: 481, fault: faultFor(481), dialog };
    const granted = Math.min(expiresSeconds, this.calm ? 3_600 : ([60, 600, 3_600][this.chance(3)] ?? 600));
    const remoteTag = dialog.remoteTag ?? `far-${dialog.localTag}`;
    const made: Dialog = { ...dialog, remoteTag, owner, server: 'sip1', localCSeq: dialog.localCSeq + 1 };
    const held = known ?? { callId: dialog.callId, localTag: dialog.localTag, remoteTag, owner, stack: this.stack, expiresAt: 0, cseq: 0 };
    held.expiresAt = this.at + granted * 1000;
    this.held.set(dialog.callId, held);
    this.after(granted * 1000 + 1, () => this.expires(held));
    if (expiresSeconds === 0) {
      this.held.delete(dialog.callId);
      this.deliver(held, { substate: 'terminated', reason: 'timeout' }, () => undefined);
    } else this.notify(held);
    return { status: 200, expiresSeconds: granted, dialog: made };
  }

  private farRefuses(asked: number): Record<string, unknown> {
    const status = [500, 503, 423, 480, 404][this.chance(5)] ?? 500;
    return { status, fault: faultFor(status), ...(status === 423 && { minExpiresSeconds: asked + 60 }), ...(status === 503 && { retryAfterSeconds: this.chance(30) }) };
  }

  private expires(held: Subscription): void {
    if (held.expiresAt < this.at) this.held.delete(held.callId);
  }

  private notify(held: Subscription): void {
    const presence = this.truth;
    this.deliver(held, { substate: 'active', presence, expiresSeconds: Math.max(0, Math.floor((held.expiresAt - this.at) / 1000)) }, (status) => {
      if (status !== 200) this.held.delete(held.callId);
    });
  }

  /** A NOTIFY on its way. Our SIP server answers 481 itself for a dialog whose connection is gone. */
  private deliver(held: Subscription, given: Partial<EventOf<'sip.notify'>>, answered: (status: number) => void): void {
    held.cseq += 1;
    const ref = { callId: held.callId, remoteTag: held.remoteTag, localTag: held.localTag, cseq: held.cseq };
    if (!this.reachable || this.goesWrong('lost')) return this.after(TIMER_F_MS, () => answered(408));
    const arrive = (): void => {
      if (held.stack === this.stack && !this.connections.includes(held.owner)) return answered(481);
      const effects = this.take({ on: 'sip.notify', transaction: { server: 'sip1', id: `tx${(this.count += 1)}` }, ref, ...given });
      answered(effects.flatMap((effect) => (effect.do === 'sip.answer' ? [effect.status] : []))[0] ?? 500);
    };
    this.after(this.chance(400), arrive);
    if (this.goesWrong('twice')) this.after(this.chance(2_000), arrive);
  }

  private goesWrong(what: keyof typeof TROUBLE): boolean {
    return !this.calm && this.chance(100) < this.trouble[what];
  }
}
