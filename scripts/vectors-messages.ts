/**
 * Cases of kinds `chatStates` (RFC 7573 Tables 3 and 4, RFC 3994, Microsoft's KeyboardActivity), `im` (RFC 7572, RFC 3428) and
 * `chat` (RFC 7573 without MSRP, which isthmus does not speak). What is in words is played by the id of the case.
 */

import { element, readRequest, readStanza, sizeFault, writeRequest, writeStanza } from '@isthmus/codec';
import type { ChatState } from '@isthmus/model';
import { PARTIES, READ, WRITE } from '../packages/codec/test/support/contexts';
import { requestIn } from '../packages/codec/test/support/sip-text';
import type { Effect } from '../packages/engine/src';
import { contextOf, newRef, PAIR, Play, refOf, theirDialog } from '../packages/engine/test/support/pair';
import { type Case, casesOf, failed, isObject, type Outcome, outcomeOf, show } from './vectors-format';

type Check = readonly [play: () => unknown, expected: unknown];

const DIALOG = theirDialog('bob');
const HEAD = `MESSAGE sip:juliet@example.com SIP/2.0\nFrom: <sip:romeo@example.net>;tag=b\nTo: <sip:juliet@example.com>\nCall-ID: c\nCSeq: 1 MESSAGE\nContent-Type: text/plain`;

export function checkChatStates(cases: unknown): readonly Outcome[] {
  if (!isObject(cases)) return [failed('chatStates', 'is no object')];
  const { isComposingToChatState: inward, chatStateToIsComposing: outward, unknownState: unknown, keyboardActivity: keyboard, timers } = cases;
  return [
    ...rows(inward).map(([state, expected]) => same(`isComposing ${state}`, chatStateOf('simple', state === 'active'), expected)),
    ...rows(outward).map(([state, expected]) => same(`chat state ${state}`, isComposingOf(state as ChatState), expected)),
    ...(isObject(unknown) ? [same('isComposing of an unknown state', isComposingRead('dancing') ? 'active' : 'idle', unknown.out)] : []),
    ...rows(keyboard).filter(([state]) => state !== 'src').map(([state, expected]) => among(`KeyboardActivity ${state}`, chatStateOf('microsoft', state === 'type'), expected)),
    ...(isObject(timers) ? [same('seconds without refresh', secondsUntilIdle(), timers.receiverTimeoutWithoutRefresh)] : []),
    ...casesOf(cases.cases).map((one) => played(CHAT_STATE_PLAYS, one)),
  ];
}

export function checkMessages(cases: unknown): readonly Outcome[] {
  return casesOf(isObject(cases) ? cases.page : cases).map((one) => played(PAGE_PLAYS, one));
}

export function checkSessions(cases: unknown): readonly Outcome[] {
  return casesOf(cases).map((one) => played(SESSION_PLAYS, one));
}

function played(plays: Readonly<Record<string, Check>>, one: unknown): Outcome {
  const { id } = isObject(one) ? one : ({} as Case);
  const check = typeof id === 'string' ? plays[id] : undefined;
  return check === undefined ? { name: String(id), result: 'skipped' } : same(String(id), check[0](), check[1]);
}

const rows = (part: unknown): readonly [string, unknown][] => (isObject(part) ? Object.entries(part) : []);

function same(name: string, actual: unknown, expected: unknown): Outcome {
  return outcomeOf(name, show(actual) === show(expected) ? [] : [`gives ${show(actual)}, expected ${show(expected)}`]);
}

/** The expected words may name several, as in `active (or paused)`. */
function among(name: string, actual: string, expected: unknown): Outcome {
  return outcomeOf(name, String(expected).split(/[^a-z]+/).includes(actual) ? [] : [`gives ${actual}, expected ${show(expected)}`]);
}

function session(dialect: 'microsoft' | 'simple' = 'microsoft'): Play {
  const play = new Play(contextOf(dialect, { sessionIdleSeconds: 100_000 }));
  play.request('sip.invite', { ref: newRef(DIALOG), dialog: DIALOG });
  return play;
}

