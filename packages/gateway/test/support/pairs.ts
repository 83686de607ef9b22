import { DEFAULT_SETTINGS, isRequest, newRecord, type Context, type Effect, type EngineEvent, type EngineSettings, type PairRecord, type RequestEffect } from '@isthmus/engine';
import { fault, pairKey, type BareJid, type Dialect, type Fault, type Pair } from '@isthmus/model';
import type { PairStore } from '@isthmus/store';
import type { StoredPair } from '../../src/pairs/stored';

export const NOON = Date.UTC(2026, 0, 5, 12);
export const ANN = 'ann@example.com' as BareJid;
export const BOB = 'bob@example.com' as BareJid;
export const PAIR: Pair = { user: ANN, contact: BOB };

/** The pair of one of many users with Bob. */
export const pairOfUser = (name: string): Pair => ({ user: `${name}@example.com` as BareJid, contact: BOB });

/** A source of ids that are unique within a test and the same in each run of it. */
export function idsOf(prefix = 'id'): () => string {
  let count = 0;
  return () => `${prefix}${(count += 1).toString().padStart(20, '0')}`;
}

export function contextOf(dialect: Dialect = 'simple', settings: Partial<EngineSettings> = {}, newId: () => string = idsOf()): () => Context {
  const context: Context = { dialect, variant: 'lync', settings: { ...DEFAULT_SETTINGS, ...settings }, newId };
  return () => context;
}

/** Ann writes to Bob. The text is the message's name: its id and its trace too. */
export function says(text: string, at = NOON): EngineEvent {
  return { on: 'xmpp.message', at, trace: text, id: text, resource: 'phone', type: 'chat', chatState: 'active', message: { text } };
}

/** Bob writes to Ann, out of dialog. */
export function writes(text: string, at = NOON): EngineEvent {
  const ref = { callId: `call-${text}`, remoteTag: 'far', cseq: 1 };
  return { on: 'sip.message', at, trace: text, transaction: { server: 'sip1', id: `tx-${text}` }, ref, message: { text } };
}

/** An event that no state of a new pair has a use for. */
export const USELESS: EngineEvent = { on: 'route.up', at: NOON, trace: 'useless' };

/** The answer of the far side to a request of ours; a fault for what is no 2xx. */
export function outcomeOf(effect: RequestEffect, status = 200, at = NOON): Extract<EngineEvent, { on: 'sip.outcome' }> {
  const why: Fault | undefined = status < 300 ? undefined : { ...fault('server.error', `SIP ${status}`), sip: status };
  const dialog = effect.dialog && { remoteTag: 'far', ...effect.dialog, server: 'sip1', owner: effect.dialog.owner || 'w1/1' };
  return {
    on: 'sip.outcome',
    at,
    trace: effect.trace,
    key: effect.key,
    method: METHODS[effect.do],
    result: 'answered',
    status,
    ...(why !== undefined && { fault: why }),
    ...(dialog !== undefined && { dialog }),
    ...(effect.do === 'sip.subscribe' && status < 300 && { expiresSeconds: effect.expiresSeconds }),
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

/** What an effect says: the texts where it has one, else its kind. */
export function nameOf(effect: Effect): string {
  return 'message' in effect ? `${effect.do} ${effect.message.text}` : effect.do;
}

export const textsOf = (effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) => ('message' in effect ? [effect.message.text] : []));

export const requestsOf = (record: PairRecord): RequestEffect[] => record.effects.filter(isRequest);

/** The pair's record as the store has it; a new one when it has none. */
export async function recordIn(store: PairStore<StoredPair>, pair: Pair = PAIR): Promise<PairRecord> {
  return (await store.load(pairKey(pair)))?.record.record ?? newRecord(pair);
}
