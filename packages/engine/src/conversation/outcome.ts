import { fault } from '@isthmus/model';
import { answered, isSame } from '../dialog';
import { andThen, hasPassed, to, type Facts, type InputOf, type Step } from '../machine';
import { endsSession, faultOf, isSuccess } from '../status';
import { giveBack } from './queue';
import { gone } from './receive';
import { confirmed, notAwaiting } from './receipts';
import { bye, pump, reach } from './send';
import { idleFrom, mapDialogs, memoryOf, type Closing, type Conversation, type Held, type Inviting, type Open, type Paging } from './state';

type MessageOutcome = InputOf<'outcome.message'>;
type TypingOutcome = InputOf<'outcome.typing'>;
type InviteOutcome = InputOf<'outcome.invite'>;

/** No answer in a session with a client that may never give one: that says nothing (microsoft-dialect section 2.6). */
function isUnanswered({ effect, outcome }: MessageOutcome | TypingOutcome, facts: Facts): boolean {
  return facts.silenceIsConsent === true && effect.dialog !== undefined && outcome.result === 'timeout' && outcome.broken === undefined;
}

/** Did the dialog that the request was sent in turn out to be dead? Out of dialog there is none. */
function isDead(input: MessageOutcome | TypingOutcome, facts: Facts): boolean {
  return input.effect.dialog !== undefined && endsSession(input.outcome) && !isUnanswered(input, facts);
}

/** Takes note of the dialog as the request left it; nothing is on its way any more. */
function landed<S extends Open | Closing | Paging>(state: S, { effect, outcome }: MessageOutcome | TypingOutcome): S {
  return { ...mapDialogs(state, (dialog) => answered(dialog, effect.dialog, outcome.dialog)), inflight: undefined };
}

/** A message in vain is sent once more: after 480 and 481 it cannot have arrived, otherwise it may have (promise 1). */
function again(head: Held, { outcome }: MessageOutcome | InviteOutcome): Held {
  const uncertain = outcome.result !== 'answered' || outcome.status === 408;
  return { ...head, retried: true, ...(uncertain && { repeated: true }) };
}

/** Once, and while there is time. */
function mayRetry(head: Held, facts: Facts): boolean {
  return head.retried === undefined && !hasPassed(head.until, facts);
}

/** The head of the queue has arrived, goes back to its sender, or stays for a second try. */
function settleHead<S extends Open | Closing | Paging>(state: S, input: MessageOutcome, facts: Facts): Step<S> {
  const [head, ...others] = state.queue;
  const { outcome } = input;
  if (head === undefined || isUnanswered(input, facts)) return to({ ...state, queue: others });
  if (isSuccess(outcome)) return to({ ...state, queue: others }, ...confirmed(head, outcome.status, facts));
  const retry = mayRetry(head, facts) && (outcome.result === 'lost' || isDead(input, facts));
  if (retry) return to({ ...state, queue: [again(head, input), ...others] });
  return to({ ...notAwaiting(state, head.reportId), queue: others }, ...giveBack(head, faultOf(outcome), facts));
}

export function messageDoneInSession(state: Open, input: MessageOutcome, facts: Facts): Step<Conversation> {
  return andThen(settleHead(landed(state, input), input, facts), (next) => {
    const finished = state.queue.length - next.queue.length;
    const endsAfter = state.endsAfter === undefined ? undefined : Math.max(0, state.endsAfter - finished);
    return goOn({ ...next, endsAfter, idleAt: idleFrom(facts) }, input, facts);
  });
}

export function typingDoneInSession(state: Open, input: TypingOutcome, facts: Facts): Step<Conversation> {
  return goOn(refused(landed(state, input), input), input, facts);
}

function goOn(state: Open, input: MessageOutcome | TypingOutcome, facts: Facts): Step<Conversation> {
  const dead = isDead(input, facts) && input.effect.dialog !== undefined && isSame(input.effect.dialog, state.dialog);
  return dead ? leaveDead(state, facts) : pump(state, facts);
}

