import { fault, type ResourcePresence } from '@isthmus/model';
import { defaultAnswer, isSipRequest, refuse } from './answer';
import type { Context } from './context';
import { CONVERSATION } from './conversation/table';
import { isAnothers } from './dialog';
import { isRequest, type Effect } from './effects';
import type { EngineEvent } from './events';
import { dated } from './inward/document';
import { isGranted, type Inward } from './inward/state';
import { INWARD } from './inward/table';
import { tellAll } from './inward/tell';
import { andThen, dispatch, to, type Draft, type Facts, type Input, type OutcomeInput, type Step } from './machine';
import { OUTWARD } from './outward/table';
import { giveTextsBack, withEffects } from './pending';
import { dialogsOf, type PairRecord } from './record';
import { activityAfter, asked, isDoubtful, resourcesAfter, withActivity, type Known } from './resources';

/** Why a request in a dialog of another peer is ignored (SEC-12). */
export const TRESPASS = 'the dialog belongs to another peer';

export interface StepResult {
  readonly record: PairRecord;
  /** The new effects, also in `record.effects`. */
  readonly effects: readonly Effect[];
  /** The event changed nothing, for this reason. */
  readonly ignored?: string;
}

/**
 * Takes one event: the pair's next record, and what is to be done. Each machine looks whether its table has a cell for
 * the event. A request of the far side is answered exactly once, by a machine or by default. Never throws on any event.
 */
export function step(record: PairRecord, event: EngineEvent, context: Context): StepResult {
  const input = inputOf(record, event);
  if (input === undefined) return { record, effects: [], ignored: 'outcome of a request that is not pending' };
  if (isTrespass(record, event)) return turnedAway(record, event, context);
  const known = resourcesAfter(record, event, context.settings.maxResources);
  const given = factsOf(record, input, known, context);
  const conversation = dispatch(CONVERSATION, record.conversation, input, given);
  const outward = dispatch(OUTWARD, record.outward, input, given);
  const activity = outward?.effects.some(concealsContact) ? undefined : activityAfter(record, event);
  const facts = { ...given, resources: withActivity(known.resources, activity) };
  const inward = inwardAfter(record, input, facts, activity);
  const steps = [conversation, inward, outward];
  const drafts = answeredOnce(steps.flatMap((done) => done?.effects ?? []), event);
  const effects = drafts.map((draft) => stamp(draft, input.trace, context));
  const unconfirmed = drafts.some((draft) => draft.do === 'xmpp.probe') ? asked(known, input.at) : known.unconfirmed;
  const next: PairRecord = {
    unconfirmed: undefined, // a name before what is spread: decision 032
    ...record,
    conversation: conversation?.state ?? record.conversation,
    inward: inward?.state ?? record.inward,
    outward: outward?.state ?? record.outward,
    resources: known.resources,
    activity: drafts.some(concealsContact) ? undefined : activity,
    ...(unconfirmed !== record.unconfirmed && { unconfirmed }),
    effects: withEffects(event.on === 'xmpp.down' ? giveTextsBack(record.effects) : record.effects, effects, 'effect' in input ? input.effect.key : undefined),
  };
  const ignored = 'effect' in input ? undefined : whyIgnored(steps);
  return { record: isUnchanged(record, next) ? record : next, effects, ...(ignored !== undefined && { ignored }) };
}

function isTrespass(record: PairRecord, event: EngineEvent): boolean {
  return 'ref' in event && event.ref.others !== undefined && dialogsOf(record).some((dialog) => isAnothers(dialog, event.ref));
}

/** For whoever does not hold the dialog there is none. */
function turnedAway(record: PairRecord, event: EngineEvent, context: Context): StepResult {
  if (!isSipRequest(event)) return { record, effects: [], ignored: TRESPASS };
  const effects = [stamp(refuse(event, fault('session.unknown')), event.trace, context)];
  return { record: { ...record, effects: withEffects(record.effects, effects, undefined) }, effects, ignored: TRESPASS };
}

/** What the watchers were told of the user's activity is taken back when it is forgotten, whatever the event (promise 3). */
function inwardAfter(record: PairRecord, input: Input, facts: Facts, activity: string | undefined): Step<Inward> | undefined {
  const taken = dispatch(INWARD, record.inward, input, facts);
  const forgotten = record.activity !== undefined && activity === undefined;
  const told = forgotten ? andThen(taken ?? to(record.inward), (now) => tellAll(now, facts)) : taken;
  return told && dated(told, facts);
}

/** An outcome is taken together with the effect that it belongs to; without that there is nothing to take. */
function inputOf(record: PairRecord, event: EngineEvent): Input | undefined {
  if (event.on !== 'sip.outcome') return event;
  const effect = record.effects.filter(isRequest).find(({ key }) => key === event.key);
  if (effect === undefined) return undefined;
  const { at, trace } = event;
  const on = effect.do.replace('sip.', 'outcome.');
  return { on, at, trace, outcome: event, effect } as OutcomeInput;
}

function factsOf(record: PairRecord, input: Input, known: Known, context: Context): Facts {
  const { resources } = known;
  return {
    at: input.at, // a name before what is spread: decision 032
    ...context,
    newId: () => context.newId(),
    resources,
    doubtful: isDoubtful(known),
    online: isOnline(record, resources),
    shown: record.outward.shown !== undefined,

    entitled: { user: record.outward.authorisation === 'granted', contact: record.inward.is === 'active' },
    undelivered: record.effects.filter((effect) => effect.do === 'xmpp.message'),
    outstanding: record.effects.filter(isRequest).length,
  };
}

/** Where the contact may see the user, it is told of all resources; elsewhere only of those that choose to (SEC-6). */
function isOnline(record: PairRecord, resources: readonly ResourcePresence[] | undefined): boolean | undefined {
  if (resources === undefined) return undefined;
  if (resources.length > 0) return true;
  return isGranted(record.inward) ? false : undefined;
}

function answeredOnce(drafts: readonly Draft[], event: EngineEvent): readonly Draft[] {
  if (!isSipRequest(event) || drafts.some((draft) => draft.do === 'sip.answer')) return drafts;
  return [...drafts, defaultAnswer(event)];
}

function stamp(draft: Draft, trace: string, context: Context): Effect {
  return { key: context.newId(), trace, ...draft } as Effect;
}

/** No machine had a use for the event; the reason of the one that looked closest, if any did. */
function whyIgnored(steps: readonly (Step<unknown> | undefined)[]): string | undefined {
  const looked = steps.filter((done) => done !== undefined);
  if (looked.length === 0) return 'no state has a use for this event';
  return looked.every((done) => done.ignored !== undefined) ? looked[0]?.ignored : undefined;
}

function isUnchanged(record: PairRecord, next: PairRecord): boolean {
  return (
    next.conversation === record.conversation &&
    next.inward === record.inward &&
    next.outward === record.outward &&
    next.resources === record.resources &&
    next.activity === record.activity &&
    next.unconfirmed === record.unconfirmed &&
    next.effects === record.effects
  );
}

/** The XMPP user sees the contact offline from now on. */
function concealsContact(draft: Draft): boolean {
  return draft.do === 'xmpp.presence' && draft.resource === undefined && draft.presence.setting === 'offline';
}
