import { dueAt, isRequest, newRecord, settle, step, type AnswerEffect, type Context, type Dialog, type Effect, type EngineEvent, type PairRecord } from '../../src';
import { Chance, Clock } from './clock';
import { contextOf, newRef, NOON, PAIR, refOf, theirDialog } from './pair';

/** Milliseconds: when others may look at a dead worker's effects; how long the XMPP server may be away before texts are refused. */
const LEASE = 5_000;
const GRACE = 5_000;
/** When a request that nobody has answered is given to another worker, and when its sender gives it up. */
const AGAIN = 7_000;
const GIVES_UP = 32_000;
/** From his client to a worker: one connection, so that nothing is overtaken. */
const WAY = 20;

export type Step = 'receive' | 'commit' | 'effect' | 'answer';

export interface TextStoryOptions {
  readonly seed: number;
  readonly dialect: 'microsoft' | 'simple';
  /** At which step workers die, and how often in a hundred. */
  readonly crashAt?: Step;
  readonly crashes: number;
  /** His client does not wait for the answer to one text before it sends the next. */
  readonly pipelined?: true;
}

/** A text of the SIP user as his client knows it. */
interface Sent {
  readonly text: string;
  /** The final answer; 0: none came. */
  status?: number;
}

type Request = { readonly on: 'sip.message' | 'sip.invite' } & Record<string, unknown>;
type Given = { readonly on: EngineEvent['on'] } & Record<string, unknown>;

/**
 * The SIP user writes to one XMPP user: workers over one store that is away at times, a clock that jumps, an XMPP server that
 * goes away, requests that come twice. A worker dies between receiving, commit, effect and answer; another goes on.
 */
export class TextStory {
  readonly sent: Sent[] = [];
  /** Texts as the XMPP server was given them, with their stanza ids. */
  readonly arrived: { readonly text: string; readonly id: string }[] = [];
  deaths = 0;
  /** Texts that had been handed over when their worker died, and were not noted: they may come twice. */
  inDoubt = 0;
  /** Texts that a worker refused which could not look whether a dead one had taken them: the store was away, too. */
  readonly blind = new Set<string>();
  private readonly clock = new Clock();
  private readonly chance: Chance;
  private readonly context: Context;
  private record: PairRecord = newRecord(PAIR);
  private worker = 1;
  private readonly deadSince = new Map<number, number>();
  private readonly holders = new Map<string, number>();
  /** Keys of what has been handed over by a worker that lives, and could not be noted yet. */
  private readonly handed = new Set<string>();
  private storeBack = 0;
  private xmppGone: number | undefined;
  private given = false;
  private calm = false;
  private session: Dialog | undefined;
  private cseq = 1;
  private requests = 0;
  /** Transactions that wait for an answer, with the worker that has them. */
  private readonly waiting = new Map<string, { readonly worker: number; answered(status: number): void }>();

  constructor(private readonly options: TextStoryOptions) {
    this.chance = new Chance(options.seed);
    this.context = contextOf(options.dialect, { maxQueuedMessages: 20, sessionIdleSeconds: 60 });
  }

  play(): this {
    const { clock, chance } = this;
    this.writes(0);
    clock.after(chance.below(60_000), () => (this.storeBack = clock.at + chance.below(20_000)));
    clock.after(chance.below(60_000), () => (this.xmppGone = clock.at));
    clock.after(70_000 + chance.below(20_000), () => (this.xmppGone = undefined));
    clock.after(100_000, () => (this.calm = true));
    clock.after(500, () => this.look());
    clock.pass(400);
    return this;
  }

  get left(): number {
    return this.record.effects.length + this.record.conversation.queue.length;
  }

  /** Texts of which his client was told that they failed, and those that it has given up. */
  get failed(): readonly string[] {
    return this.sent.filter(({ status = 0 }) => status >= 300).map(({ text }) => text);
  }

