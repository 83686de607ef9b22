import { TRESPASS, type Dialog, type DialogRef, type Effect } from '../src';
import { names, newRef, Play, refOf, statusOf, theirDialog } from './support/pair';

/** SEC-12: what one peer of the configuration holds, no other may touch, although it is listed and knows every id. */

const OWN = { peer: 'a', others: ['b', 'c'] };
const ANOTHERS = { peer: 'b', others: ['a', 'c'] };
const HELD = { peer: 'a' } as const;
const BUSY = { setting: 'busy' } as const;

const WATCHES = { accept: ['application/pidf+xml'], expires: 3600 };
const TALKS = { media: 'message' };

interface Scene {
  readonly play: Play;
  readonly ref: (cseq: number) => DialogRef;
}

function request(play: Play, on: string, ref: DialogRef, more: object = {}): readonly Effect[] {
  return play.request(on as 'sip.bye', { ref, ...more });
}

/** Ann watches Bob, or has opened a session with him; his server is peer a. */
function ours(by: 'sip.subscribe' | 'sip.invite'): Scene {
  const play = new Play();
  if (by === 'sip.subscribe') play.on('xmpp.subscribe');
  else play.says('hello');
  const { dialog } = play.pending(by);
  if (dialog === undefined) throw new Error('no dialog');
  const outcome: Dialog = { ...dialog, remoteTag: 'bob', server: 'sip1', owner: 'w1/1', ...HELD };
  play.answer(by, 200, { dialog: outcome });
  if (by === 'sip.invite') play.answer('sip.message', 200, { dialog: outcome });
  return { play, ref: (cseq) => refOf(outcome, cseq) };
}

/** Bob watches Ann, or has a session with her, by way of peer a. */
function theirs(on: 'sip.subscribe' | 'sip.invite'): Scene {
  const play = new Play();
  const dialog = theirDialog('d', HELD);
  const more = on === 'sip.subscribe' ? WATCHES : TALKS;
  expect(statusOf(request(play, on, { ...newRef(dialog), ...OWN }, { dialog, ...more }))).toBe(200);
  return { play, ref: (cseq) => refOf(dialog, cseq) };
}

const SCENES: readonly (readonly [what: string, scene: () => Scene, on: string, more: object])[] = [
  ['NOTIFY', () => ours('sip.subscribe'), 'sip.notify', { substate: 'active', presence: BUSY }],
  ['the refresh of a SUBSCRIBE', () => theirs('sip.subscribe'), 'sip.subscribe', { dialog: theirDialog('d', HELD), ...WATCHES, expires: 0 }],
  ['BYE', () => theirs('sip.invite'), 'sip.bye', {}],
  ['BYE in a session that we have opened', () => ours('sip.invite'), 'sip.bye', {}],
  ['MESSAGE', () => theirs('sip.invite'), 'sip.message', { message: { text: 'hi' } }],
  ['typing', () => theirs('sip.invite'), 'sip.typing', { composing: true }],
  ['re-INVITE', () => theirs('sip.invite'), 'sip.reinvite', { media: 'message' }],
];

test.each(SCENES)('SEC-12: %s of another peer gets 481 and changes nothing', (_what, scene, on, more) => {
  const { play, ref } = scene();
  const before = play.record;
  const effects = request(play, on, { ...ref(5), ...ANOTHERS }, more);
  expect([names(effects), statusOf(effects)]).toEqual([['sip.answer'], 481]);
  expect({ ...play.record, effects: [] }).toEqual({ ...before, effects: [] });
});

test.each(SCENES)('SEC-12: %s of the peer that holds the dialog is taken', (_what, scene, on, more) => {
  const { play, ref } = scene();
  expect(statusOf(request(play, on, { ...ref(5), ...OWN }, more))).toBe(200);
});

test.each(SCENES)('%s is taken once the peer that held the dialog is configured no more', (_what, scene, on, more) => {
  const { play, ref } = scene();
  expect(statusOf(request(play, on, { ...ref(5), peer: 'b', others: ['c'] }, more))).toBe(200);
  const again = scene();
  expect(statusOf(request(again.play, on, { ...again.ref(5), peer: 'b' }, more))).toBe(200);
});

test.each(['sip.subscribe', 'sip.invite'] as const)('SEC-12: nor can another peer take a dialog over by opening it again (%s)', (on) => {
  const { play } = theirs(on);
  const before = play.record;
  const dialog = theirDialog('d', { localTag: 'fresh', peer: 'b' });
  const more = on === 'sip.subscribe' ? WATCHES : TALKS;
  expect(statusOf(request(play, on, { ...newRef(dialog, 9), ...ANOTHERS }, { dialog, ...more }))).toBe(481);
  expect({ ...play.record, effects: [] }).toEqual({ ...before, effects: [] });
});

test.each(['sip.ack', 'sip.cancel'] as const)('SEC-12: %s of another peer is not heard', (on) => {
  const { play, ref } = theirs('sip.invite');
  expect(play.on(on, { ref: { ...ref(1), ...ANOTHERS } })).toEqual([]);
  expect(play.ignored).toBe(TRESPASS);
});

test('a dialog that nobody holds is open to all that are listed: records of before, and the short form of the configuration', () => {
  const play = new Play();
  const dialog = theirDialog('d');
  request(play, 'sip.invite', newRef(dialog), { dialog, ...TALKS });
  expect(statusOf(request(play, 'sip.bye', { ...refOf(dialog, 2), ...ANOTHERS }))).toBe(200);
});