const types = (play: Play, composing: boolean, cseq: number): readonly Effect[] => play.request('sip.typing', { ref: refOf(DIALOG, cseq), composing });
const states = (effects: readonly Effect[]): readonly string[] => effects.flatMap((effect) => (effect.do === 'xmpp.chat-state' ? [effect.chatState] : []));
const methods = (effects: readonly Effect[]): readonly string[] => effects.filter((effect) => effect.do.startsWith('sip.') && effect.do !== 'sip.answer').map((effect) => effect.do);

function chatStateOf(dialect: 'microsoft' | 'simple', composing: boolean): string {
  const play = session(dialect);
  if (!composing) types(play, true, 2);
  return states(types(play, composing, 3)).join();
}

/** What is written for a chat state of the XMPP user who was, or was not, typing before. */
function isComposingOf(state: ChatState): string | null {
  const play = session();
  play.says('hello');
  if (state !== 'composing') play.on('xmpp.chat-state', { chatState: 'composing', resource: 'phone' });
  for (const name of ['sip.message', 'sip.typing'] as const) for (const effect of play.record.effects.filter((one) => one.do === name)) play.outcome(effect as never, 200);
  const told = play.on('xmpp.chat-state', { chatState: state, resource: 'phone' }).find((effect) => effect.do === 'sip.typing');
  return told?.do === 'sip.typing' ? (told.composing ? 'active' : 'idle') : null;
}

function isComposingRead(state: string): boolean | undefined {
  const body = `<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>${state}</state></isComposing>`;
  const request = requestIn(HEAD);
  const reading = readRequest({ ...request, headers: { ...request.headers, 'content-type': 'application/im-iscomposing+xml' }, body }, READ);
  return reading.is === 'event' && reading.event.on === 'sip.typing' ? reading.event.composing : undefined;
}

function secondsUntilIdle(): number {
  const play = session('simple');
  types(play, true, 2);
  for (let seconds = 1; seconds < 1_000; seconds += 1) if (states(play.pass(1)).length > 0) return seconds;
  return Infinity;
}

const CHAT_STATE_PLAYS: Readonly<Record<string, Check>> = {
  S01: [() => { const play = session('simple'); types(play, true, 2); return states(play.pass(120)); }, ['active']],
  S02: [() => { const play = session('simple'); types(play, true, 2); return states(play.request('sip.message', { ref: refOf(DIALOG, 3), message: { text: 'x' } })); }, []],
  S04: [() => { const play = session('simple'); return [...states(types(play, true, 2)), ...states(types(play, true, 3))]; }, ['composing']],
  S03: [() => { const play = session('simple'); play.on('xmpp.chat-state', { chatState: 'composing' }); play.answer('sip.typing', 415); return methods(play.on('xmpp.chat-state', { chatState: 'paused' })); }, []],
  S05: [() => {
    const play = session();
    const ended = methods(play.on('xmpp.chat-state', { chatState: 'gone', resource: 'phone' }));
    play.answer('sip.bye', 200);
    return [...ended, ...methods(play.says('again'))];
  }, ['sip.bye', 'sip.invite']],
};

function textOf(headers: string, body: string): string {
  const reading = readRequest(requestIn(`${HEAD}${headers}\n\n${body}`), READ);
  if (reading.is !== 'event' || reading.event.on !== 'sip.message') return reading.is;
  const { attrs, children } = writeStanza({ do: 'xmpp.message', key: 'k', trace: 't', id: 'm1', message: reading.event.message }, PAIR);
  const text = children.flatMap((child) => (typeof child === 'object' && child.name === 'body' ? [child.attrs['xml:lang'] ?? attrs['xml:lang'] ?? '', child.text()] : []));
  return [reading.sipUser.jid.bare, reading.xmppUser.bare, ...text].filter((part) => part !== '').join(' | ');
}

function statusAfter(headers: string, at: number): number | string {
  const reading = readRequest(requestIn(`${HEAD}${headers}\n\nx`), { ...READ, at });
  if (reading.is !== 'event') return reading.is;
  return reading.event.on === 'sip.refused' ? reading.event.fault.sip : reading.event.on;
}

