import { fault } from '@isthmus/model';
import type { Verdict } from '@isthmus/rules';
import {
  dueAt,
  isRequest,
  newRecord,
  settle,
  step,
  type Dialog,
  type DialogRef,
  type Effect,
  type EngineEvent,
  type PairRecord,
  type RequestEffect,
  type SipOutcomeEvent,
} from '../../src';
import { contextOf, faultFor, NOON, PAIR, resource, theirDialog } from './pair';

/** One thing that happens; the numbers choose among what is possible at that moment. */
export interface Move {
  readonly kind: (typeof KINDS)[number];
  readonly a: number;
  readonly b: number;
}

export const KINDS = [
  'says',
  'says',
  'chatState',
  'outcome',
  'outcome',
  'outcome',
  'success',
  'success',
  'success',
  'fails',
  'lost',
  'invite',
  'reinvite',
  'bye',
  'message',
  'message',
  'typing',
  'subscribe',
  'subscribe',
  'refresh',
  'notify',
  'notify',
  'notify',
  'wish',
  'wish',
  'decision',
  'policy',
  'presence',
  'presence',
  'account',
  'pass',
  'timer',
  'timer',
  'system',
  'comesBack',
  'report',
  'dialect',
  'handOver',
] as const;

export interface Transition {
  readonly machine: 'conversation' | 'outward' | 'inward';
  readonly from: string;
  readonly on: string;
  readonly to: string;
}

export type Watcher = (event: EngineEvent, before: PairRecord, after: PairRecord, effects: readonly Effect[]) => void;

const STATUSES = [200, 200, 200, 202, 400, 403, 404, 405, 408, 415, 423, 480, 481, 486, 489, 491, 500, 503, 603, 604];
const VERDICTS = ['ask', 'allow', 'auto', 'block'] as const;
const SMALL = { maxQueuedMessages: 4, maxWatchDialogs: 2, maxResources: 2, notifyIntervalSeconds: 5 };

/**
 * A pair among a far side, an XMPP server and a gateway that do anything they may do, in any order. Records go through
 * JSON between all steps, as through a store.
 */
export class World {
  record: PairRecord = newRecord(PAIR);
  context = contextOf('microsoft', SMALL);
  at = NOON;
  said = 0;
  readonly transitions: Transition[] = [];
  readonly messages: string[] = [];
  private dialogs: Dialog[] = [theirDialog('stranger')];
  private watches: Dialog[] = [];
  private count = 0;

  constructor(private readonly watcher: Watcher = () => undefined) {}

  play(moves: readonly Move[]): void {
    for (const { kind, a, b } of moves) MOVES[kind](this, a, b);
  }

  take(event: Record<string, unknown> & { readonly on: EngineEvent['on'] }): readonly Effect[] {
    const given = { at: this.at, trace: `t${(this.count += 1)}`, ...event } as unknown as EngineEvent;
    const before = this.record;
    const result = step(before, given, this.context);
    const name = given.on === 'sip.outcome' ? outcomeName(before, given) : given.on;
    for (const machine of ['conversation', 'outward', 'inward'] as const) {
      this.transitions.push({ machine, from: before[machine].is, on: name, to: result.record[machine].is });
    }
    this.record = JSON.parse(JSON.stringify(result.record)) as PairRecord;
    this.watcher(given, before, result.record, result.effects);
    return result.effects;
  }

  request(on: EngineEvent['on'], ref: DialogRef, more: Record<string, unknown> = {}): void {
    this.take({ on, transaction: { server: 'sip1', id: `tx${this.count}` }, ref, ...more });
  }

  says(b: number): void {
    const trace = `say${(this.said += 1)}`;
    const chatState = [undefined, 'active', 'composing'][b % 3];
    this.messages.push(trace);
    this.take({ on: 'xmpp.message', trace, id: trace, type: 'chat', message: { text: trace }, ...(chatState && { chatState }), ...(b % 2 && { receipt: true }) });
  }

  pick<T>(list: readonly T[], n: number): T | undefined {
    return list[n % Math.max(1, list.length)];
  }

  /** Some dialog: of ours, of theirs, dead or alive, with sound or broken tags. */
  ref(a: number, b: number): DialogRef {
    const live = [this.record.conversation, this.record.outward].flatMap((state) => ('dialog' in state ? [state.dialog] : []));
    const dialog = this.pick([...live, ...live, ...this.dialogs.slice(-3)], a) ?? theirDialog('nobody');
    const whole: DialogRef = { callId: dialog.callId, remoteTag: dialog.remoteTag ?? 'far', localTag: dialog.localTag, cseq: (b % 50) + 1 };
    if (b % 11 === 0) return { ...whole, remoteTag: 'other' };
    if (b % 7 !== 0) return whole;
    const { localTag: _, ...untagged } = whole;
    return untagged;
  }