  private writes(n: number): void {
    if (n >= 12) return;
    const sent: Sent = { text: `t${n}` };
    const next = (): void => this.clock.after(this.chance.below(6_000), () => this.writes(n + 1));
    const known = (status: number): void => {
      sent.status = status;
      if (status === 481) this.session = undefined;
      if (this.options.pipelined === undefined) next();
    };
    this.opened(() => {
      this.sent.push(sent);
      this.asks(this.message(sent.text), known);
      if (this.options.pipelined) next();
    });
  }

  /** In dialect microsoft he has a session, or opens one first. */
  private opened(then: () => void): void {
    if (this.options.dialect === 'simple' || this.session !== undefined) return then();
    const dialog = theirDialog(`call${(this.requests += 1)}`, { owner: `${this.worker}` });
    this.asks({ on: 'sip.invite', ref: newRef(dialog), dialog }, (status) => {
      if (status === 200) [this.session, this.cseq] = [dialog, 1];
      this.clock.after(status === 200 ? 0 : 1_000, () => this.opened(then));
    });
  }

  private message(text: string): Request {
    const message = { text };
    if (this.session === undefined) return { on: 'sip.message', ref: newRef(theirDialog(`page-${text}`)), message };
    this.cseq += 1;
    return { on: 'sip.message', ref: refOf(this.session, this.cseq), message };
  }

  /**
   * Sends a request. As long as the SIP server has no answer to it, it may come twice, and comes again to another worker; once
   * there is one, the server repeats that by itself (RFC 3261 section 17.2).
   */
  private asks(request: Request, known: (status: number) => void): void {
    let status: number | undefined;
    const { deaths } = this;
    const { clock, chance } = this;
    const answered = (final: number): void => {
      if (status !== undefined) return;
      status = final;
      clock.after(WAY, () => known(final));
    };
    const send = (): void => {
      if (status === undefined) this.receives(request, answered, this.deaths > deaths);
    };
    clock.after(WAY, send);
    if (!this.calm && chance.percent(10)) clock.after(WAY + chance.below(600), send);
    for (let at = AGAIN; at < GIVES_UP; at += AGAIN) clock.after(at, send);
    clock.after(GIVES_UP, () => answered(0));
  }

  private receives(request: Request, answered: (status: number) => void, mayBeTaken: boolean): void {
    const id = `tx${(this.requests += 1)}`;
    const { worker } = this;
    this.waiting.set(id, { worker, answered });
    const refused = request.on === 'sip.message' && this.isAway();
    const transaction = { server: 'sip1', id };
    const taken = refused ? 'refused' : this.takes({ ...request, transaction });
    if (taken === 'refused' && mayBeTaken) this.blind.add(textOf(request));
    if (taken === 'refused') this.tells(id, 503);
  }

  private tells(transaction: string, status: number): void {
    const asked = this.waiting.get(transaction);
    this.waiting.delete(transaction);
    // What came to a dead worker's connection can be answered by nobody else.
    if (asked !== undefined && !this.deadSince.has(asked.worker)) asked.answered(status);
  }

  private isAway(): boolean {
    return this.xmppGone !== undefined && this.clock.at >= this.xmppGone + GRACE;
  }

  private dies(where: Step): boolean {
    const { crashAt, crashes } = this.options;
    if (this.calm || this.deaths >= 4 || (crashAt !== undefined && crashAt !== where) || !this.chance.percent(crashes)) return false;
    const dead = this.worker;
    this.deadSince.set(dead, this.clock.at);
    this.deaths += 1;
    this.worker += 1;
    this.inDoubt += this.record.effects.filter(({ do: kind, key }) => kind === 'xmpp.message' && this.handed.has(key)).length;
    this.handed.clear();
    this.clock.after(3_000, () => this.insists({ on: 'owner.gone', owner: `${dead}` }));
    return true;
  }

  /** What the cluster must hear of in any case waits for the store. */
  private insists(event: Given): void {
    if (this.takes(event) !== 'taken') this.clock.after(1_000, () => this.insists(event));
  }

