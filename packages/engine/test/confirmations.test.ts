import { fault } from '@isthmus/model';
import type { Context } from '../src';
import { all, contextOf, names, newRef, only, Play, refOf, statusOf, theirDialog } from './support/pair';

const bobs = theirDialog('bob');

/** A play in which each may see the other. */
function friends(context: Context): Play {
  const play = new Play(context);
  const { outward, inward } = play.record;
  play.record = { ...play.record, outward: { ...outward, authorisation: 'granted' }, inward: { ...inward, is: 'active' } };
  return play;
}

const microsoft = (over: Partial<Context> = {}): Context => ({ ...contextOf('microsoft'), receipts: 'answer', ...over });
const simple = (over: Partial<Context> = {}): Context => ({ ...contextOf('simple'), ...over });

let pages = 0;
/** A text of the SIP user, out of dialog; gives the id of the stanza that was handed over. */
function writes(play: Play, text: string, report?: { readonly messageId: string; readonly at?: string }): string {
  const ref = newRef({ ...bobs, callId: `page-${(pages += 1)}` });
  const effects = play.request('sip.message', { ref, message: { text }, ...(report && { report }) });
  expect(only(effects, 'xmpp.message').receipt).toBe(report === undefined || play.context.receipts !== 'report' ? undefined : true);
  return only(effects, 'xmpp.message').id;
}

describe('IM-8 the answer to a text out of dialog', () => {
  test.each([200, 202] as const)('is %i by the setting of the route, also to its repetition', (pageStatus) => {
    const play = new Play(simple({ pageStatus }));
    const text = { ref: newRef(bobs), message: { text: 'x' } };
    expect(statusOf(play.request('sip.message', text))).toBe(pageStatus);
    expect(statusOf(play.request('sip.message', text))).toBe(pageStatus);
  });

  test('in a session it is 200 always', () => {
    const play = new Play(microsoft({ pageStatus: 202 }));
    play.request('sip.invite', { ref: newRef(bobs), dialog: bobs });
    expect(statusOf(play.request('sip.message', { ref: refOf(bobs, 2), message: { text: 'x' } }))).toBe(200);
  });
});

