import xml from '@xmpp/xml';

import { Cast, sees, shows } from './support/cast';
import { annAdds, bobAdds, open } from './support/contact-list';
import type { LogLine } from './support/gateway';
import { bounceOf } from './support/stanza-error';

/** Promise 8: what happened to a message can be told afterwards by one trace id; SEC-15: and nothing that it said. */

describe.each(['microsoft', 'simple'] as const)('dialect %s', (dialect) => {
  let cast: Cast;
  beforeAll(async () => (cast = await Cast.start({ dialect, log: { level: 'trace' } })));
  afterAll(() => cast.stop());

  const lines = (wanted: Readonly<Record<string, unknown>>): readonly LogLine[] =>
    cast.world.gateway.lines.filter((line) => Object.entries(wanted).every(([field, value]) => line[field] === value));

  /** The one line that is like this; the log may be a moment behind the wire. */
  async function line(wanted: Readonly<Record<string, unknown>>): Promise<LogLine> {
    const pattern = Object.entries(wanted).map(([field, value]) => `(?=.*"${field}":${JSON.stringify(value).replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')})`);
    await cast.world.gateway.logged(new RegExp(`^${pattern.join('')}`, 'm'));
    const [found, ...more] = lines(wanted);
    if (found === undefined || more.length > 0) throw new Error(`${1 + more.length} lines are like ${JSON.stringify(wanted)}`);
    return found;
  }

  /** The events under a trace, in the order of the log. */
  const story = (trace: unknown): readonly string[] => lines({ trace }).map(({ event, method, effect, status }) => [event, method ?? effect, status].filter((part) => part !== undefined).join(' '));

  it("a text of the XMPP user: from its stanza to the far side's answer", async () => {
    const { ann, bob, chat } = await cast.couple();
    await ann.sendChat(bob.address, 'hello');
    await chat.hears();
    const { trace } = await line({ event: 'stanza_received', on: 'xmpp.message', from: ann.bareJid, to: bob.address });
    await line({ event: 'request_answered', trace, method: 'MESSAGE', status: 200 });
    const session = dialect === 'microsoft' ? ['request_sent INVITE', 'request_answered INVITE 200'] : [];
    expect(story(trace)).toEqual(['stanza_received', ...session, 'request_sent MESSAGE', 'request_answered MESSAGE 200']);
  });

  it('a text that is refused: to the error that goes back', async () => {
    const { ann, bob, chat } = await cast.couple();
    await ann.sendChat(bob.address, 'hello', 'refused');
    await chat.hears(486);
    await bounceOf(ann, 'refused');
    const { trace } = await line({ event: 'stanza_received', on: 'xmpp.message', to: bob.address });
    await line({ event: 'stanza_sent', trace, effect: 'xmpp.bounce' });
    expect(story(trace).slice(-3)).toEqual(['request_answered MESSAGE 486', expect.stringMatching(/^message_returned 4/), 'stanza_sent xmpp.bounce']);
  });

  it('a text of the SIP user: from its request, found by Call-ID, to the stanza and the answer', async () => {
    const { ann, bob, chat } = await cast.couple();
    if (dialect === 'microsoft') await chat.calls();
    await chat.writes('hello');
    await ann.takeMessage('hello');
    const { trace, callId } = await line({ event: 'request_received', on: 'sip.message', from: bob.address, to: ann.bareJid });
    if (dialect === 'microsoft') expect(callId).toBe(chat.session?.callId);
    await line({ event: 'answer_sent', trace, status: 200 });
    expect(story(trace)).toEqual(['request_received', 'stanza_sent xmpp.message', 'answer_sent 200']);
  });

  it('what is refused at the door, on either side', async () => {
    const { ann, bob } = await cast.couple();
    await ann.send(xml('message', { to: bob.address, type: 'groupchat', id: 'group' }, xml('body', {}, 'hello all')));
    await bounceOf(ann, 'group');
    expect(await line({ event: 'stanza_refused', to: bob.address, condition: 'service-unavailable' })).toHaveProperty('trace');
    const { request } = await bob.peer.request('MESSAGE', { from: bob.uri, to: 'sip:nobody@example.com', headers: { 'Content-Type': 'text/plain' }, body: 'hello' });
    const { trace } = await line({ event: 'request_refused', callId: request.callId, status: 404 });
    await line({ event: 'answer_sent', trace, status: 404 });
  });

  it('no text, note, subject, name or secret is in the log, not even at level trace (SEC-15)', async () => {
    const couple = await cast.couple();
    const { ann, bob, chat } = couple;
    const watch = await annAdds(couple);
    await bobAdds(couple);
    await bob.tells(watch, open(bob, 'NOTE-OF-BOB'));
    await sees(ann, bob, 'NOTE-OF-BOB');
    await shows(ann, 'dnd', 'NOTE-OF-ANN');
    await bob.isTold();
    await ann.send(xml('message', { to: bob.address, type: 'chat' }, xml('subject', {}, 'SUBJECT-OF-ANN'), xml('body', {}, 'TEXT-OF-ANN')));
    await chat.hears();
    await chat.writes('TEXT-OF-BOB');
    await ann.takeMessage('TEXT-OF-BOB');
    await chat.writes('PICTURE-OF-BOB', { 'Content-Type': 'image/png' });
    await ann.sendChat(bob.address, `TEXT-TOO-LONG${'x'.repeat(10_000)}`, 'long');
    await bounceOf(ann, 'long');
    const said = ['NOTE-OF-BOB', 'NOTE-OF-ANN', 'SUBJECT-OF-ANN', 'TEXT-OF-ANN', 'TEXT-OF-BOB', 'PICTURE-OF-BOB', 'TEXT-TOO-LONG'];
    const hidden = [...said, ...said.map((text) => Buffer.from(text).toString('base64')), cast.world.server.secret];
    const { log } = cast.world.gateway;
    expect(log).toContain(bob.address);
    expect(hidden.filter((text) => log.includes(text))).toEqual([]);
  });
});