  private takes(event: Given): 'taken' | 'refused' | 'lost' {
    if (this.clock.at < this.storeBack) return 'refused';
    if (this.dies('receive')) return 'lost';
    const own = this.worker;
    const { record, effects } = step(this.record, { at: this.clock.at, trace: 't', ...event } as unknown as EngineEvent, this.context);
    this.record = JSON.parse(JSON.stringify(record)) as PairRecord;
    for (const { key } of effects) this.holders.set(key, own);
    if (!this.dies('commit')) this.run();
    return 'taken';
  }

  /** Does what this worker has in hand, in order: a stanza waits for the one before it, the answer to a text for the text. */
  private run(): void {
    const own = this.worker;
    const behind: Effect[] = [];
    for (const effect of this.record.effects) {
      if (own !== this.worker) return;
      if (this.handed.has(effect.key)) continue;
      const isMine = this.holders.get(effect.key) === own && !isRequest(effect) && !behind.some((earlier) => needs(effect, earlier));
      if (!isMine || !this.handsOver(effect)) behind.push(effect);
    }
    if (own === this.worker) this.notes();
    for (const effect of this.record.effects) if (isRequest(effect) && this.holders.get(effect.key) === own) this.request(effect.key);
  }

  private handsOver(effect: Effect): boolean {
    if (effect.do.startsWith('xmpp.') && this.xmppGone !== undefined) return false;
    if (this.dies('effect')) return false;
    if (effect.do === 'xmpp.message') this.arrived.push({ text: effect.message.text, id: effect.id });
    if (effect.do === 'sip.answer') this.tells(effect.transaction.id, (effect as AnswerEffect).status);
    this.handed.add(effect.key);
    return !this.dies('answer');
  }

  /** What has been handed over leaves the record as soon as the store is there. */
  private notes(): void {
    if (this.clock.at < this.storeBack) return;
    this.record = settle(this.record, [...this.handed]);
    this.handed.clear();
  }

  /** BYE: the far side answers it, and has no session any more. */
  private request(key: string): void {
    this.holders.delete(key);
    const own = this.worker;
    this.clock.after(this.chance.below(200), () => {
      this.session = undefined;
      this.outcome(key, own, { result: 'answered', status: 200 });
    });
  }

  private outcome(key: string, own: number, result: { readonly result: string; readonly status: number }): void {
    if (this.deadSince.has(own)) return void this.holders.set(key, own);
    const taken = this.takes({ on: 'sip.outcome', key, method: 'BYE', ...result });
    if (taken === 'lost') this.holders.set(key, own);
    if (taken === 'refused') this.clock.after(1_000, () => this.outcome(key, own, result));
  }

  /** Twice a second whoever lives looks after what is due and what a dead worker has left. */
  private look(): void {
    const { clock } = this;
    if (clock.at < NOON + 390_000) clock.after(500, () => this.look());
    if (clock.at < this.storeBack) return;
    if (this.isAway() !== this.given && this.takes({ on: this.given ? 'xmpp.up' : 'xmpp.down' }) === 'taken') this.given = !this.given;
    const due = dueAt(this.record);
    if (due !== undefined && due <= clock.at) this.takes({ on: 'timer' });
    for (const effect of this.record.effects) {
      const since = this.deadSince.get(this.holders.get(effect.key) ?? this.worker);
      if (since === undefined || clock.at < since + LEASE) continue;
      this.holders.set(effect.key, this.worker);
      if (isRequest(effect)) this.takes({ on: 'sip.outcome', key: effect.key, method: 'BYE', result: 'lost', status: 408 });
    }
    this.run();
  }
}

function textOf({ message }: Request): string {
  return (message as { readonly text: string } | undefined)?.text ?? '';
}

/** The order that the hands of effects keep (decision 009). */
function needs(effect: Effect, earlier: Effect): boolean {
  if (effect.do.startsWith('xmpp.')) return earlier.do.startsWith('xmpp.');
  return earlier.do === 'xmpp.message' && effect.do === 'sip.answer' && effect.method === 'MESSAGE' && effect.status < 300;
}
