import { fault } from '@isthmus/model';
import { dueAt } from '../src';
import { all, contextOf, names, newRef, only, Play, refOf, statusOf, theirDialog } from './support/pair';

const bobs = theirDialog('bob');

function session(play = new Play()): Play {
  play.request('sip.invite', { ref: newRef(bobs), dialog: bobs });
  return play;
}

function typing(play: Play, composing: boolean, cseq: number, refreshSeconds?: number) {
  return play.request('sip.typing', { ref: refOf(bobs, cseq), composing, ...(refreshSeconds !== undefined && { refreshSeconds }) });
}

const states = (effects: Parameters<typeof all>[0]) => all(effects, 'xmpp.chat-state').map(({ chatState }) => chatState);

describe('the SIP user types', () => {
  test('IM-25 typing is shown as composing and answered 200', () => {
    const effects = typing(session(), true, 2);
    expect(states(effects)).toEqual(['composing']);
    expect(effects.at(-1)).toMatchObject({ do: 'sip.answer', method: 'INFO', status: 200 });
  });

  test('typing may come in a MESSAGE: the answer names the method that came', () => {
    const effects = session().request('sip.typing', { ref: refOf(bobs, 2), composing: true, method: 'MESSAGE' });
    expect(only(effects, 'sip.answer').method).toBe('MESSAGE');
  });

  test('IM-27, S04 typing that is refreshed is shown once', () => {
    const play = session();
    typing(play, true, 2);
    expect(names(typing(play, true, 3))).toEqual(['sip.answer']);
  });

  test.each([
    ['microsoft', 'paused'],
    ['simple', 'active'],
  ] as const)('IM-25 the end of typing (%s) is shown as %s, once', (dialect, state) => {
    const play = session(new Play(contextOf(dialect)));
    typing(play, true, 2);
    expect(states(typing(play, false, 3))).toEqual([state]);
    expect(states(typing(play, false, 4))).toEqual([]);
  });

  test('Microsoft typing without news is over after typingTimeoutSeconds', () => {
    const play = session(new Play(contextOf('microsoft', { typingTimeoutSeconds: 30 })));
    typing(play, true, 2);
    expect(states(play.pass(29))).toEqual([]);
    typing(play, true, 3);
    expect(states(play.pass(29))).toEqual([]);
    expect(states(play.pass(1))).toEqual(['paused']);
    expect(states(play.pass(100))).toEqual([]);
  });

  test('IM-26, S01 isComposing without refresh is over after 120 s', () => {
    const play = session(new Play(contextOf('simple')));
    typing(play, true, 2);
    expect(states(play.pass(119))).toEqual([]);
    expect(states(play.pass(1))).toEqual(['active']);
  });

  test('IM-26 the refresh interval of the far side counts, up to an hour', () => {
    const play = session(new Play(contextOf('simple', { sessionIdleSeconds: 100_000 })));
    typing(play, true, 2, 200);
    expect(states(play.pass(199))).toEqual([]);
    expect(states(play.pass(1))).toEqual(['active']);
    typing(play, true, 3, 1e12);
    expect(states(play.pass(3600))).toEqual(['active']);
  });

  test('IM-26, S02 a message ends typing without a stanza of its own', () => {
    const play = session();
    typing(play, true, 2);
    expect(states(play.request('sip.message', { ref: refOf(bobs, 3), message: { text: 'hi' } }))).toEqual([]);
    expect(states(play.pass(60))).toEqual([]);
  });

  test('the end of the session ends typing', () => {
    const play = session();
    typing(play, true, 2);
    expect(names(play.request('sip.bye', { ref: refOf(bobs, 3) }))).toEqual(['sip.answer', 'xmpp.chat-state']);
  });

  test('IM-27 nothing is shown to a client that wrote without a chat state, until it sends one', () => {
    const play = session();
    play.says('one', { chatState: undefined as never });
    expect(states(typing(play, true, 2))).toEqual([]);
    expect(statusOf(typing(play, false, 3))).toBe(200);
    play.says('headline', { chatState: undefined as never, type: 'normal' });
    expect(states(typing(play, true, 4))).toEqual([]);
    play.on('xmpp.chat-state', { chatState: 'active' });
    expect(states(typing(play, true, 5))).toEqual(['composing']);
  });

  test('IM-27 nor does a chat state ride in a message to such a client', () => {
    const play = session();
    const write = (cseq: number) => only(play.request('sip.message', { ref: refOf(bobs, cseq), message: { text: 'hi' } }), 'xmpp.message');
    expect(write(2)).not.toHaveProperty('mute');
    play.says('one', { chatState: undefined as never });
    expect(write(3).mute).toBe(true);
    play.says('two');
    expect(write(4)).not.toHaveProperty('mute');
  });

  test('IM-27 typing that was shown before the client proved to lack chat states ends in silence', () => {
    const play = session();
    expect(states(typing(play, true, 2))).toEqual(['composing']);
    play.says('one', { chatState: undefined as never });
    expect(all(play.pass(3600), 'xmpp.chat-state')).toEqual([]);
  });

  test('out of dialog: typing is taken; in an unknown dialog it gets 481', () => {
    const play = new Play(contextOf('simple'));
    expect(states(play.request('sip.typing', { ref: newRef(bobs), composing: true }))).toEqual(['composing']);
    expect(states(play.pass(120))).toEqual(['active']);
    expect(statusOf(typing(play, true, 2))).toBe(481);
  });

  test('typing out of dialog outlives what is remembered of the conversation, and then is over', () => {
    const play = new Play(contextOf('simple', { sessionIdleSeconds: 60 }));
    play.request('sip.message', { ref: newRef(theirDialog('p')), message: { text: 'hi' } });
    play.request('sip.typing', { ref: newRef(theirDialog('q')), composing: true });
    expect(states(play.pass(119))).toEqual([]);
    expect(states(play.pass(1))).toEqual(['active']);
    expect(play.record.conversation).toMatchObject({ is: 'none', seen: [] });
  });
});

