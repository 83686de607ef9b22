import { fault, type BareJid, type Dialect, type Fault, type Pair, type ResourcePresence } from '@isthmus/model';
import {
  DEFAULT_SETTINGS,
  dueAt,
  isRequest,
  newRecord,
  settle,
  step,
  type Context,
  type Dialog,
  type DialogRef,
  type Effect,
  type EffectName,
  type EngineEvent,
  type EngineSettings,
  type EventOf,
  type PairRecord,
  type RequestEffect,
  type SipOutcomeEvent,
} from '../../src';

export const PAIR: Pair = { user: 'ann@example.com' as BareJid, contact: 'bob@example.com' as BareJid };
export const NOON = Date.UTC(2026, 0, 5, 12);

export type EffectOf<N extends EffectName> = Extract<Effect, { readonly do: N }>;
type Given<N extends EngineEvent['on']> = Omit<EventOf<N>, 'on' | 'at' | 'trace'>;
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** Changes are told at once here; PRES-32 has tests of its own. */
export function contextOf(dialect: Dialect = 'microsoft', settings: Partial<EngineSettings> = {}): Context {
  let ids = 0;
  return {
    dialect,
    variant: 'lync',
    settings: { ...DEFAULT_SETTINGS, notifyIntervalSeconds: 0, ...settings },
    newId: () => `id${(ids += 1).toString().padStart(20, '0')}`,
  };
}

/** The dialog of a request of the far side, as codec makes it: our tag has been chosen. */
export function theirDialog(name: string, over: Partial<Dialog> = {}): Dialog {
  return {
    callId: `${name}-call`,
    localTag: `${name}-ours`,
    remoteTag: `${name}-theirs`,
    remoteTarget: 'sip:bob@192.0.2.7:5060;transport=tcp',
    localCSeq: 0,
    remoteCSeq: 1,
    stackId: `${name}-call;from-tag=${name}-theirs`,
    server: 'sip1',
    owner: 'w1/1',
    ...over,
  };
}

/** A request of the far side in this dialog. */
export function refOf(dialog: Dialog, cseq: number): DialogRef {
  return { callId: dialog.callId, remoteTag: dialog.remoteTag ?? 'far', localTag: dialog.localTag, cseq };
}

/** A request of the far side that opens a dialog, or stands outside of one. */
export function newRef(dialog: Dialog, cseq = 1): DialogRef {
  return { callId: dialog.callId, remoteTag: dialog.remoteTag ?? 'far', cseq };
}

/** The fault that codec puts beside a failure; what matters here is that it is handed on. */
export function faultFor(status: number): Fault {
  return { ...fault('server.error', `SIP ${status}`), sip: status };
}

export function resource(name: string, over: Partial<ResourcePresence> = {}): ResourcePresence {
  return { resource: name, priority: 0, ...over };
}

/** A pair, a clock and what happens to them. Effects that are no requests count as handed over at once. */
export class Play {
  record: PairRecord;
  at = NOON;
  readonly log: Effect[] = [];
  ignored: string | undefined;
  private requests = 0;

  constructor(
    public context: Context = contextOf(),
    record: PairRecord = newRecord(PAIR),
  ) {
    this.record = record;
  }

  /** Steps one event; returns the new effects. */
  take(event: Without<EngineEvent, 'at' | 'trace'>): readonly Effect[] {
    const given = { at: this.at, trace: `t-${this.log.length}`, ...event } as EngineEvent;
    const result = step(this.record, given, this.context);
    const done = result.record.effects.filter((effect) => !isRequest(effect)).map(({ key }) => key);
    this.record = settle(result.record, done);
    this.ignored = result.ignored;
    this.log.push(...result.effects);
    return result.effects;
  }

  on<N extends EngineEvent['on']>(on: N, given?: Partial<Given<N>>): readonly Effect[] {
    return this.take({ on, ...given } as Without<EngineEvent, 'at' | 'trace'>);
  }

  /** A request of the far side, in a transaction of its own. */
  request<N extends EventOf<'sip.message'>['on'] | 'sip.invite' | 'sip.reinvite' | 'sip.bye' | 'sip.typing' | 'sip.report' | 'sip.subscribe' | 'sip.notify' | 'sip.refused'>(
    on: N,
    given: Partial<Given<N>> & { readonly ref: DialogRef },
  ): readonly Effect[] {
    this.requests += 1;
    const transaction = { server: 'sip1', id: `tx-${this.requests}` };
    return this.take({ on, transaction, ...given } as unknown as Without<EngineEvent, 'at' | 'trace'>);
  }

  says(text: string, over: Partial<Given<'xmpp.message'>> = {}): readonly Effect[] {
    return this.on('xmpp.message', { id: `m-${text}`, resource: 'phone', type: 'chat', chatState: 'active', message: { text }, ...over });
  }