describe('IM-9 an XMPP error that comes after our 200', () => {
  const why = { ...fault('server.error', 'Offline storage is full'), condition: 'service-unavailable' as const };
  const error = (play: Play, id: string) => play.on('xmpp.error', { stanza: 'message', id, fault: why });

  test('is told to the SIP user by a text in the name of his contact, once', () => {
    const play = friends(simple());
    const id = writes(play, 'are you there?');
    expect(only(error(play, id), 'sip.message').message.text).toBe('The message could not be delivered: Offline storage is full');
    play.answer('sip.message', 200);
    expect(error(play, id)).toEqual([]);
    expect(play.record.conversation.is).toBe('none');
  });

  test('without a text of its own the condition is told', () => {
    const play = friends(simple());
    const { text: _, ...bare } = why;
    const effects = play.on('xmpp.error', { stanza: 'message', id: writes(play, 'x'), fault: bare });
    expect(only(effects, 'sip.message').message.text).toBe('The message could not be delivered: service unavailable');
  });

  test('ERR-3, SEC-7: who may not see the user is told no reason', () => {
    const play = new Play(simple());
    expect(only(error(play, writes(play, 'x')), 'sip.message').message.text).toBe('The message could not be delivered');
  });

  test('ERR-5: a notice that cannot be delivered is dropped: no error about an error', () => {
    const play = friends(simple());
    error(play, writes(play, 'x'));
    expect(play.answer('sip.message', 404)).toEqual([]);
    expect(play.record.conversation.queue).toEqual([]);
  });

  test('ERR-5: an error for a notice, a chat state or anything else that was not a text of his is not told', () => {
    const play = friends(simple());
    writes(play, 'x');
    expect(play.on('xmpp.error', { stanza: 'message', id: 'unknown', fault: why })).toEqual([]);
    expect(play.on('xmpp.error', { stanza: 'message', fault: why })).toEqual([]);
    expect(play.on('xmpp.error', { stanza: 'presence', id: 'id1', fault: why })).toEqual([]);
    expect(play.ignored).toBeDefined();
  });

  test('messaging.lateErrors drop: nobody is told, nothing is remembered', () => {
    const play = friends({ ...simple(), settings: { ...simple().settings, lateErrors: 'drop' } });
    expect(error(play, writes(play, 'x'))).toEqual([]);
    expect(play.record.conversation.delivered).toBeUndefined();
  });

  test('in a session it goes out in the session, behind what waits', () => {
    const play = friends(microsoft());
    play.request('sip.invite', { ref: newRef(bobs), dialog: bobs });
    const { id } = only(play.request('sip.message', { ref: refOf(bobs, 2), message: { text: 'x' } }), 'xmpp.message');
    play.says('a text that is on its way');
    expect(error(play, id)).toEqual([]);
    expect(only(play.answer('sip.message', 200), 'sip.message')).toMatchObject({ dialog: { callId: bobs.callId }, message: { text: expect.stringContaining('could not') } });
  });

  test('after the session has ended it opens one; while one is opened or closed it waits', () => {
    const play = friends(microsoft());
    play.request('sip.invite', { ref: newRef(bobs), dialog: bobs });
    const ids = [2, 3, 4].map((cseq) => only(play.request('sip.message', { ref: refOf(bobs, cseq), message: { text: 'x' } }), 'xmpp.message').id);
    play.request('sip.bye', { ref: refOf(bobs, 5) });
    expect(only(error(play, ids[0] ?? ''), 'sip.invite').firstText).toMatch(/could not be delivered/);
    expect(error(play, ids[1] ?? '')).toEqual([]);
    play.answer('sip.invite', 200);
    play.answer('sip.message', 200);
    play.answer('sip.message', 200);
    play.on('xmpp.chat-state', { chatState: 'gone' });
    expect(error(play, ids[2] ?? '')).toEqual([]);
    expect(names(play.answer('sip.bye', 200))).toEqual(['sip.invite']);
  });

  test('promise 6: the last 16 texts are remembered, and a full queue takes no notice', () => {
    const play = friends({ ...simple(), settings: { ...simple().settings, maxQueuedMessages: 1 } });
    const ids = Array.from({ length: 17 }, (_, n) => writes(play, `${n}`));
    expect(error(play, ids[0] ?? '')).toEqual([]);
    play.says('on its way');
    error(play, ids[1] ?? '');
    expect(play.record.conversation.queue).toHaveLength(1);
  });
});

describe('XEP-0184 receipts to the XMPP user', () => {
  test('the 200 to a text in the session confirms it, to the resource that asked', () => {
    const play = friends(microsoft());
    play.says('one', { receipt: true });
    play.answer('sip.invite', 200);
    expect(only(play.answer('sip.message', 200), 'xmpp.receipt')).toMatchObject({ received: 'm-one', resource: 'phone' });
  });

  test('so does a 200 to INVITE that says that it has taken the text', () => {
    const play = friends(microsoft());
    play.says('one', { receipt: true, resource: undefined as never });
    expect(only(play.answer('sip.invite', 200, { firstTextTaken: true }), 'xmpp.receipt').received).toBe('m-one');
  });

  test.each([
    ['a text that asks for none', microsoft(), { receipt: undefined as never }, 200],
    ['a route whose answers confirm nothing', simple(), {}, 200],
    ['202: it is on its way only (RFC 3428 section 7)', simple({ receipts: 'answer' }), {}, 202],
    ['a failure', simple({ receipts: 'answer' }), {}, 486],
  ])('none for %s', (_what, context, over, status) => {
    const play = friends(context);
    play.says('one', { receipt: true, ...over });
    if (context.dialect === 'microsoft') play.answer('sip.invite', 200);
    expect(all(play.answer('sip.message', status), 'xmpp.receipt')).toEqual([]);
  });

  test('SEC-6: none to a user who may not see the contact', () => {
    const play = new Play(microsoft());
    play.says('one', { receipt: true });
    play.answer('sip.invite', 200);
    expect(play.answer('sip.message', 200)).toEqual([]);
  });
});