describe('the XMPP user types', () => {
  test('IM-25 composing is told in the session, its end too, each once', () => {
    const play = session();
    expect(only(play.on('xmpp.chat-state', { chatState: 'composing' }), 'sip.typing')).toMatchObject({ composing: true, dialog: { callId: 'bob-call' } });
    expect(play.on('xmpp.chat-state', { chatState: 'composing' })).toEqual([]);
    play.answer('sip.typing', 200);
    expect(play.on('xmpp.chat-state', { chatState: 'composing' })).toEqual([]);
    expect(only(play.on('xmpp.chat-state', { chatState: 'paused' }), 'sip.typing').composing).toBe(false);
    play.answer('sip.typing', 200);
    for (const chatState of ['inactive', 'active'] as const) expect(play.on('xmpp.chat-state', { chatState })).toEqual([]);
  });

  test('typing waits for the request that is on its way; only the last state is told', () => {
    const play = session();
    play.says('one');
    play.on('xmpp.chat-state', { chatState: 'composing' });
    expect(names(play.answer('sip.message', 200))).toEqual(['sip.typing']);
    play.on('xmpp.chat-state', { chatState: 'paused' });
    play.on('xmpp.chat-state', { chatState: 'composing' });
    expect(play.answer('sip.typing', 200)).toEqual([]);
  });

  test('IM-26 a message says that typing is over: no INFO for that', () => {
    const play = session();
    play.on('xmpp.chat-state', { chatState: 'composing' });
    play.answer('sip.typing', 200);
    play.says('one');
    expect(play.answer('sip.message', 200)).toEqual([]);
    expect(play.on('xmpp.chat-state', { chatState: 'active' })).toEqual([]);
  });

  test('typing that goes on with the next sentence is told again after the message', () => {
    const play = session();
    play.says('one', { chatState: 'composing' });
    expect(names(play.answer('sip.message', 200))).toEqual(['sip.typing']);
  });

  test('without a session nothing is told; while ours is being opened it waits', () => {
    const play = new Play();
    expect(play.on('xmpp.chat-state', { chatState: 'composing' })).toEqual([]);
    expect(play.ignored).toBeDefined();
    play.says('one');
    play.on('xmpp.chat-state', { chatState: 'composing' });
    expect(names(play.answer('sip.invite', 200))).toEqual(['sip.message']);
    expect(names(play.answer('sip.message', 200))).toEqual(['sip.typing']);
  });

  test('IM-26, S03 after 415 typing is never told to that side again', () => {
    const play = session();
    play.on('xmpp.chat-state', { chatState: 'composing' });
    play.answer('sip.typing', 415);
    expect(play.on('xmpp.chat-state', { chatState: 'paused' })).toEqual([]);
    expect(play.record.conversation.is).toBe('open');
  });

  test.each([500, 486])('%i to typing changes nothing else', (status) => {
    const play = session();
    play.on('xmpp.chat-state', { chatState: 'composing' });
    expect(play.answer('sip.typing', status)).toEqual([]);
    expect(names(play.on('xmpp.chat-state', { chatState: 'paused' }))).toEqual(['sip.typing']);
  });

  test('a dead dialog found by typing: ended, and what waits goes out in a new session', () => {
    const play = session();
    play.on('xmpp.chat-state', { chatState: 'composing' });
    play.says('one');
    expect(names(play.answer('sip.typing', 408))).toEqual(['sip.bye', 'sip.invite']);
  });

  describe('IM-26 out of dialog', () => {
    function paged(): Play {
      const play = new Play(contextOf('simple'));
      play.request('sip.message', { ref: newRef(theirDialog('p')), message: { text: 'hi' } });
      return play;
    }

    test('typing is told only in reply to an earlier message', () => {
      const fresh = new Play(contextOf('simple'));
      fresh.says('one');
      expect(fresh.on('xmpp.chat-state', { chatState: 'composing' })).toEqual([]);
      const typing = only(paged().on('xmpp.chat-state', { chatState: 'composing' }), 'sip.typing');
      expect(typing).toMatchObject({ composing: true, callId: expect.any(String) });
      expect(typing).not.toHaveProperty('dialog');
    });

    test('IM-6 it never overlaps with another request out of dialog', () => {
      const play = paged();
      play.on('xmpp.chat-state', { chatState: 'composing' });
      expect(play.says('one')).toEqual([]);
      expect(names(play.answer('sip.typing', 200))).toEqual(['sip.message']);
      expect(play.answer('sip.message', 200)).toEqual([]);
      expect(play.record.conversation.is).toBe('none');
    });

    test('S03 after 415 it is not told again', () => {
      const play = paged();
      play.on('xmpp.chat-state', { chatState: 'composing' });
      play.answer('sip.typing', 415);
      expect(play.on('xmpp.chat-state', { chatState: 'paused' })).toEqual([]);
    });

    test('gone ends typing and the right to tell of it', () => {
      const play = paged();
      play.on('xmpp.chat-state', { chatState: 'composing' });
      play.answer('sip.typing', 200);
      expect(only(play.on('xmpp.chat-state', { chatState: 'gone' }), 'sip.typing').composing).toBe(false);
      play.answer('sip.typing', 200);
      expect(play.on('xmpp.chat-state', { chatState: 'composing' })).toEqual([]);
    });

    test('a client that shows chat states again is told of typing again', () => {
      const play = new Play(contextOf('simple'));
      play.says('one', { chatState: undefined as never });
      play.answer('sip.message', 200);
      play.on('xmpp.chat-state', { chatState: 'active' });
      expect(states(play.request('sip.typing', { ref: newRef(bobs), composing: true }))).toEqual(['composing']);
    });
  });
});