/** The BYE makes the stack forget the dialog, and ends it for a far side that was only slow (RFC 3261 section 12.2.1.2). */
function leaveDead(state: Open, facts: Facts): Step<Conversation> {
  const over = to(state, bye(state.dialog, facts.newId()));
  return andThen(over, () => {
    if (state.theirs === undefined) return reach(state, facts);
    return pump({ ...state, dialog: state.theirs, theirs: undefined, typingTold: false }, facts);
  });
}

/** 415 to typing: never tell that side again (IM-26). */
function refused<S extends Open | Paging>(state: S, { outcome }: TypingOutcome): S {
  return outcome.result === 'answered' && outcome.status === 415 ? { ...state, typingRefused: true } : state;
}

export function messageDoneOnPage(state: Paging, input: MessageOutcome, facts: Facts): Step<Conversation> {
  return andThen(settleHead(landed(state, input), input, facts), (next) => nextPage(next, facts));
}

export function typingDoneOnPage(state: Paging, input: TypingOutcome, facts: Facts): Step<Conversation> {
  return nextPage(refused(landed(state, input), input), facts);
}

/** What waits goes out as the contact's side speaks now: perhaps in a session. */
function nextPage(state: Paging, facts: Facts): Step<Conversation> {
  return state.queue.length > 0 ? reach(state, facts) : pump(state, facts);
}

export function messageDoneAfterSession(state: Closing, input: MessageOutcome, facts: Facts): Step<Conversation> {
  return andThen(settleHead(landed(state, input), input, facts), (next) => finish(next, facts));
}

export function typingDoneAfterSession(state: Closing, input: TypingOutcome, facts: Facts): Step<Conversation> {
  return finish(landed(state, input), facts);
}

export function byeDone(state: Closing, input: InputOf<'outcome.bye'>, facts: Facts): Step<Conversation> {
  return finish({ ...state, byes: state.byes.filter((key) => key !== input.outcome.key) }, facts);
}

/** When the last request of an ended session is over, the messages that came meanwhile get a new one. */
function finish(state: Closing, facts: Facts): Step<Conversation> {
  if (state.inflight !== undefined || state.byes.length > 0) return to(state);
  const news = state.gone !== undefined && state.queue.length === 0 ? [gone(state.gone, facts)] : [];
  return andThen(to(state, ...news), (over) => reach(over, facts));
}

export function inviteDone(state: Inviting, input: InviteOutcome, facts: Facts): Step<Conversation> {
  if (isSuccess(input.outcome)) return accepted(state, input, facts);
  if (state.theirs !== undefined) {
    return pump({ ...memoryOf(state), is: 'open', dialog: state.theirs }, facts);
  }
  const [head, ...others] = state.queue;
  if (input.outcome.result === 'lost' && head !== undefined && mayRetry(head, facts)) {
    return reach({ ...memoryOf(state), queue: [again(head, input), ...others] }, facts);
  }
  const why = input.outcome.result === 'lost' ? fault('network.timeout') : faultOf(input.outcome);
  const returned = state.queue.flatMap((held) => giveBack(held, why, facts));
  return to({ ...memoryOf(state), is: 'none', queue: [], typing: false, typingTold: false }, ...returned);
}

function accepted(state: Inviting, { effect, outcome }: InviteOutcome, facts: Facts): Step<Conversation> {
  const { theirs } = state;
  const dialog = answered(state.dialog, effect.dialog, outcome.dialog);
  const taken = outcome.firstTextTaken === true ? 1 : 0;
  const queue = state.queue.slice(taken);
  const receipts = state.queue.slice(0, taken).flatMap((held) => confirmed(held, outcome.status, facts));
  const endsAfter = state.endsAfter === undefined ? undefined : state.endsAfter - taken;
  const open: Open = { ...memoryOf(state), is: 'open', dialog, theirs, queue, endsAfter, acceptedAt: facts.at, idleAt: idleFrom(facts) };
  return andThen(to(open, ...receipts), (next) => pump(next, facts));
}