describe('IM-28, RFC 5438: delivery reports', () => {
  const reports = () => simple({ receipts: 'report' });
  const reported = (play: Play, messageId: string, delivered = true) => play.request('sip.report', { ref: newRef(bobs), messageId, delivered });

  test('the far side is asked, and its report confirms the text, once; the 200 alone does not', () => {
    const play = friends(reports());
    const { reportId = '' } = only(play.says('one', { receipt: true }), 'sip.message');
    expect(reportId).not.toBe('');
    expect(play.answer('sip.message', 200)).toEqual([]);
    const effects = reported(play, reportId);
    expect(only(effects, 'xmpp.receipt')).toMatchObject({ received: 'm-one', resource: 'phone' });
    expect(statusOf(effects)).toBe(200);
    expect(names(reported(play, reportId))).toEqual(['sip.answer']);
  });

  test('a report that overtakes the 200 counts; one that says "failed" or names nothing we know confirms nothing', () => {
    const play = friends(reports());
    const { reportId = '' } = only(play.says('one', { receipt: true }), 'sip.message');
    expect(names(reported(play, 'other'))).toEqual(['sip.answer']);
    expect(names(reported(play, reportId))).toEqual(['xmpp.receipt', 'sip.answer']);
    play.answer('sip.message', 200);
    const second = only(play.says('two', { receipt: true, resource: undefined as never }), 'sip.message').reportId ?? '';
    expect(names(reported(play, second, false))).toEqual(['sip.answer']);
  });

  test('promise 1: a text that has come back is not confirmed afterwards', () => {
    const play = friends(reports());
    const { reportId = '' } = only(play.says('one', { receipt: true }), 'sip.message');
    expect(names(play.answer('sip.message', 486))).toEqual(['xmpp.bounce']);
    expect(names(reported(play, reportId))).toEqual(['sip.answer']);
  });

  test('a text that is sent again asks under the same Message-ID', () => {
    const play = friends(reports());
    const first = only(play.says('one', { receipt: true }), 'sip.message').reportId;
    expect(only(play.fails('sip.message', 'lost'), 'sip.message').reportId).toBe(first);
    expect(play.record.conversation.awaited).toHaveLength(1);
  });

  test('a text that asks for no receipt asks the far side for no report', () => {
    const play = friends(reports());
    expect(only(play.says('one'), 'sip.message').reportId).toBeUndefined();
  });

  test('in a session that is over a report gets 481', () => {
    const play = friends(reports());
    expect(statusOf(play.request('sip.report', { ref: refOf(bobs, 7), messageId: 'x', delivered: true }))).toBe(481);
  });

  test('the SIP user is told that the client has received his text, once, with his Message-ID and time', () => {
    const play = friends(reports());
    const id = writes(play, 'hello', { messageId: 'his-1', at: '2026-01-05T11:59:00Z' });
    const effect = only(play.on('xmpp.receipt', { received: id }), 'sip.message');
    expect(effect.report).toEqual({ messageId: 'his-1', at: '2026-01-05T11:59:00Z' });
    expect(effect.reportId).toBeUndefined();
    expect(play.answer('sip.message', 404)).toEqual([]);
    expect(play.on('xmpp.receipt', { received: id })).toEqual([]);
    expect(play.ignored).toBeDefined();
  });

  test('without a time of his own the time of arrival is told', () => {
    const play = friends(reports());
    const id = writes(play, 'hello', { messageId: 'his-1' });
    expect(only(play.on('xmpp.receipt', { received: id }), 'sip.message').report?.at).toBe('2026-01-05T12:00:00.000Z');
  });

  test('SEC-6: not told to a SIP user who may not see the user, nor where the route has no reports', () => {
    const play = new Play(reports());
    expect(play.on('xmpp.receipt', { received: writes(play, 'hello', { messageId: 'his-1' }) })).toEqual([]);
    const off = friends(simple());
    expect(off.on('xmpp.receipt', { received: writes(off, 'hello', { messageId: 'his-1' }) })).toEqual([]);
  });

  test('no report of a text that has come back as an error', () => {
    const play = friends(reports());
    const id = writes(play, 'hello', { messageId: 'his-1' });
    play.on('xmpp.error', { stanza: 'message', id, fault: fault('server.error') });
    play.answer('sip.message', 200);
    expect(play.on('xmpp.receipt', { received: id })).toEqual([]);
  });

  test('a report that waits for a session does not show as a toast', () => {
    const play = friends(reports());
    const id = writes(play, 'hello', { messageId: 'his-1' });
    play.context = microsoft();
    expect(only(play.on('xmpp.receipt', { received: id }), 'sip.invite').firstText).toBeUndefined();
  });
});

