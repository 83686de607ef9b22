import { fault } from '@isthmus/model';
import { dueAt, isEmpty } from '../src';
import { all, contextOf, names, newRef, only, Play, refOf, statusOf, theirDialog } from './support/pair';

/** A session that we opened; its first message has arrived. */
function openedByUs(play = new Play()): Play {
  play.says('hello');
  play.answer('sip.invite', 200);
  play.answer('sip.message', 200);
  return play;
}

const bobs = theirDialog('bob');

/** A session that the SIP user opened. */
function openedByThem(play = new Play()): Play {
  play.request('sip.invite', { ref: newRef(bobs), dialog: bobs });
  return play;
}

describe('session mode: the XMPP user writes', () => {
  test('IM-20 the first message opens a session and goes out in it when it has been accepted', () => {
    const play = new Play();
    const invite = only(play.says('hello'), 'sip.invite');
    expect(invite).toMatchObject({ firstText: 'hello', dialog: { localCSeq: 0 } });
    expect(invite.dialog.callId).not.toBe(invite.dialog.localTag);
    const effects = play.answer('sip.invite', 200);
    expect(names(effects)).toEqual(['sip.message']);
    expect(only(effects, 'sip.message')).toMatchObject({ message: { text: 'hello' }, dialog: { remoteTag: expect.any(String) } });
    expect(names(play.answer('sip.message', 200))).toEqual([]);
    expect(play.record.conversation).toMatchObject({ is: 'open', queue: [] });
  });

  test('observed A2: never a second INVITE while one is out or a session is up', () => {
    const play = new Play();
    play.says('one');
    expect(play.says('two')).toEqual([]);
    play.answer('sip.invite', 200);
    play.says('three');
    expect(all(play.log, 'sip.invite')).toHaveLength(1);
  });

  test('promise 2, IM-6: messages go out in order, one at a time', () => {
    const play = new Play();
    for (const text of ['one', 'two', 'three']) play.says(text);
    const sent = [only(play.answer('sip.invite', 200), 'sip.message').message.text];
    sent.push(only(play.answer('sip.message', 200), 'sip.message').message.text);
    sent.push(only(play.answer('sip.message', 200), 'sip.message').message.text);
    expect(sent).toEqual(['one', 'two', 'three']);
    expect(play.answer('sip.message', 200)).toEqual([]);
  });

  test('a message keeps its own trace on the whole way', () => {
    const play = new Play();
    play.says('one');
    play.says('two');
    const [one, two] = play.record.conversation.queue;
    expect(one?.trace).not.toBe(two?.trace);
    play.answer('sip.invite', 200);
    expect(only(play.answer('sip.message', 200), 'sip.message').trace).toBe(two?.trace);
  });

  test('promise 6: beyond the bound a message comes back at once (queue.full), those in the queue stay', () => {
    const play = new Play(contextOf('microsoft', { maxQueuedMessages: 2 }));
    play.says('one');
    play.says('two');
    expect(only(play.says('three'), 'xmpp.bounce')).toMatchObject({ id: 'm-three', resource: 'phone', fault: fault('queue.full') });
    expect(play.record.conversation.queue.map(({ id }) => id)).toEqual(['m-one', 'm-two']);
  });

  test('IM-11 a refused INVITE returns every message that waits, in order, with the fault', () => {
    const play = new Play();
    play.says('one');
    play.says('two', { resource: undefined as never, type: 'normal' });
    const bounces = all(play.answer('sip.invite', 486), 'xmpp.bounce');
    expect(bounces).toMatchObject([
      { id: 'm-one', resource: 'phone', type: 'chat', message: { text: 'one' }, fault: { sip: 486 } },
      { id: 'm-two', type: 'normal', message: { text: 'two' }, fault: { sip: 486 } },
    ]);
    expect(play.record.conversation.is).toBe('none');
  });

  test('IM-20 a text that the 2xx to INVITE says was taken is not sent again', () => {
    const play = new Play();
    play.says('one');
    play.says('two');
    const effects = play.answer('sip.invite', 200, { firstTextTaken: true });
    expect(only(effects, 'sip.message').message.text).toBe('two');
  });

  test.each([486, 415, 500, 504, 603, 606])('observed B: %i to MESSAGE returns that message and keeps the session', (status) => {
    const play = openedByUs();
    play.says('one');
    play.says('two');
    const effects = play.answer('sip.message', status);
    expect(only(effects, 'xmpp.bounce')).toMatchObject({ id: 'm-one', fault: { sip: status } });
    expect(only(effects, 'sip.message')).toMatchObject({ message: { text: 'two' } });
    expect(play.record.conversation.is).toBe('open');
  });

  test.each([600, 603, 604, 606])('ERR-7: %i is the last word: nothing is tried again, by INVITE or in the session', (status) => {
    const refused = new Play();
    refused.says('one');
    expect(names(refused.answer('sip.invite', status))).toEqual(['xmpp.bounce']);
    const play = openedByUs();
    play.says('two');
    expect(names(play.answer('sip.message', status))).toEqual(['xmpp.bounce']);
    expect(play.record.effects).toEqual([]);
  });

  test('unreachable: the message comes back, the session stays', () => {
    const play = openedByUs();
    play.says('one');
    const effects = play.fails('sip.message', 'unreachable');
    expect(only(effects, 'xmpp.bounce').fault).toEqual(fault('network.unreachable'));
    expect(play.record.conversation.is).toBe('open');
  });

  test.each([480, 481])('dead dialog: after %i the session is opened anew and the message sent once more, unmarked', (status) => {
    const play = openedByUs();
    const dead = play.record.conversation.is === 'open' ? play.record.conversation.dialog : undefined;
    play.says('one');
    const effects = play.answer('sip.message', status);
    expect(names(effects)).toEqual(['sip.bye', 'sip.invite']);
    expect(only(effects, 'sip.bye').dialog.callId).toBe(dead?.callId);
    expect(only(effects, 'sip.invite').dialog.callId).not.toBe(dead?.callId);
    const again = only(play.answer('sip.invite', 200), 'sip.message');
    expect(again.message.text).toBe('one');
    expect(again).not.toHaveProperty('repeated');
  });

  test('dead dialog: after 408 the message may have arrived, so the second one is marked', () => {
    const play = openedByUs();
    play.says('one');
    play.answer('sip.message', 408);
    expect(only(play.answer('sip.invite', 200), 'sip.message').repeated).toBe(true);
  });

  test('dead dialog: a second failure returns the message; the next one gets a session of its own', () => {
    const play = openedByUs();
    play.says('one');
    play.says('two');
    play.fails('sip.message', 'timeout');
    play.answer('sip.invite', 200);
    const effects = play.answer('sip.message', 481);
    expect(only(effects, 'xmpp.bounce').id).toBe('m-one');
    expect(only(effects, 'sip.invite').firstText).toBe('two');
  });

  test('a dead dialog with nothing left to send ends the session', () => {
    const play = openedByUs();
    play.on('xmpp.chat-state', { chatState: 'composing' });
    expect(names(play.answer('sip.typing', 481))).toEqual(['sip.bye']);
    expect(play.record.conversation.is).toBe('none');
  });

  test('promise 1: a message whose fate nobody knows is sent once more, marked; then it comes back', () => {
    const play = openedByUs();
    play.says('one');
    const again = only(play.fails('sip.message', 'lost'), 'sip.message');
    expect(again).toMatchObject({ message: { text: 'one' }, repeated: true });
    const effects = play.fails('sip.message', 'lost');
    expect(only(effects, 'xmpp.bounce').fault).toEqual(fault('network.timeout'));
  });

  test('promise 1: an INVITE whose fate nobody knows is repeated once in a new dialog; then all comes back', () => {
    const play = new Play();
    const first = only(play.says('one'), 'sip.invite');
    const second = only(play.fails('sip.invite', 'lost'), 'sip.invite');
    expect(second.dialog.callId).not.toBe(first.dialog.callId);
    play.says('two');
    const bounces = all(play.fails('sip.invite', 'lost'), 'xmpp.bounce');
    expect(bounces.map(({ id }) => id)).toEqual(['m-one', 'm-two']);
    expect(play.record.conversation.is).toBe('none');
  });

  test('a late success after an unknown fate is marked as repeated', () => {
    const play = new Play();
    play.says('one');
    play.fails('sip.invite', 'lost');
    expect(only(play.answer('sip.invite', 200), 'sip.message').repeated).toBe(true);
  });
});