  /** The only request of this kind that is out. */
  pending<N extends RequestEffect['do']>(name: N): EffectOf<N> {
    const [effect, ...more] = this.record.effects.filter((one) => one.do === name);
    if (effect === undefined || more.length > 0) throw new Error(`${more.length + (effect ? 1 : 0)} x ${name} pending, wanted 1`);
    return effect as EffectOf<N>;
  }

  /** Answers the only request of this kind. A 2xx establishes its dialog. */
  answer<N extends RequestEffect['do']>(name: N, status: number, over: Partial<SipOutcomeEvent> = {}): readonly Effect[] {
    return this.outcome(this.pending(name), status, over);
  }

  outcome(effect: RequestEffect, status: number, over: Partial<SipOutcomeEvent> = {}): readonly Effect[] {
    return this.take({ ...outcomeOf(effect, status), ...over });
  }

  /** Nobody answered, or nobody knows. */
  fails<N extends RequestEffect['do']>(name: N, result: 'timeout' | 'unreachable' | 'lost'): readonly Effect[] {
    const status = result === 'unreachable' ? 503 : 408;
    const effect = this.pending(name);
    const { fault: _, dialog: __, ...bare } = outcomeOf(effect, status);
    return this.take({ ...bare, result });
  }

  /** Lets time pass, with `timer` events whenever the record says so. */
  pass(seconds: number): readonly Effect[] {
    const until = this.at + seconds * 1000;
    const effects: Effect[] = [];
    for (let rounds = 0; rounds < 1000; rounds += 1) {
      const due = dueAt(this.record);
      if (due === undefined || due > until) {
        this.at = until;
        return effects;
      }
      this.at = Math.max(this.at, due);
      effects.push(...this.on('timer'));
    }
    throw new Error('the timers spin');
  }

  /** One SUBSCRIBE of the SIP user's device `name`. */
  subscribes(name: string, over: Partial<Given<'sip.subscribe'>> = {}): readonly Effect[] {
    const dialog = theirDialog(name);
    return this.request('sip.subscribe', { ref: newRef(dialog), dialog, expires: 3600, accept: ['application/pidf+xml'], ...over });
  }

  refreshes(name: string, cseq: number, over: Partial<Given<'sip.subscribe'>> = {}): readonly Effect[] {
    const dialog = theirDialog(name, { remoteCSeq: cseq });
    return this.request('sip.subscribe', { ref: refOf(dialog, cseq), dialog, expires: 3600, accept: ['application/pidf+xml'], ...over });
  }

  /** Answers 200 to the NOTIFYs that are out until no more come; returns what they said. */
  drainNotifies(): EffectOf<'sip.notify'>[] {
    const seen: EffectOf<'sip.notify'>[] = [];
    for (let rounds = 0; rounds < 100; rounds += 1) {
      const effect = this.record.effects.find((one) => one.do === 'sip.notify');
      if (effect === undefined || effect.do !== 'sip.notify') return seen;
      seen.push(effect);
      this.outcome(effect, 200);
    }
    throw new Error('NOTIFY without end');
  }
}

function outcomeOf(effect: RequestEffect, status: number): Without<SipOutcomeEvent, 'at' | 'trace'> {
  const method = METHODS[effect.do];
  const dialog = effect.dialog;
  const ok = status >= 200 && status <= 299;
  return {
    on: 'sip.outcome',
    key: effect.key,
    method: effect.do === 'sip.typing' && dialog === undefined ? 'MESSAGE' : method,
    result: 'answered',
    status,
    ...(ok ? {} : { fault: faultFor(status) }),
    ...(dialog !== undefined && { dialog: ok ? establish(dialog) : dialog }),
    ...(ok && effect.do === 'sip.subscribe' && { expiresSeconds: effect.expiresSeconds }),
  };
}

const METHODS = {
  'sip.invite': 'INVITE',
  'sip.message': 'MESSAGE',
  'sip.typing': 'INFO',
  'sip.bye': 'BYE',
  'sip.subscribe': 'SUBSCRIBE',
  'sip.notify': 'NOTIFY',
} as const;

function establish(dialog: Dialog): Dialog {
  const far = { remoteTag: `far-${dialog.localTag}`, remoteTarget: 'sip:bob@192.0.2.7:5060;transport=tcp', server: 'sip1', owner: 'w1/1' };
  return { ...far, ...dialog, server: dialog.server || far.server, owner: dialog.owner || far.owner, localCSeq: dialog.localCSeq + 1 };
}

export function names(effects: readonly Effect[]): EffectName[] {
  return effects.map((effect) => effect.do);
}

export function only<N extends EffectName>(effects: readonly Effect[], name: N): EffectOf<N> {
  const [effect, ...more] = all(effects, name);
  if (effect === undefined || more.length > 0) throw new Error(`wanted one ${name} in ${JSON.stringify(names(effects))}`);
  return effect;
}

export function all<N extends EffectName>(effects: readonly Effect[], name: N): EffectOf<N>[] {
  return effects.filter((effect): effect is EffectOf<N> => effect.do === name);
}

export function statusOf(effects: readonly Effect[]): number {
  return only(effects, 'sip.answer').status;
}
