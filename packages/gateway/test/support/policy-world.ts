import { parse } from 'ltx';
import type { Element } from '@isthmus/codec';
import { newRecord, type EngineEvent, type Inward } from '@isthmus/engine';
import { pairKey, type BareJid, type Pair, type PolicyLists } from '@isthmus/model';
import { MemoryStore } from '@isthmus/store';
import pino from 'pino';
import type { Accounts } from '../../src/accounts';
import type { Commands } from '../../src/commands/commands';
import { Metrics } from '../../src/metrics';
import type { PairLoop } from '../../src/pairs/loop';
import type { StoredPair } from '../../src/pairs/stored';
import type { LateSweep, Sweep, Sweeper } from '../../src/pairs/sweep';
import { buildPolicy } from '../../src/policy/build';
import type { Policies } from '../../src/policy/policies';
import type { PolicySettings } from '../../src/policy/settings';
import { ANN, BOB, NOON } from './pairs';
import { settled } from './waiting';

export const COMPONENT = 'isthmus.example.com';
const EMPTY: PolicyLists = { allow: [], block: [] };

interface Told {
  readonly pair: Pair;
  readonly event: EngineEvent;
}

/** What several workers share. */
export class PolicyPlace {
  now = NOON;
  readonly store = new MemoryStore<StoredPair>({ now: () => this.now });

  /** Bob (or another) watches Ann on so many devices. */
  async watches(is: Inward['is'], contact: BareJid = BOB, devices = 1): Promise<void> {
    const pair = { user: ANN, contact };
    const watch = { dialog: {}, expiresAt: NOON + 3_600_000, format: 'application/pidf+xml' } as unknown as Inward['watches'][number];
    const inward = { is, watches: Array.from({ length: devices }, () => watch) } as Inward;
    await this.store.pairs.commit({ key: pairKey(pair), expected: 0, record: { record: { ...newRecord(pair), inward }, by: 'w1' }, due: undefined });
  }
}

/** Policy and commands of one worker, with the loop and the sweeper played by the test. */
export class PolicyWorker {
  /** What the pairs were told, by command or because lists have changed. */
  readonly told: Told[] = [];
  readonly log: { readonly event: string; readonly [field: string]: unknown }[] = [];
  readonly errors: unknown[] = [];
  readonly metrics: Metrics;
  readonly policies: Policies;
  readonly commands: Commands;
  /** Rejects when set: the XMPP server cannot be asked. */
  away = false;

  constructor(readonly place: PolicyPlace, settings: Partial<PolicySettings> = {}) {
    const zero = () => 0;
    const no = () => false;
    this.metrics = new Metrics({ pendingEvents: zero, cachedPairs: zero, effectsInFlight: zero, xmppUp: no, sipServersUp: zero, load: () => 0, storeUp: no, routesUp: () => new Map() });
    const parts = buildPolicy({
      settings: { everyone: EMPTY, mixedScripts: 'block', maxListEntries: 3, maxListedWatchers: 5, commandsPerMinute: 1_000, administrators: new Set(), ...settings },
      domains: ['example.com'],
      store: place.store,
      loop: { handle: async (pair: Pair, event: EngineEvent) => void this.told.push({ pair, event }) } as unknown as PairLoop,
      sweeper: { sweep: (sweep: Sweep | LateSweep) => void this.sweep(sweep) } as unknown as Sweeper,
      accounts: { isLocal: (jid: BareJid) => (this.away ? Promise.reject(new Error('away')) : Promise.resolve(jid === ANN || jid === 'amy@example.com')) } as unknown as Accounts,
      log: pino({ messageKey: 'event' }, { write: (line: string) => void this.log.push(JSON.parse(line) as { event: string }) }),
      metrics: this.metrics,
      now: () => place.now,
      links: () => [{ label: 'XMPP link', value: 'up' }],
    });
    this.policies = parts.policies;
    this.commands = parts.commands;
  }

  private async sweep(sweep: Sweep | LateSweep): Promise<void> {
    const { select, done, extent = new Set() } = await this.collected(sweep);
    let count = 0;
    for (const key of extent) {
      const record = (await this.place.store.pairs.load(key))?.record.record;
      if (record === undefined) continue;
      const pair = { user: record.user, contact: record.contact };
      const events = select(pair, record);
      count += events.length;
      this.told.push(...events.map((event) => ({ pair, event })));
    }
    done?.(count);
  }

  /** Asks until the store says it, as the sweeper does. */
  private async collected(sweep: Sweep | LateSweep): Promise<Omit<Sweep, 'name'>> {
    if (!('collect' in sweep)) return sweep;
    try {
      return await sweep.collect();
    } catch (error) {
      this.errors.push(error);
      await settled();
      return this.collected(sweep);
    }
  }

  /** One stage, as a client sends it. */
  async sends(from: string, node: string, { action, sessionId, fields }: Stage = {}): Promise<Answer> {
    const attributes = [`node='${node}'`, action && `action='${action}'`, sessionId !== undefined && `sessionid='${sessionId}'`].filter(Boolean).join(' ');
    const form = fields && `<x xmlns='jabber:x:data' type='submit'>${Object.entries(fields).map(([name, values]) => `<field var='${name}'>${values.map((value) => `<value>${value}</value>`).join('')}</field>`).join('')}</x>`;
    const iq = parse(`<iq type='set' id='q' from='${from}' to='${COMPONENT}'><command xmlns='http://jabber.org/protocol/commands' ${attributes}>${form ?? ''}</command></iq>`);
    return new Answer(await this.commands.answer(iq, 'trace'));
  }
}

export type Fields = Readonly<Record<string, readonly string[]>>;
export interface Stage {
  readonly action?: string;
  readonly sessionId?: string;
  readonly fields?: Fields;
}

/** What a client reads in an answer. */
export class Answer {
  constructor(readonly iq: Element | undefined) {}

  private get command(): Element | undefined {
    return this.iq?.getChild('command');
  }

  /** The conditions of an error. */
  get error(): readonly string[] {
    return this.iq?.getChild('error')?.getChildElements().filter(({ name }) => name !== 'text').map(({ name }) => name) ?? [];
  }

  /** How a client goes on from here. */
  get offered(): string {
    return String(this.command?.getChild('actions')?.attrs['execute']);
  }

  get status(): string | undefined {
    return this.command?.attrs['status'] as string | undefined;
  }

  get sessionId(): string {
    return String(this.command?.attrs['sessionid']);
  }

  get notes(): readonly string[] {
    return this.command?.getChildren('note').map((note) => `${String(note.attrs['type'])}: ${note.getText()}`) ?? [];
  }

  get instructions(): readonly string[] {
    return this.command?.getChild('x')?.getChildren('instructions').map((each) => each.getText()) ?? [];
  }

  /** The form as a client would send it back untouched. */
  get fields(): Fields {
    const fields = this.command?.getChild('x')?.getChildren('field') ?? [];
    return Object.fromEntries(fields.map((field) => [String(field.attrs['var']), field.getChildren('value').map((value) => value.getText())]));
  }

  get labels(): readonly string[] {
    return this.command?.getChild('x')?.getChildren('field').map((field) => `${String(field.attrs['label'])}: ${field.getChildText('value') ?? ''}`) ?? [];
  }

  options(name: string): readonly string[] {
    const field = this.command?.getChild('x')?.getChildren('field').find(({ attrs }) => attrs['var'] === name);
    return field?.getChildren('option').map((option) => String(option.attrs['label'])) ?? [];
  }
}