describe('session mode: the SIP user writes', () => {
  test('IM-21, observed A3: INVITE is answered 200 at once with our tag and a text session; nothing goes to XMPP', () => {
    const play = new Play();
    const effects = play.request('sip.invite', { ref: newRef(bobs), dialog: bobs });
    expect(effects).toMatchObject([{ do: 'sip.answer', method: 'INVITE', status: 200, session: true, localTag: 'bob-ours' }]);
  });

  test('an offer that cannot be taken is refused with its fault, in every state', () => {
    const refusal = fault('session.unsupported');
    const plays = [new Play(), openedByUs(), openedByThem()];
    const inviting = new Play();
    inviting.says('one');
    for (const play of [...plays, inviting]) {
      const before = play.record.conversation;
      const effects = play.request('sip.invite', { ref: newRef(theirDialog('x')), dialog: theirDialog('x'), refusal });
      expect(effects).toMatchObject([{ do: 'sip.answer', status: 488, reason: refusal.text }]);
      expect(play.record.conversation).toEqual(before);
    }
  });

  test('promise 1: a text is handed to the XMPP server first, answered 200 then', () => {
    const play = openedByThem();
    const effects = play.request('sip.message', { ref: refOf(bobs, 2), message: { text: 'hi' } });
    expect(effects).toMatchObject([
      { do: 'xmpp.message', message: { text: 'hi' } },
      { do: 'sip.answer', method: 'MESSAGE', status: 200 },
    ]);
  });

  test.each(['message', 'x-ms-message'] as const)('RFC 3264 section 6, microsoft-dialect 2.1: the answer names the medium as the offer does: %s', (media) => {
    const play = new Play();
    expect(only(play.request('sip.invite', { ref: newRef(bobs), dialog: bobs, media }), 'sip.answer').media).toBe(media);
    expect(only(play.request('sip.reinvite', { ref: refOf(bobs, 2), media }), 'sip.answer').media).toBe(media);
    expect(only(play.request('sip.reinvite', { ref: refOf(bobs, 3) }), 'sip.answer').media).toBeUndefined();
  });

  test('our messages go into the session that the SIP user opened', () => {
    const play = openedByThem();
    expect(only(play.says('one'), 'sip.message').dialog).toMatchObject({ callId: 'bob-call' });
  });

  test('observed A9: pipelined MESSAGEs are delivered in order and all answered', () => {
    const play = openedByThem();
    const effects = [2, 3, 4].flatMap((cseq) => play.request('sip.message', { ref: refOf(bobs, cseq), message: { text: `n${cseq}` } }));
    expect(all(effects, 'xmpp.message').map(({ message }) => message.text)).toEqual(['n2', 'n3', 'n4']);
    expect(all(effects, 'sip.answer').map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test('a request that is repeated (same Call-ID, From tag and CSeq) is answered 200 and delivered once', () => {
    const play = openedByThem();
    play.request('sip.message', { ref: refOf(bobs, 2), message: { text: 'hi' } });
    expect(play.request('sip.message', { ref: refOf(bobs, 2), message: { text: 'hi' } })).toMatchObject([{ do: 'sip.answer', status: 200 }]);
  });

  test('promise 1: a repeated request whose session has ended meanwhile is answered 200: its text was taken; a new one gets 481', () => {
    const play = openedByThem();
    play.request('sip.message', { ref: refOf(bobs, 2), message: { text: 'hi' } });
    play.on('owner.gone', { owner: bobs.owner });
    play.answer('sip.bye', 200);
    expect(play.request('sip.message', { ref: refOf(bobs, 2), message: { text: 'hi' } })).toMatchObject([{ do: 'sip.answer', status: 200 }]);
    expect(play.request('sip.message', { ref: refOf(bobs, 3), message: { text: 'new' } })).toMatchObject([{ do: 'sip.answer', status: 481 }]);
  });

  test('promise 6: of requests with gaps between their numbers the last 32 are remembered, no more', () => {
    const play = openedByThem();
    for (let cseq = 2; cseq <= 80; cseq += 2) play.request('sip.message', { ref: refOf(bobs, cseq), message: { text: 'x' } });
    for (const cseq of [18, 80]) expect(names(play.request('sip.message', { ref: refOf(bobs, cseq), message: { text: 'x' } }))).toEqual(['sip.answer']);
    expect(names(play.request('sip.message', { ref: refOf(bobs, 16), message: { text: 'x' } }))).toEqual(['xmpp.message', 'sip.answer']);
  });

  test('observed A4: a new INVITE with the Call-ID of the ended dialog is new, and so are its messages', () => {
    const play = openedByThem();
    play.request('sip.message', { ref: refOf(bobs, 2), message: { text: 'before' } });
    play.request('sip.bye', { ref: refOf(bobs, 3) });
    const second = { ...theirDialog('bob'), localTag: 'ours2', remoteTag: 'theirs2', stackId: 'bob-call;from-tag=theirs2' };
    expect(statusOf(play.request('sip.invite', { ref: newRef(second), dialog: second }))).toBe(200);
    const effects = play.request('sip.message', { ref: refOf(second, 2), message: { text: 'after' } });
    expect(only(effects, 'xmpp.message').message.text).toBe('after');
    // A late BYE in the old dialog does not end the new one.
    expect(statusOf(play.request('sip.bye', { ref: refOf(bobs, 4) }))).toBe(481);
    expect(play.record.conversation.is).toBe('open');
  });

  test('promise 6: INVITE after INVITE of a peer that answers no BYE is refused at a bound', () => {
    const play = new Play();
    const statuses = Array.from({ length: 200 }, (_, index) => {
      const dialog = theirDialog(`d${index}`);
      return statusOf(play.request('sip.invite', { ref: newRef(dialog), dialog }));
    });
    expect(new Set(statuses)).toEqual(new Set([200, 500]));
    expect(play.record.effects.length).toBeLessThanOrEqual(65);
  });

  test('RFC 3261 12.2.2 a re-INVITE moves the far side’s target', () => {
    const play = openedByThem();
    play.request('sip.reinvite', { ref: refOf(bobs, 5), remoteTarget: 'sip:bob@192.0.2.99' });
    expect(only(play.says('hi'), 'sip.message').dialog).toMatchObject({ remoteTarget: 'sip:bob@192.0.2.99', remoteCSeq: 5 });
  });

  test('RFC 3261 14.2 a re-INVITE that wants another medium is refused, and the session goes on as it was', () => {
    const play = openedByThem();
    const given = { ref: refOf(bobs, 5), remoteTarget: 'sip:bob@192.0.2.99', refusal: fault('session.unsupported') };
    expect(statusOf(play.request('sip.reinvite', given))).toBe(488);
    expect(only(play.says('hi'), 'sip.message').dialog).toEqual(bobs);
  });

  test('observed B: a request in an unknown dialog gets 481, so that the client opens a new one', () => {
    const play = new Play();
    const ref = refOf(bobs, 7);
    expect(statusOf(play.request('sip.message', { ref, message: { text: 'hi' } }))).toBe(481);
    expect(statusOf(play.request('sip.typing', { ref, composing: true }))).toBe(481);
    expect(statusOf(play.request('sip.bye', { ref }))).toBe(481);
    expect(statusOf(play.request('sip.reinvite', { ref }))).toBe(481);
    expect(statusOf(openedByUs().request('sip.reinvite', { ref }))).toBe(481);
    expect(statusOf(openedByUs().request('sip.bye', { ref }))).toBe(481);
    expect(all(play.log, 'xmpp.message')).toEqual([]);
  });

  test('a MESSAGE without To tag is page mode and is delivered, in any dialect and state', () => {
    for (const play of [new Play(), new Play(contextOf('simple')), openedByUs()]) {
      const effects = play.request('sip.message', { ref: newRef(theirDialog('p')), message: { text: 'hi' } });
      expect(names(effects)).toEqual(['xmpp.message', 'sip.answer']);
    }
  });

  test('promise 6: when the XMPP side takes nothing, texts are refused at the bound', () => {
    const play = new Play(contextOf('microsoft', { maxQueuedMessages: 1 }));
    play.request('sip.message', { ref: newRef(theirDialog('p')), message: { text: 'one' } });
    const [message] = all(play.log, 'xmpp.message');
    play.record = { ...play.record, effects: message === undefined ? [] : [message] };
    const effects = play.request('sip.message', { ref: newRef(theirDialog('q')), message: { text: 'two' } });
    expect(effects).toMatchObject([{ do: 'sip.answer', status: 500 }]);
  });

  test('a re-INVITE in the session is answered with the session', () => {
    const play = openedByThem();
    const effects = play.request('sip.reinvite', { ref: refOf(bobs, 5) });
    expect(effects).toMatchObject([{ do: 'sip.answer', method: 'INVITE', status: 200, session: true, localTag: 'bob-ours' }]);
  });

  test('observed A2: a second INVITE of the same peer replaces the session; the old one gets BYE', () => {
    const play = openedByThem();
    const second = theirDialog('second');
    const effects = play.request('sip.invite', { ref: newRef(second), dialog: second });
    expect(effects).toMatchObject([{ do: 'sip.answer', status: 200, localTag: 'second-ours' }, { do: 'sip.bye', dialog: { callId: 'bob-call' } }]);
    expect(only(play.says('one'), 'sip.message').dialog?.callId).toBe('second-call');
  });

  test('a second INVITE under the same id in the SIP server replaces without BYE: it would end the new one', () => {
    const play = openedByThem();
    const effects = play.request('sip.invite', { ref: newRef(bobs, 2), dialog: { ...bobs, localTag: 'other' } });
    expect(names(effects)).toEqual(['sip.answer']);
  });

  test('a message that was on its way in a replaced session is sent once more in the new one when that session is dead', () => {
    const play = openedByUs();
    play.pass(10);
    play.says('one');
    const second = theirDialog('second');
    play.request('sip.invite', { ref: newRef(second), dialog: second });
    const effects = play.answer('sip.message', 481);
    expect(only(effects, 'sip.message')).toMatchObject({ message: { text: 'one' }, dialog: { callId: 'second-call' } });
    expect(names(effects)).toEqual(['sip.message']);
  });
});

describe('IM-3, IM-20, IM-22 thread and session', () => {
  const inSession = (play: Play, cseq: number) => {
    const { conversation } = play.record;
    const dialog = 'dialog' in conversation ? conversation.dialog : bobs;
    return only(play.request('sip.message', { ref: refOf(dialog, cseq), message: { text: 'x', thread: dialog.callId } }), 'xmpp.message').message.thread;
  };

  test('in a session of ours his texts have the thread of hers; the Call-ID stays our own (IM-3)', () => {
    const play = new Play();
    const { dialog } = only(play.says('one', { message: { text: 'one', thread: 'hers' } }), 'sip.invite');
    expect(dialog.callId).not.toBe('hers');
    play.answer('sip.invite', 200);
    play.answer('sip.message', 200);
    expect(inSession(play, 1)).toBe('hers');
    play.says('two', { message: { text: 'two', thread: 'new' } });
    expect(inSession(play, 2)).toBe('new');
  });

  test('in a session of his the Call-ID is the thread, until she names another', () => {
    const play = openedByThem();
    expect(inSession(play, 2)).toBe(bobs.callId);
    play.says('one', { message: { text: 'one', thread: 'hers' } });
    expect(inSession(play, 3)).toBe('hers');
  });

  test('IM-24: after gone the thread is over: a new session has a thread of its own', () => {
    const play = openedByUs();
    play.says('two', { message: { text: 'two', thread: 'hers' } });
    play.answer('sip.message', 200);
    play.on('xmpp.chat-state', { chatState: 'gone' });
    play.answer('sip.bye', 200);
    play.request('sip.invite', { ref: newRef(bobs), dialog: bobs });
    expect(inSession(play, 2)).toBe(bobs.callId);
  });

  test('RFC 7572 Table 2: out of dialog the Call-ID is the thread', () => {
    const play = new Play(contextOf('simple'));
    play.says('one', { message: { text: 'one', thread: 'hers' } });
    const { message } = only(play.request('sip.message', { ref: newRef(bobs), message: { text: 'x', thread: bobs.callId } }), 'xmpp.message');
    expect(message.thread).toBe(bobs.callId);
  });
});

describe('glare (observed A3)', () => {
  function glare(): Play {
    const play = new Play();
    play.says('one');
    play.request('sip.invite', { ref: newRef(bobs), dialog: bobs });
    return play;
  }

  test('observed A3: their INVITE gets 200 at once although ours is out', () => {
    const play = new Play();
    play.says('one');
    expect(statusOf(play.request('sip.invite', { ref: newRef(bobs), dialog: bobs }))).toBe(200);
    expect(play.record.conversation.is).toBe('inviting');
  });

  test('observed A3: ours accepted: it is used; theirs is kept for receiving until its BYE', () => {
    const play = glare();
    const effects = play.answer('sip.invite', 200);
    expect(only(effects, 'sip.message').dialog?.callId).not.toBe('bob-call');
    expect(names(play.request('sip.message', { ref: refOf(bobs, 2), message: { text: 'hi' } }))).toEqual(['xmpp.message', 'sip.answer']);
    expect(play.request('sip.reinvite', { ref: refOf(bobs, 3) })).toMatchObject([{ status: 200, localTag: 'bob-ours' }]);
    expect(statusOf(play.request('sip.bye', { ref: refOf(bobs, 4) }))).toBe(200);
    expect(play.record.conversation).toMatchObject({ is: 'open', theirs: undefined });
    expect(statusOf(play.request('sip.message', { ref: refOf(bobs, 5), message: { text: 'hi' } }))).toBe(481);
  });

  test('observed A3: their INVITE comes after the answer that it has crossed: both are kept, ours is used', () => {
    const play = new Play();
    play.says('one');
    const ours = play.pending('sip.invite').dialog;
    play.answer('sip.invite', 200);
    expect(names(play.request('sip.invite', { ref: newRef(bobs), dialog: bobs }))).toEqual(['sip.answer']);
    const mongrel = { callId: ours.callId, remoteTag: 'bob-theirs', localTag: 'bob-ours', cseq: 2 };
    expect(statusOf(play.request('sip.message', { ref: mongrel, message: { text: 'a' } }))).toBe(200);
    expect(names(play.answer('sip.message', 200))).toEqual([]);
    expect(only(play.says('two'), 'sip.message').dialog?.callId).toBe(ours.callId);
  });

  test('observed A3: an INVITE that seemed to have crossed, from a far side that has forgotten our session: theirs is used', () => {
    const play = openedByUs();
    play.request('sip.invite', { ref: newRef(bobs), dialog: bobs });
    play.says('one');
    const effects = play.answer('sip.message', 481);
    expect(only(effects, 'sip.message')).toMatchObject({ message: { text: 'one' }, dialog: { callId: 'bob-call' } });
    expect(names(effects)).toEqual(['sip.bye', 'sip.message']);
  });

  test('observed A2: an INVITE long after the answer to ours replaces our session', () => {
    const play = openedByUs();
    play.pass(10);
    const effects = play.request('sip.invite', { ref: newRef(bobs), dialog: bobs });
    expect(names(effects)).toEqual(['sip.answer', 'sip.bye']);
    expect(only(play.says('one'), 'sip.message').dialog?.callId).toBe('bob-call');
  });

  test('observed A3: ours refused: theirs is used for what waits', () => {
    const play = glare();
    expect(only(play.answer('sip.invite', 491), 'sip.message').dialog?.callId).toBe('bob-call');
  });

  test('observed A3: BYE without To tag for their unanswered INVITE is answered 200 and ends theirs only', () => {
    const play = glare();
    expect(statusOf(play.request('sip.bye', { ref: newRef(bobs, 2) }))).toBe(200);
    expect(play.record.conversation).toMatchObject({ is: 'inviting', theirs: undefined });
    expect(statusOf(play.request('sip.bye', { ref: newRef(bobs, 3) }))).toBe(481);
  });

  test('observed A3: a MESSAGE with the Call-ID of our dialog and the tags of theirs is delivered', () => {
    const play = glare();
    const ours = play.pending('sip.invite').dialog;
    play.request('sip.bye', { ref: newRef(bobs, 2) });
    const before = play.request('sip.message', { ref: { callId: ours.callId, remoteTag: 'bob-theirs', cseq: 2 }, message: { text: 'a' } });
    play.answer('sip.invite', 200);
    const mongrel = { callId: ours.callId, remoteTag: 'bob-theirs', localTag: 'bob-ours', cseq: 3 };
    const after = play.request('sip.message', { ref: mongrel, message: { text: 'b' } });
    expect([before, after].map(names)).toEqual([
      ['xmpp.message', 'sip.answer'],
      ['xmpp.message', 'sip.answer'],
    ]);
    // It does not change what is known of the dialog: our next request goes out with the tags of the 200.
    expect(play.record.conversation).toMatchObject({ is: 'open', dialog: { remoteTag: `far-${ours.localTag}` } });
  });

  test('a second INVITE of theirs during glare replaces the first', () => {
    const play = glare();
    const second = theirDialog('second');
    const effects = play.request('sip.invite', { ref: newRef(second), dialog: second });
    expect(effects).toMatchObject([{ do: 'sip.answer', status: 200 }, { do: 'sip.bye', dialog: { callId: 'bob-call' } }]);
    expect(play.request('sip.reinvite', { ref: refOf(second, 2) })).toMatchObject([{ status: 200 }]);
    expect(statusOf(play.request('sip.reinvite', { ref: refOf(bobs, 2) }))).toBe(481);
  });

  test('BYE in our own dialog before its answer has reached us is answered 200', () => {
    const play = glare();
    const ours = play.pending('sip.invite').dialog;
    expect(statusOf(play.request('sip.bye', { ref: { callId: ours.callId, remoteTag: 'far', localTag: ours.localTag, cseq: 2 } }))).toBe(200);
    expect(play.record.conversation.is).toBe('inviting');
  });

  test('our session ended by them: the one that they opened is used', () => {
    const play = glare();
    play.answer('sip.invite', 200);
    play.answer('sip.message', 200);
    const conversation = play.record.conversation;
    if (conversation.is !== 'open') throw new Error(conversation.is);
    expect(statusOf(play.request('sip.bye', { ref: refOf(conversation.dialog, 2) }))).toBe(200);
    expect(only(play.says('two'), 'sip.message').dialog?.callId).toBe('bob-call');
  });

  test('our session dead: the one that they opened is used, without another INVITE', () => {
    const play = glare();
    play.answer('sip.invite', 200);
    const effects = play.answer('sip.message', 481);
    expect(names(effects)).toEqual(['sip.bye', 'sip.message']);
    expect(only(effects, 'sip.message').dialog?.callId).toBe('bob-call');
  });

  test('ending a session after glare ends both dialogs', () => {
    const play = glare();
    play.answer('sip.invite', 200);
    play.answer('sip.message', 200);
    expect(names(play.on('xmpp.chat-state', { chatState: 'gone' }))).toEqual(['sip.bye', 'sip.bye']);
  });
});

describe('the end of a session', () => {
  test('BYE of the far side: 200; the next message opens a new session', () => {
    const play = openedByThem();
    expect(statusOf(play.request('sip.bye', { ref: refOf(bobs, 2) }))).toBe(200);
    expect(play.record.conversation.is).toBe('none');
    expect(names(play.says('one'))).toEqual(['sip.invite']);
  });

  test('BYE with the Call-ID of the session but other tags is not for it: 481', () => {
    const play = openedByThem();
    for (const tags of [{ localTag: 'other' }, { remoteTag: 'other' }]) {
      expect(statusOf(play.request('sip.bye', { ref: { ...refOf(bobs, 2), ...tags } }))).toBe(481);
    }
    expect(play.record.conversation.is).toBe('open');
  });

  test('BYE of the far side while a message is on its way: its answer is waited for', () => {
    const play = openedByThem();
    play.says('one');
    play.says('two');
    play.request('sip.bye', { ref: refOf(bobs, 2) });
    expect(play.record.conversation.is).toBe('closing');
    const effects = play.answer('sip.message', 200);
    expect(only(effects, 'sip.invite').firstText).toBe('two');
  });

  test('BYE of the far side while a message is on its way: 481 to it, and it goes out in a new session', () => {
    const play = openedByThem();
    play.says('one');
    play.request('sip.bye', { ref: refOf(bobs, 2) });
    expect(only(play.answer('sip.message', 481), 'sip.invite').firstText).toBe('one');
  });

  test('sessionIdleSeconds after the last message the session is ended by BYE', () => {
    const play = openedByUs(new Play(contextOf('microsoft', { sessionIdleSeconds: 600 })));
    expect(play.pass(599)).toEqual([]);
    expect(names(play.pass(1))).toEqual(['sip.bye']);
    play.answer('sip.bye', 200);
    expect(play.record.conversation.is).toBe('none');
  });

  test('a message either way keeps the session', () => {
    const play = openedByThem(new Play(contextOf('microsoft', { sessionIdleSeconds: 600 })));
    play.pass(500);
    play.request('sip.message', { ref: refOf(bobs, 2), message: { text: 'hi' } });
    expect(play.pass(500)).toEqual([]);
    play.says('one');
    play.answer('sip.message', 200);
    expect(play.pass(599)).toEqual([]);
    expect(names(play.pass(1))).toEqual(['sip.bye']);
  });

  test('a session is not idle while a request is on its way', () => {
    const play = openedByThem(new Play(contextOf('microsoft', { sessionIdleSeconds: 10 })));
    play.says('one');
    expect(play.pass(25)).toEqual([]);
    expect(play.record.conversation.is).toBe('open');
  });

  test('IM-23 chat state gone ends the session', () => {
    const play = openedByUs();
    expect(names(play.on('xmpp.chat-state', { chatState: 'gone' }))).toEqual(['sip.bye']);
  });

  test('IM-23 gone before the session is up: it ends after the messages that were written before', () => {
    const play = new Play();
    play.says('one');
    play.on('xmpp.chat-state', { chatState: 'gone' });
    play.says('two');
    expect(only(play.answer('sip.invite', 200), 'sip.message').message.text).toBe('one');
    expect(names(play.answer('sip.message', 200))).toEqual(['sip.bye']);
    expect(only(play.answer('sip.bye', 200), 'sip.invite').firstText).toBe('two');
  });

  test('IM-23 gone before the session is up, whose 200 has taken the only text: it ends at once', () => {
    const play = new Play();
    play.says('one');
    play.on('xmpp.chat-state', { chatState: 'gone' });
    expect(names(play.answer('sip.invite', 200, { firstTextTaken: true }))).toEqual(['sip.bye']);
  });

  test('IM-23, IM-24 the messages before gone go out first; those after it get a new session', () => {
    const play = openedByUs();
    play.says('one');
    play.says('two');
    play.on('xmpp.chat-state', { chatState: 'gone' });
    play.says('three');
    expect(only(play.answer('sip.message', 200), 'sip.message').message.text).toBe('two');
    expect(names(play.answer('sip.message', 200))).toEqual(['sip.bye']);
    expect(only(play.answer('sip.bye', 200), 'sip.invite').firstText).toBe('three');
  });

  test('IM-24, S05 a message while our BYE is out waits and then opens a new session with a new Call-ID', () => {
    const play = openedByUs();
    play.on('xmpp.chat-state', { chatState: 'gone' });
    const old = play.pending('sip.bye').dialog.callId;
    expect(play.says('one')).toEqual([]);
    expect(only(play.answer('sip.bye', 481), 'sip.invite').dialog.callId).not.toBe(old);
  });

  test('what the far side sends while our BYE is out is still taken', () => {
    const play = openedByThem();
    play.on('xmpp.chat-state', { chatState: 'gone' });
    expect(names(play.request('sip.message', { ref: refOf(bobs, 2), message: { text: 'last' } }))).toEqual(['xmpp.message', 'sip.answer']);
    expect(statusOf(play.request('sip.bye', { ref: refOf(bobs, 3) }))).toBe(200);
    expect(statusOf(play.request('sip.bye', { ref: refOf(theirDialog('x'), 3) }))).toBe(481);
    expect(statusOf(play.request('sip.reinvite', { ref: refOf(bobs, 4) }))).toBe(481);
  });

  test('an INVITE of theirs while our BYE is out opens the next session at once', () => {
    const play = openedByUs();
    play.on('xmpp.chat-state', { chatState: 'gone' });
    play.says('one');
    const effects = play.request('sip.invite', { ref: newRef(bobs), dialog: bobs });
    expect(names(effects)).toEqual(['sip.answer', 'sip.message']);
    expect(play.answer('sip.bye', 200)).toEqual([]);
    expect(play.record.conversation.is).toBe('open');
  });

  test('typing that was on its way when the far side ended the session holds nothing up', () => {
    const play = openedByThem();
    play.on('xmpp.chat-state', { chatState: 'composing' });
    play.request('sip.bye', { ref: refOf(bobs, 2) });
    play.says('one');
    expect(names(play.answer('sip.typing', 481))).toEqual(['sip.invite']);
  });

  test('owner gone: the session is ended, so that the next message opens a new one', () => {
    const play = openedByUs();
    expect(names(play.on('owner.gone', { owner: 'w1/1' }))).toEqual(['sip.bye']);
    expect(openedByUs().on('owner.gone', { owner: 'w2/1' })).toEqual([]);
  });

  test('owner gone while a message is on its way: BYE after its answer', () => {
    const play = openedByUs();
    play.says('one');
    play.says('two');
    expect(play.on('owner.gone', { owner: 'w1/1' })).toEqual([]);
    expect(names(play.answer('sip.message', 200))).toEqual(['sip.bye']);
    expect(names(play.answer('sip.bye', 200))).toEqual(['sip.invite']);
  });

  test('owner of their dialog gone, after glare: that one is ended, ours goes on', () => {
    const play = new Play();
    play.says('one');
    const theirs = theirDialog('bob', { owner: 'w9/1' });
    play.request('sip.invite', { ref: newRef(theirs), dialog: theirs });
    expect(only(play.on('owner.gone', { owner: 'w9/1' }), 'sip.bye').dialog.callId).toBe('bob-call');
    play.request('sip.invite', { ref: newRef(theirs), dialog: theirs });
    play.answer('sip.invite', 200);
    expect(only(play.on('owner.gone', { owner: 'w9/1' }), 'sip.bye').dialog.callId).toBe('bob-call');
    expect(play.record.conversation).toMatchObject({ is: 'open', theirs: undefined });
  });

  test('CANCEL after our 200 and ACK change nothing', () => {
    const play = openedByThem();
    const before = play.record;
    expect(play.on('sip.cancel', { ref: newRef(bobs) })).toEqual([]);
    expect(play.on('sip.ack', { ref: refOf(bobs, 1) })).toEqual([]);
    expect(play.record.conversation).toBe(before.conversation);
    expect(play.ignored).toBeDefined();
  });

  test('nothing is remembered of a conversation that has been idle', () => {
    const play = new Play(contextOf('simple'));
    play.request('sip.message', { ref: newRef(theirDialog('p')), message: { text: 'hi' } });
    expect(isEmpty(play.record)).toBe(false);
    play.pass(600);
    expect(isEmpty(play.record)).toBe(true);
    expect(dueAt(play.record)).toBeUndefined();
  });
});

describe('page mode', () => {
  const simple = () => new Play(contextOf('simple'));

  test('IM-6 one MESSAGE out of dialog at a time, in order, each with a Call-ID of its own', () => {
    const play = simple();
    const one = only(play.says('one'), 'sip.message');
    expect(one).not.toHaveProperty('dialog');
    expect(play.says('two')).toEqual([]);
    const two = only(play.answer('sip.message', 200), 'sip.message');
    expect(two.message.text).toBe('two');
    expect(two.callId).not.toBe(one.callId);
    play.answer('sip.message', 202);
    expect(play.record.conversation.is).toBe('none');
  });

  test.each([404, 408, 480, 481, 503])('IM-11 %i returns the message; the next one goes out', (status) => {
    const play = simple();
    play.says('one');
    play.says('two');
    const effects = play.answer('sip.message', status);
    expect(only(effects, 'xmpp.bounce')).toMatchObject({ id: 'm-one', fault: { sip: status } });
    expect(only(effects, 'sip.message').message.text).toBe('two');
  });

  test('a message of unknown fate is sent once more with its Call-ID, so that the far side can see the repetition', () => {
    const play = simple();
    const one = only(play.says('one'), 'sip.message');
    const again = only(play.fails('sip.message', 'lost'), 'sip.message');
    expect(again).toMatchObject({ callId: one.callId, repeated: true });
    expect(names(play.fails('sip.message', 'lost'))).toEqual(['xmpp.bounce']);
  });

  test('an INVITE of a text session is taken; what waits goes out in it', () => {
    const play = simple();
    play.says('one');
    play.says('two');
    expect(names(play.request('sip.invite', { ref: newRef(bobs), dialog: bobs }))).toEqual(['sip.answer']);
    expect(only(play.answer('sip.message', 200), 'sip.message').dialog?.callId).toBe('bob-call');
  });

  test('a page that fails after they opened a session is not taken for a dead session', () => {
    const play = simple();
    play.says('one');
    play.request('sip.invite', { ref: newRef(bobs), dialog: bobs });
    expect(names(play.answer('sip.message', 481))).toEqual(['xmpp.bounce']);
    expect(play.record.conversation.is).toBe('open');
  });

  test('a running session keeps the way in which it was opened; the next one speaks as the route does now', () => {
    const play = openedByUs();
    play.context = contextOf('simple');
    expect(only(play.says('one'), 'sip.message').dialog).toBeDefined();
    play.answer('sip.message', 481);
    expect(play.record.conversation.is).toBe('paging');
    const other = simple();
    other.says('one');
    other.says('two');
    other.context = contextOf('microsoft');
    expect(names(other.answer('sip.message', 200))).toEqual(['sip.invite']);
  });
});

describe('errors and unknown fates', () => {
  test('ERR-5 an error that comes back for a delivered message is not answered', () => {
    const play = openedByUs();
    expect(play.on('xmpp.error', { stanza: 'message', id: 'x', fault: fault('recipient.unknown') })).toEqual([]);
    expect(play.ignored).toBeDefined();
  });

  test('a request that cannot be carried is answered with its fault and changes nothing else', () => {
    const play = openedByThem();
    const effects = play.request('sip.refused', { ref: refOf(bobs, 2), fault: fault('body.unsupported'), method: 'INFO' });
    expect(effects).toMatchObject([{ do: 'sip.answer', method: 'INFO', status: 415 }]);
    expect(play.record.conversation.is).toBe('open');
  });

  test('observed B: in a session that is over it is answered by 481, so that the client opens a new one', () => {
    for (const play of [new Play(), openedByUs(), openedByThem()]) {
      const ref = { ...refOf(theirDialog('over'), 2), localTag: 'over' };
      const effects = play.request('sip.refused', { ref, fault: fault('body.unsupported'), method: 'INFO' });
      expect(effects).toMatchObject([{ do: 'sip.answer', method: 'INFO', status: 481 }]);
    }
  });

  test('out of dialog it is answered with its fault', () => {
    const play = new Play(contextOf('simple'));
    const effects = play.request('sip.refused', { ref: newRef(theirDialog('p')), fault: fault('body.unsupported'), method: 'MESSAGE' });
    expect(effects).toMatchObject([{ do: 'sip.answer', method: 'MESSAGE', status: 415 }]);
  });

  test('an outcome of nothing that is pending changes nothing', () => {
    const play = openedByUs();
    const before = play.record;
    expect(play.take({ on: 'sip.outcome', key: 'nobody', method: 'MESSAGE', result: 'answered', status: 200 })).toEqual([]);
    expect(play.record).toBe(before);
    expect(play.ignored).toBeDefined();
  });

  test('an outcome is taken once', () => {
    const play = new Play();
    play.says('one');
    const invite = play.pending('sip.invite');
    play.outcome(invite, 200);
    expect(play.outcome(invite, 500)).toEqual([]);
    expect(play.record.conversation.is).toBe('open');
  });
});
