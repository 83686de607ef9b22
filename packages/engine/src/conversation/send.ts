import { newDialog, type Dialog } from '../dialog';
import { to, type Draft, type Facts, type Step } from '../machine';
import { awaiting, reportIdOf } from './receipts';
import { memoryOf, type Conversation, type Held, type Memory, type Open, type Paging } from './state';

/** Before the 90 seconds have passed that our indication promises; not more often than RFC 3994 section 3.2 allows. */
const REFRESH_MS = 80_000;

/** Gets the queue under way where there is no session: by INVITE or out of dialog, as the contact's side speaks. */
export function reach(state: Memory, facts: Facts): Step<Conversation> {
  const [head] = state.queue;
  const memory = { ...memoryOf(state), thread: head?.message.thread, typingTold: false };
  if (head === undefined) return to({ ...memory, is: 'none', typing: false });
  return facts.dialect === 'microsoft' ? invite(memory, head, facts) : pump({ ...memory, is: 'paging' }, facts);
}

/** The text rides along for the far side's toast; it counts as sent only if the answer says so (IM-20). */
function invite(memory: Memory, head: Held, facts: Facts): Step<Conversation> {
  const dialog = newDialog(facts.newId);
  const firstText = head.report === undefined ? { firstText: head.message.text } : {};
  return to({ ...memory, is: 'inviting', dialog }, { do: 'sip.invite', dialog, ...firstText, trace: head.trace });
}

/** Sends what is next, one request at a time: a message, the BYE that waits for the last one, news of typing. */
export function pump(state: Open | Paging, facts: Facts): Step<Conversation> {
  if (state.inflight !== undefined) return to(state);
  if (state.is === 'open' && state.endsAfter === 0) return end(state, facts);
  const [head] = state.queue;
  if (head !== undefined) return sendMessage(state, head, facts);
  if (state.typing !== state.typingTold && state.typingRefused === undefined) return sendTyping(state, facts);
  return state.is === 'open' ? to(state) : to({ ...memoryOf(state), is: 'none' });
}

function sendMessage(state: Open | Paging, head: Held, facts: Facts): Step<Conversation> {
  const key = facts.newId();
  const place = state.is === 'open' ? { dialog: state.dialog } : { callId: head.callId ?? facts.newId() };
  const { message, trace, repeated, report } = head;
  const reportId = reportIdOf(head, facts);
  const asks = reportId === undefined ? {} : { reportId };
  const sent: Held = { ...head, ...('callId' in place && place), ...asks };
  const awaited = reportId === undefined ? state.awaited : awaiting(state, head, reportId);
  // A message says that typing is over (IM-26): nothing of it needs to be told.
  const next = { ...state, queue: [sent, ...state.queue.slice(1)], inflight: key, typingTold: false, awaited };
  const marks = { ...(repeated !== undefined && { repeated }), ...(report !== undefined && { report }) };
  return to(next, { do: 'sip.message', key, trace, message, ...place, ...asks, ...marks });
}

function sendTyping(state: Open | Paging, facts: Facts): Step<Conversation> {
  const key = facts.newId();
  const place = state.is === 'open' ? { dialog: state.dialog } : { callId: facts.newId() };
  const refreshAt = facts.dialect === 'simple' ? facts.at + REFRESH_MS : undefined;
  const next = { ...state, inflight: key, typingTold: state.typing, refreshAt };
  return to(next, { do: 'sip.typing', key, composing: state.typing, ...place });
}

/** Ends the session by BYE in each of its dialogs. */
export function end(state: Open, facts: Facts): Step<Conversation> {
  const dialogs = state.theirs === undefined ? [state.dialog] : [state.dialog, state.theirs];
  const byes = dialogs.map((dialog) => bye(dialog, facts.newId()));
  const memory = { ...memoryOf(state), typing: false, typingTold: false };
  return to({ ...memory, is: 'closing', dialogs, byes: byes.map(({ key }) => key) }, ...byes);
}

export function bye(dialog: Dialog, key: string): Draft & { readonly key: string } {
  return { do: 'sip.bye', key, dialog };
}