  newDialog(name: string): Dialog {
    const dialog = theirDialog(`${name}${(this.count += 1)}`, { owner: `w${this.count % 2}/1` });
    this.dialogs = [...this.dialogs.slice(-8), dialog];
    return dialog;
  }

  newWatch(): Dialog {
    const dialog = theirDialog(`watch${(this.count += 1)}`);
    this.watches = [...this.watches.slice(-4), dialog];
    return dialog;
  }

  someWatch(n: number): Dialog | undefined {
    return this.pick(this.watches, n);
  }

  pending(): readonly RequestEffect[] {
    return this.record.effects.filter(isRequest);
  }

  outcome(effect: RequestEffect, given: Pick<SipOutcomeEvent, 'result' | 'status'>, b = 0): void {
    const ok = given.result === 'answered' && given.status < 300;
    this.take({
      on: 'sip.outcome',
      key: effect.key,
      method: 'MESSAGE',
      ...given,
      ...(!ok && given.result !== 'lost' && { fault: faultFor(given.status) }),
      ...(effect.dialog !== undefined && ok && { dialog: { remoteTag: 'far', ...effect.dialog, owner: effect.dialog.owner || 'w1/1' } }),
      ...(effect.do === 'sip.subscribe' && b % 3 > 0 && { expiresSeconds: Math.min(effect.expiresSeconds, 30 * (b + 1)) }),
      ...(given.status === 423 && { minExpiresSeconds: 7200 * (b % 2) }),
      ...(effect.do === 'sip.invite' && ok && b % 5 === 0 && { firstTextTaken: true }),
    });
  }

  /** All requests succeed until nothing is out any more. */
  calmDown(): void {
    for (let rounds = 0; rounds < 500; rounds += 1) {
      const [first] = this.pending();
      if (first === undefined) return;
      this.outcome(first, { result: 'answered', status: 200 }, 1);
    }
    throw new Error('requests without end');
  }

  pass(seconds: number): void {
    this.at += seconds * 1000;
    this.take({ on: 'timer' });
  }
}

function outcomeName(record: PairRecord, event: SipOutcomeEvent): string {
  const effect = record.effects.find(({ key }) => key === event.key);
  return effect === undefined ? 'none' : effect.do.replace('sip.', 'outcome.');
}

/** What policy says at a SUBSCRIBE: mostly nothing. */
function verdictBy(n: number): { readonly policy?: Verdict } {
  const policy = VERDICTS[n % 12];
  return policy === undefined ? {} : { policy };
}