describe('IM-26 typing that goes on', () => {
  const composing = (play: Play) => play.on('xmpp.chat-state', { chatState: 'composing' });

  function pages(): Play {
    const play = new Play(contextOf('simple'));
    play.request('sip.message', { ref: newRef(theirDialog('page')), message: { text: 'hello' } });
    composing(play);
    play.answer('sip.typing', 200);
    return play;
  }

  test('is told again before the 90 s of our indication have passed, and not within 60 s (RFC 3994 section 3.2)', () => {
    const play = pages();
    expect(play.pass(60)).toEqual([]);
    expect(only(play.pass(29), 'sip.typing').composing).toBe(true);
    play.answer('sip.typing', 200);
    expect(only(play.pass(89), 'sip.typing').composing).toBe(true);
  });

  test('ends with the state that follows, and with the conversation', () => {
    const play = pages();
    play.on('xmpp.chat-state', { chatState: 'paused' });
    play.answer('sip.typing', 200);
    expect(play.pass(200)).toEqual([]);
    const forgotten = pages();
    for (let told = 0; told < 10; told += 1) {
      forgotten.pass(89);
      if (forgotten.record.effects.length > 0) forgotten.answer('sip.typing', 200);
    }
    expect(forgotten.record.conversation.is).toBe('none');
    expect(forgotten.pass(500)).toEqual([]);
  });

  test('Microsoft’s INFO has no refresh: it is told once', () => {
    const play = new Play();
    play.says('hello');
    play.answer('sip.invite', 200);
    play.answer('sip.message', 200);
    composing(play);
    play.answer('sip.typing', 200);
    expect(play.pass(300)).toEqual([]);
  });

  test('is told again also when the worker looks late, and the conversation is idle but for the typing of the far side', () => {
    const play = pages();
    play.request('sip.typing', { ref: newRef(theirDialog('page')), composing: true, refreshSeconds: 3600 });
    play.at += 600_000;
    expect(only(play.on('timer'), 'sip.typing').composing).toBe(true);
    play.answer('sip.typing', 200);
    expect(dueAt(play.record)).toBeGreaterThan(play.at);
    expect(play.record.conversation).toMatchObject({ is: 'none', typingTold: true });
  });

  test('in a session of dialect simple it is told again too', () => {
    const play = new Play(contextOf('simple'));
    const bobs = theirDialog('bob');
    play.request('sip.invite', { ref: newRef(bobs), dialog: bobs });
    composing(play);
    play.answer('sip.typing', 200);
    expect(only(play.pass(89), 'sip.typing')).toMatchObject({ composing: true, dialog: { callId: bobs.callId } });
  });
});

