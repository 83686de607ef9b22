import type { ResourcePresence } from '@isthmus/model';
import type { Context } from './context';
import type { Effect, RequestEffect, XmppMessageEffect } from './effects';
import type { EngineEvent, SipOutcomeEvent } from './events';

/**
 * The form of a state machine: a table state -> event -> cell. A cell names the states it may lead to and holds a pure
 * function; an absent cell means that the event changes nothing. The diagrams in docs/states are drawn from the tables.
 */

/** What a cell may use besides its state and event. */
export interface Facts extends Context {
  /** The event's time, milliseconds since the epoch. */
  readonly at: number;
  /** The XMPP user's resources after the event, as far as they were told to the contact; undefined: not known. */
  readonly resources: readonly ResourcePresence[] | undefined;
  /** Is his server to be asked before that is believed? */
  readonly doubtful: boolean;
  /** Is the XMPP user online? Undefined: what was told to the contact does not say. */
  readonly online: boolean | undefined;
  /** Has the XMPP user been told any state of the contact, in his own watch? */
  readonly shown: boolean;

  /** Who may see the other: what tells of his presence in another way is for him only (ERR-3, SEC-6). */
  readonly entitled: { readonly user: boolean; readonly contact: boolean };
  /** Messages to the XMPP user that are still in the record, to be handed over. */
  readonly undelivered: readonly XmppMessageEffect[];
  /** Requests of ours to the SIP side that have no outcome yet. */
  readonly outstanding: number;
}

type Unstamped<E> = E extends Effect ? Omit<E, 'key' | 'trace'> & { readonly key?: string; readonly trace?: string } : never;

/** An effect before `step` gives it a key and the event's trace, unless it has its own. */
export type Draft = Unstamped<Effect>;

export interface Step<S> {
  readonly state: S;
  readonly effects: readonly Draft[];
  /** Why the event changed nothing, for the log. */
  readonly ignored?: string;
}

export function to<S>(state: S, ...effects: Draft[]): Step<S> {
  return { state, effects };
}

/** Nothing changes. A request of the far side then gets its default answer. */
export function ignore<S>(state: S, why: string): Step<S> {
  return { state, effects: [], ignored: why };
}

export function andThen<S, T>(step: Step<S>, next: (state: S) => Step<T>): Step<T> {
  const { state, effects } = next(step.state);
  return { state, effects: [...step.effects, ...effects] };
}

/** Has a timer's time come? */
export function hasPassed(time: number | undefined, facts: Facts): boolean {
  return time !== undefined && time <= facts.at;
}

/** The earliest of the times that are set. */
export function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const set = times.filter((time) => time !== undefined);
  return set.length === 0 ? undefined : Math.min(...set);
}

type Named<N extends string> = N extends `sip.${infer Rest}` ? `outcome.${Rest}` : never;
type Outcome<E> = E extends RequestEffect
  ? {
      readonly on: Named<E['do']>;
      readonly at: number;
      readonly trace: string;
      readonly outcome: SipOutcomeEvent;
      readonly effect: E;
    }
  : never;

/** An outcome together with the effect that asked for it, named after it: `sip.invite` gives `outcome.invite`. */
export type OutcomeInput = Outcome<RequestEffect>;

/** What the tables are about: the events, with each outcome beside its request. */
export type Input = Exclude<EngineEvent, SipOutcomeEvent> | OutcomeInput;
export type InputName = Input['on'];
export type InputOf<N extends InputName> = Extract<Input, { readonly on: N }>;

interface State {
  readonly is: string;
}

export interface Cell<S extends State, From, On> {
  /** The states that `run` may return; a test holds it to that. */
  readonly to: readonly S['is'][];
  run(state: From, event: On, facts: Facts): Step<S>;
}

export type Row<S extends State, From> = { readonly [N in InputName]?: Cell<S, From, InputOf<N>> };
export type Table<S extends State> = { readonly [Is in S['is']]: Row<S, Extract<S, { readonly is: Is }>> };

/** Undefined: the table has no such cell. */
export function dispatch<S extends State>(table: Table<S>, state: S, event: Input, facts: Facts): Step<S> | undefined {
  const row = table[state.is as S['is']] as Row<S, S>;
  const cell = row[event.on] as Cell<S, S, Input> | undefined;
  return cell?.run(state, event, facts);
}

/** A Mermaid state diagram of a table: an arrow for each pair of states, labelled with the events that lead there. */
export function draw<Is extends string>(table: Readonly<Record<Is, object>>, initial: Is): string {
  const arrows = new Map<string, string[]>();
  for (const [from, row] of Object.entries<object>(table)) {
    for (const [on, cell] of Object.entries(row as Record<string, { readonly to: readonly string[] }>)) {
      for (const target of cell.to) {
        const arrow = `${from} --> ${target}`;
        arrows.set(arrow, [...(arrows.get(arrow) ?? []), on]);
      }
    }
  }
  const lines = [...arrows].map(([arrow, events]) => `  ${arrow}: ${events.join('<br/>')}`);
  return ['stateDiagram-v2', `  [*] --> ${initial}`, ...lines, ''].join('\n');
}