const MOVES: Readonly<Record<Move['kind'], (world: World, a: number, b: number) => void>> = {
  says: (world, _a, b) => world.says(b),
  chatState: (world, a, b) => world.take({ on: 'xmpp.chat-state', chatState: world.pick(['composing', 'paused', 'active', 'gone'], a), resource: world.pick(['phone', 'desk'], b) }),
  outcome: (world, a, b) => {
    const effect = world.pick(world.pending(), a);
    if (effect) world.outcome(effect, { result: 'answered', status: world.pick(STATUSES, b) ?? 200 }, a);
  },
  success: (world, a, b) => {
    const effect = world.pick(world.pending(), a);
    if (effect) world.outcome(effect, { result: 'answered', status: 200 }, b);
  },
  fails: (world, a, b) => {
    const effect = world.pick(world.pending(), a);
    if (effect) world.outcome(effect, b % 2 ? { result: 'timeout', status: 408 } : { result: 'unreachable', status: 503 });
  },
  lost: (world, a) => {
    const effect = world.pick(world.pending(), a);
    if (effect) world.outcome(effect, { result: 'lost', status: 408 });
  },
  invite: (world, _a, b) => {
    const dialog = world.newDialog('invite');
    const ref = { callId: dialog.callId, remoteTag: dialog.remoteTag ?? '', cseq: 1 };
    world.request('sip.invite', ref, { dialog, ...(b % 6 === 0 && { refusal: fault('session.unsupported') }) });
  },
  reinvite: (world, a, b) => world.request('sip.reinvite', world.ref(a, b)),
  bye: (world, a, b) => world.request('sip.bye', world.ref(a, b)),
  message: (world, a, b) => world.request('sip.message', world.ref(a, b), { message: { text: `in${b}` }, ...(b % 2 && { report: { messageId: `his${b}` } }) }),
  typing: (world, a, b) => {
    if (b % 9 === 0) return world.request('sip.refused', world.ref(a, b), { fault: fault('body.unsupported') });
    world.request('sip.typing', world.ref(a, b), { composing: b % 2 === 0, ...(b % 5 === 0 && { refreshSeconds: 60 }) });
  },
  subscribe: (world, a, b) => {
    const dialog = world.newWatch();
    const ref = { callId: dialog.callId, remoteTag: dialog.remoteTag ?? '', cseq: 1 };
    const accept = b % 9 === 0 ? ['text/plain'] : [];
    world.request('sip.subscribe', ref, { dialog, expires: [0, 30, 600, 3600][b % 4], accept, ...verdictBy(a) });
  },
  refresh: (world, a, b) => {
    const dialog = world.someWatch(a);
    if (!dialog) return;
    const ref = { callId: dialog.callId, remoteTag: dialog.remoteTag ?? '', localTag: dialog.localTag, cseq: b + 2 };
    world.request('sip.subscribe', ref, { dialog, expires: [0, 600, 3600][b % 3], accept: [], ...verdictBy(a + b) });
  },
  notify: (world, a, b) => {
    const substate = ['active', 'active', 'active', 'pending', 'terminated'][b % 5];
    const reason = ['deactivated', 'rejected', 'timeout', 'noresource', 'invariant', 'giveup'][(a + b) % 6];
    const presence = b % 4 === 0 ? undefined : { setting: ['available', 'busy', 'offline'][(a + b) % 3] };
    world.request('sip.notify', world.ref(a, b), { substate, ...(substate === 'terminated' && { reason }), ...(presence && { presence }) });
  },
  wish: (world, a) => world.take({ on: (['xmpp.subscribe', 'xmpp.subscribe', 'xmpp.probe', 'xmpp.unsubscribe'] as const)[a % 4] ?? 'xmpp.probe', resource: 'r' }),
  decision: (world, a) => world.take({ on: a % 3 ? 'xmpp.subscribed' : 'xmpp.unsubscribed' }),
  policy: (world, a, b) => {
    const verdict = world.pick(VERDICTS, a) ?? 'ask';
    const decision = ([undefined, undefined, 'granted', 'revoked', 'forgotten'] as const)[b % 5];
    world.take({ on: 'policy', verdict, ...(decision && { decision }) });
  },
  presence: (world, a, b) => {
    const name = ['phone', 'desk', 'tab'][a % 3] ?? 'phone';
    if (a % 7 === 6) world.take({ on: 'xmpp.activity', ...(b % 2 === 0 && { activity: 'talking/on_the_phone' }) });
    else if (b % 3 === 0) world.take({ on: 'xmpp.unavailable', ...(b % 2 === 0 && { resource: name }) });
    else world.take({ on: 'xmpp.available', presence: resource(name, b % 2 ? { show: 'away' } : {}) });
  },
  account: (world, a, b) => world.take({ on: 'xmpp.account', ...(a % 5 > 0 && { local: a % 5 > 1, online: b % 2 === 0 }) }),
  pass: (world, a, b) => world.pass(a % 3 === 0 ? b : b * 100),
  timer: (world) => {
    const due = dueAt(world.record);
    if (due === undefined) return;
    world.at = Math.max(world.at, due);
    world.take({ on: 'timer' });
  },
  system: (world, a, b) => {
    const on = (['owner.gone', 'route.down', 'route.up', 'xmpp.down', 'xmpp.up', 'sip.ack', 'sip.cancel', 'xmpp.error'] as const)[a % 8] ?? 'route.up';
    world.take({ on, owner: `w${b % 2}/1`, ref: world.ref(a, b), stanza: 'message', fault: fault('server.error'), ...(b % 3 === 0 && { awaySince: 0 }) });
  },
  comesBack: (world, a, b) => {
    const { delivered = [], owed = [] } = world.record.conversation;
    if (b % 2) world.take({ on: 'xmpp.error', stanza: 'message', id: world.pick(delivered, a), fault: fault('server.error') });
    else world.take({ on: 'xmpp.receipt', received: world.pick(owed, a)?.id ?? 'unknown' });
  },
  report: (world, a, b) => {
    const messageId = world.pick(world.record.conversation.awaited ?? [], a)?.reportId ?? 'unknown';
    world.request('sip.report', world.ref(a, b), { messageId, delivered: b % 3 > 0 });
  },
  dialect: (world, a) => {
    const { newId } = world.context;
    const receipts = a % 4 < 2 ? ('report' as const) : ('answer' as const);
    world.context = { ...contextOf(a % 2 ? 'simple' : 'microsoft', SMALL), receipts, silenceIsConsent: a % 5 === 0, newId };
  },
  handOver: (world) => {
    const done = world.record.effects.filter((effect) => !isRequest(effect)).map(({ key }) => key);
    world.record = settle(world.record, done);
  },
};