describe('typing of an XMPP user who vanishes (IM-26: nobody would say that it is over)', () => {
  const start = (play: Play, resource = 'phone'): Play => {
    play.on('xmpp.chat-state', { chatState: 'composing', resource });
    play.answer('sip.typing', 200);
    return play;
  };
  const paged = (): Play => {
    const play = new Play(contextOf('simple'));
    play.request('sip.message', { ref: newRef(theirDialog('p')), message: { text: 'hi' } });
    return play;
  };
  const told = (effects: Parameters<typeof all>[0]) => all(effects, 'sip.typing').map(({ composing }) => composing);

  test.each([
    ['in a session', () => session()],
    ['out of dialog', paged],
  ])('%s: ends when the client that types has gone, not when another one has', (_where, play) => {
    const typing = start(play());
    expect(told(typing.on('xmpp.unavailable', { resource: 'desk' }))).toEqual([]);
    expect(told(typing.on('xmpp.unavailable', { resource: 'phone' }))).toEqual([false]);
    typing.answer('sip.typing', 200);
    expect(told(typing.pass(500))).toEqual([]);
  });

  test('ends when the last client has gone, whichever it was', () => {
    const play = start(session(), 'unknown');
    play.record = { ...play.record, inward: { ...play.record.inward, is: 'active' } };
    play.on('xmpp.available', { presence: { resource: 'phone', priority: 0 } });
    expect(told(play.on('xmpp.unavailable', { resource: 'phone' }))).toEqual([false]);
  });

  test('XD-3: an `unavailable` without a resource from a user whom the contact may not see says nothing', () => {
    expect(told(start(session()).on('xmpp.unavailable'))).toEqual([]);
  });

  test('ends with the XMPP server; what follows is typed anew', () => {
    for (const play of [start(session()), start(paged())]) {
      expect(told(play.on('xmpp.down'))).toEqual([false]);
      play.answer('sip.typing', 200);
      expect(told(play.on('xmpp.chat-state', { chatState: 'composing', resource: 'phone' }))).toEqual([true]);
    }
  });

  test('ends when a stanza comes back from him, a text or any other message; not for a presence', () => {
    const late = start(paged());
    const { delivered = [] } = late.record.conversation;
    const why = { stanza: 'message', fault: fault('recipient.unknown') } as const;
    expect(told(start(session()).on('xmpp.error', { ...why, stanza: 'presence' }))).toEqual([]);
    expect(told(start(session()).on('xmpp.error', why))).toEqual([false]);
    expect(told(start(paged()).on('xmpp.error', why))).toEqual([false]);
    expect(names(late.on('xmpp.error', { ...why, id: delivered[0] ?? '' }))).toEqual(['sip.message']);
    expect(late.answer('sip.message', 200)).toEqual([]);
  });

  test('nothing is told where nothing was, nor while a session is opened', () => {
    expect(session().on('xmpp.unavailable', { resource: 'phone' })).toEqual([]);
    expect(session().on('xmpp.down')).toEqual([]);
    const play = new Play();
    play.says('one', { chatState: 'composing' });
    expect(play.on('xmpp.unavailable', { resource: 'phone' })).toEqual([]);
    play.answer('sip.invite', 200);
    expect(told(play.answer('sip.message', 200))).toEqual([]);
  });
});