/** The thread of the stanza that a text in a session becomes. */
function threadOf(callId: string): string | null {
  const reading = readRequest(requestIn(HEAD.replace('Call-ID: c', `Call-ID: ${callId}`) + '\n\nx'), READ);
  if (reading.is !== 'event' || reading.event.on !== 'sip.message') return null;
  return writeStanza({ do: 'xmpp.message', key: 'k', trace: 't', id: 'm1', message: reading.event.message }, PAIR).getChildText('thread');
}

const LONG = 'x'.repeat(1_300);
const page = (text: string) => ({ do: 'sip.message', key: 'k', trace: 't', callId: 'c1', message: { text } }) as const;

const PAGE_PLAYS: Readonly<Record<string, Check>> = {
  M02: [() => textOf('', 'Neither, fair saint, if either thee dislike.'), 'romeo@example.net | juliet@example.com | Neither, fair saint, if either thee dislike.'],
  M03: [() => textOf('\nContent-Language: cs', 'Ahoj'), 'romeo@example.net | juliet@example.com | cs | Ahoj'],
  M04: [() => { const why = sizeFault(writeRequest(page(LONG), PARTIES, WRITE), page(LONG), { ...WRITE, streamOnly: false }); return [why?.type, why?.condition]; }, ['modify', 'policy-violation']],
  M06: [() => ([200, 202] as const).map((pageStatus) => answerTo(pageStatus)), [200, 202]],
  M07: [() => { const play = new Play(contextOf('simple')); const one = methods(play.says('1')); const two = methods(play.says('2')); return [one, two, methods(play.answer('sip.message', 200))]; }, [['sip.message'], [], ['sip.message']]],
  // Our policy is to refuse it, so that the sender is told.
  M08: [() => statusAfter('\nDate: Sun, 22 Nov 2026 12:00:00 GMT\nExpires: 10', Date.UTC(2026, 10, 22, 12, 1)), 480],
  // It is an event of its own, never a text (what may be told of it is a notice in our words, decision 026).
  M09: [() => eventOf({ type: 'error' }), 'xmpp.error'],
  M10: [() => Object.keys(writeRequest(page('x'), PARTIES, WRITE).headers).some((name) => name.toLowerCase() === 'contact'), false],
};

function eventOf(attrs: Readonly<Record<string, string>>): string {
  const stanza = element('message', { from: 'ann@example.com/r', to: 'bob@example.com', ...attrs }, element('body', {}, 'x'));
  const reading = readStanza(stanza, { at: 0, trace: 't', newId: () => 'i', maxTextBytes: 10_000 });
  return reading.is === 'event' ? reading.event.on : reading.is;
}

function answerTo(pageStatus: 200 | 202): number | undefined {
  const play = new Play({ ...contextOf('simple'), pageStatus });
  const effects = play.request('sip.message', { ref: newRef(DIALOG), message: { text: 'x' } });
  return effects.flatMap((effect) => (effect.do === 'sip.answer' ? [effect.status] : [])).at(0);
}

const SESSION_PLAYS: Readonly<Record<string, Check>> = {
  C04: [() => session().request('sip.bye', { ref: refOf(DIALOG, 2) }).map((effect) => (effect.do === 'sip.answer' ? effect.status : effect.do)), [200]],
  C06: [() => threadOf('F6989A8C-DE8A-4E21-8E07-F0898304796F'), 'F6989A8C-DE8A-4E21-8E07-F0898304796F'],
  C09: [() => {
    const play = session();
    play.on('xmpp.chat-state', { chatState: 'active' });
    return play.request('sip.bye', { ref: refOf(DIALOG, 2) }).flatMap((effect) => (effect.do === 'xmpp.chat-state' ? [effect.chatState, effect.thread === DIALOG.callId] : []));
  }, ['gone', true]],
  C05: [() => new Play().request('sip.invite', { ref: newRef(DIALOG), dialog: DIALOG }).map((effect) => (effect.do === 'sip.answer' ? effect.status : effect.do)), [200]],
  C08: [() => methods(session().on('xmpp.chat-state', { chatState: 'gone', resource: 'phone' })), ['sip.bye']],
};
