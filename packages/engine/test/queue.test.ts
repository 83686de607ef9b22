import { fault } from '@isthmus/model';
import { dueAt, step } from '../src';
import { all, contextOf, names, newRef, only, Play, theirDialog } from './support/pair';

const DEADLINE = { deliverWithinSeconds: 100 };
const BYTES = { maxQueuedBytes: 10 };
const bobs = theirDialog('bob');

const ids = (play: Play) => play.record.conversation.queue.map(({ id }) => id);
const returned = (effects: Parameters<typeof all>[0]) => all(effects, 'xmpp.bounce').map(({ id }) => id);

describe('promise 1: nothing waits for ever', () => {
  test('while our INVITE is out, what waits behind its text is returned when its time is over, with the reason', () => {
    const play = new Play(contextOf('microsoft', DEADLINE));
    play.says('one');
    play.pass(10);
    play.says('two');
    expect(play.pass(99)).toEqual([]);
    expect(only(play.pass(1), 'xmpp.bounce')).toMatchObject({ id: 'm-two', resource: 'phone', message: { text: 'two' }, fault: fault('message.late') });
    expect(ids(play)).toEqual(['m-one']);
  });

  test('what the INVITE or a MESSAGE carries is left to its outcome: never two outcomes', () => {
    const play = new Play(contextOf('microsoft', DEADLINE));
    play.says('one');
    expect(play.pass(500)).toEqual([]);
    play.answer('sip.invite', 200);
    expect(play.pass(200)).toEqual([]);
    expect(play.answer('sip.message', 200)).toEqual([]);
    expect(ids(play)).toEqual([]);
  });

  test.each([481, 408])('a message that fails by %i after its time is returned and not tried again', (status) => {
    const play = new Play(contextOf('microsoft', DEADLINE));
    play.says('one');
    play.answer('sip.invite', 200);
    play.pass(100);
    expect(returned(play.answer('sip.message', status))).toEqual(['m-one']);
    expect(play.record.conversation.queue).toEqual([]);
  });

  test('a message or an INVITE of unknown fate is not repeated after its time', () => {
    const play = new Play(contextOf('microsoft', DEADLINE));
    play.says('one');
    play.pass(100);
    expect(names(play.fails('sip.invite', 'lost'))).toEqual(['xmpp.bounce']);
    const page = new Play(contextOf('simple', DEADLINE));
    page.says('one');
    page.pass(100);
    expect(names(page.fails('sip.message', 'lost'))).toEqual(['xmpp.bounce']);
  });

  test('out of dialog what waits for the one on its way is returned, in order', () => {
    const play = new Play(contextOf('simple', DEADLINE));
    for (const text of ['one', 'two', 'three']) play.says(text);
    expect(returned(play.pass(100))).toEqual(['m-two', 'm-three']);
    play.says('four');
    expect(only(play.answer('sip.message', 200), 'sip.message').message.text).toBe('four');
  });

  test('what waits for our BYE is returned; the session that follows is not held up', () => {
    const play = new Play(contextOf('microsoft', DEADLINE));
    play.says('one');
    play.answer('sip.invite', 200);
    play.answer('sip.message', 200);
    play.on('xmpp.chat-state', { chatState: 'gone' });
    play.says('two');
    expect(returned(play.pass(100))).toEqual(['m-two']);
    expect(play.answer('sip.bye', 200)).toEqual([]);
    expect(play.record.conversation.is).toBe('none');
  });

  test('IM-23: gone counts what is left of the messages before it', () => {
    const play = new Play(contextOf('microsoft', DEADLINE));
    play.says('one');
    play.says('two');
    play.on('xmpp.chat-state', { chatState: 'gone' });
    play.pass(60);
    play.says('3');
    play.pass(40);
    expect(ids(play)).toEqual(['m-one', 'm-3']);
    play.answer('sip.invite', 200);
    expect(names(play.answer('sip.message', 200))).toEqual(['sip.bye']);
    expect(only(play.answer('sip.bye', 200), 'sip.invite').firstText).toBe('3');
  });

  test('a message of a record that knows no deadline yet is carried as before', () => {
    const play = new Play(contextOf('simple', DEADLINE));
    play.says('one');
    play.says('two');
    const { conversation } = play.record;
    const queue = conversation.queue.map(({ until: _, ...held }) => held);
    play.record = { ...play.record, conversation: { ...conversation, queue } };
    expect(dueAt(play.record)).toBeUndefined();
    expect(play.pass(1000)).toEqual([]);
    expect(only(play.answer('sip.message', 200), 'sip.message').message.text).toBe('two');
  });
});

describe('promise 6: the queue is bounded in bytes', () => {
  test('what is beyond comes back at once; bytes of UTF-8 count', () => {
    const play = new Play(contextOf('microsoft', BYTES));
    play.says('12345');
    expect(returned(play.says('äöü'))).toEqual(['m-äöü']);
    expect(returned(play.says('aou'))).toEqual([]);
    expect(ids(play)).toEqual(['m-12345', 'm-aou']);
  });

  test('a single message always fits: its size has a limit of its own', () => {
    const play = new Play(contextOf('microsoft', BYTES));
    expect(names(play.says('longer than ten bytes'))).toEqual(['sip.invite']);
    expect(returned(play.says('x'))).toEqual(['m-x']);
  });

  test('to the XMPP side too: a text that waits there with others is refused to the SIP user', () => {
    const play = new Play(contextOf('simple', BYTES));
    const text = (n: number) => ({ on: 'sip.message', at: play.at, trace: `t${n}`, transaction: { server: 's', id: `${n}` }, ref: newRef({ ...bobs, callId: `c${n}` }), message: { text: '123456' } }) as const;
    const first = step(play.record, text(1), play.context);
    expect(only(first.effects, 'sip.answer').status).toBe(200);
    expect(only(step(first.record, text(2), play.context).effects, 'sip.answer')).toMatchObject({ status: fault('queue.full').sip });
  });
});