describe('IM-23, RFC 7573 section 6.1: the SIP user ends the session', () => {
  const knows = (play = session()): Play => {
    play.on('xmpp.chat-state', { chatState: 'active' });
    return play;
  };
  const bye = (play: Play, cseq = 9) => play.request('sip.bye', { ref: refOf(bobs, cseq) });

  test('is told as `gone`, with the thread that is over, in place of the end of typing; once', () => {
    const play = knows();
    typing(play, true, 2);
    expect(all(bye(play), 'xmpp.chat-state')).toMatchObject([{ chatState: 'gone', thread: bobs.callId }]);
    expect(states(bye(play, 10))).toEqual([]);
    expect(play.pass(600)).toEqual([]);
  });

  test('the thread is hers where she has named one', () => {
    const play = session();
    play.says('one', { message: { text: 'one', thread: 'hers' } });
    play.answer('sip.message', 200);
    expect(only(bye(play), 'xmpp.chat-state')).toMatchObject({ chatState: 'gone', thread: 'hers' });
  });

  test('not to a client that has sent no chat state, or last wrote without one', () => {
    expect(states(bye(session()))).toEqual([]);
    const play = knows();
    play.says('one', { chatState: undefined as never });
    play.answer('sip.message', 200);
    expect(states(bye(play))).toEqual([]);
  });

  test('a client is known by a chat state of its own, also out of dialog', () => {
    const play = new Play(contextOf('simple'));
    play.says('one', { chatState: undefined as never });
    play.answer('sip.message', 200);
    play.on('xmpp.chat-state', { chatState: 'active' });
    expect(states(bye(session(play)))).toEqual(['gone']);
  });

  test('not while texts wait for the next session, nor while a session of theirs goes on after glare', () => {
    const waiting = knows();
    waiting.says('one');
    expect(states(bye(waiting))).toEqual([]);
    expect(names(waiting.answer('sip.message', 481))).toEqual(['sip.invite']);
    const glare = new Play();
    glare.says('one');
    session(glare);
    glare.answer('sip.invite', 200);
    glare.answer('sip.message', 200);
    const { conversation } = glare.record;
    if (conversation.is !== 'open') throw new Error(conversation.is);
    expect(states(glare.request('sip.bye', { ref: refOf(conversation.dialog, 2) }))).toEqual([]);
    expect(states(bye(glare))).toEqual(['gone']);
  });

  test.each([
    ['the last text', 200, 'sip.message'],
    ['typing', 481, 'sip.typing'],
  ] as const)('while %s is on its way: when it is known what became of it', (_what, status, request) => {
    const play = knows();
    if (request === 'sip.message') play.says('one', { message: { text: 'one', thread: 'hers' } });
    else play.on('xmpp.chat-state', { chatState: 'composing' });
    typing(play, true, 2);
    expect(states(bye(play))).toEqual(['paused']);
    expect(only(play.answer(request, status), 'xmpp.chat-state')).toMatchObject({ chatState: 'gone', thread: request === 'sip.message' ? 'hers' : bobs.callId });
    expect(play.record.conversation.is).toBe('none');
  });

  test('nothing is told of a session that they open anew meanwhile', () => {
    const play = knows();
    play.says('one');
    bye(play);
    const second = theirDialog('second');
    play.request('sip.invite', { ref: newRef(second), dialog: second });
    expect(states(play.answer('sip.message', 200))).toEqual([]);
    expect(play.record.conversation.is).toBe('open');
  });
});