describe('microsoft-dialect 2.6: clients of LCS 2005 that never answer MESSAGE', () => {
  const lcs = (silenceIsConsent: boolean) => friends(microsoft({ variant: 'lcs', silenceIsConsent }));
  function sent(silenceIsConsent = true): Play {
    const play = lcs(silenceIsConsent);
    play.says('one', { receipt: true });
    play.says('two');
    play.answer('sip.invite', 200);
    return play;
  }

  test('no answer counts as sent: the next text goes out in the same session; nothing is confirmed or sent twice', () => {
    const effects = sent().fails('sip.message', 'timeout');
    expect(names(effects)).toEqual(['sip.message']);
    expect(only(effects, 'sip.message').message.text).toBe('two');
  });

  test('no answer to typing leaves the session alone', () => {
    const play = sent();
    play.answer('sip.message', 200);
    play.answer('sip.message', 200);
    play.on('xmpp.chat-state', { chatState: 'composing' });
    expect(play.fails('sip.typing', 'timeout')).toEqual([]);
    expect(play.record.conversation.is).toBe('open');
  });

  test.each(['unreachable', 'lost'] as const)('%s is no silence of the client: the text is not taken for sent', (result) => {
    expect(sent().fails('sip.message', result).flatMap((effect) => (effect.do === 'sip.message' || effect.do === 'xmpp.bounce' ? [effect.message.text] : []))).toContain('one');
  });

  test('a link of ours that broke while we waited is no silence of the client', () => {
    const play = sent();
    const effects = play.take({ on: 'sip.outcome', key: play.pending('sip.message').key, method: 'MESSAGE', result: 'timeout', status: 408, broken: true });
    expect(names(effects)).toEqual(['sip.bye', 'sip.invite']);
    expect(play.record.conversation.queue[0]).toMatchObject({ id: 'm-one', repeated: true });
  });

  test('elsewhere no answer means a dead session: opened anew, and sent once more', () => {
    const play = sent(false);
    expect(names(play.fails('sip.message', 'timeout'))).toEqual(['sip.bye', 'sip.invite']);
  });
});

describe('ERR-3 what an error tells a user who may not see the contact', () => {
  test.each([404, 480, 486, 603])('%i: the contact and his state stay concealed; IM-11 the id and the text come back', (status) => {
    const why = { ...fault('recipient.unknown', 'Gone fishing'), condition: status === 404 ? ('item-not-found' as const) : ('recipient-unavailable' as const), sip: status };
    const strangers = new Play(simple());
    strangers.says('one');
    expect(only(strangers.answer('sip.message', status, { fault: why }), 'xmpp.bounce')).toMatchObject({ id: 'm-one', message: { text: 'one' }, fault: fault('recipient.concealed') });
    const play = friends(simple());
    play.says('one');
    expect(only(play.answer('sip.message', status, { fault: why }), 'xmpp.bounce').fault).toEqual(why);
  });

  test('SEC-8: a request that went round is told as what it is: nobody is there to be concealed', () => {
    const play = new Play(simple());
    play.says('one');
    expect(only(play.answer('sip.message', 482, { fault: fault('request.looped') }), 'xmpp.bounce').fault.condition).toBe('item-not-found');
  });

  test('other errors are told to everybody', () => {
    const play = new Play(simple());
    play.says('one');
    expect(only(play.answer('sip.message', 415, { fault: fault('body.unsupported') }), 'xmpp.bounce').fault).toEqual(fault('body.unsupported'));
  });
});
