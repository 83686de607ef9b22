import type { Ticket } from '@isthmus/xmpp';
import xml from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

import { Mailbox } from '../../../scenarios/support/mailbox';
import { ComponentServer } from './support/component-server';
import type { Behaviour, ServerConnection } from './support/component-server';
import { chat, LinkUnderTest, SECRET, USER_DOMAIN } from './support/links';

const PARTITION = 'urn:isthmus:partition:0';

let server: ComponentServer;
let open: LinkUnderTest[] = [];

async function startServer(behaviour: Partial<Behaviour> = {}): Promise<void> {
  server = await ComponentServer.start({ secret: SECRET, guard: 'closed', plugin: true, ...behaviour }, USER_DOMAIN);
}

async function onlineLink(options: Partial<ConstructorParameters<typeof LinkUnderTest>[0]> = {}): Promise<[LinkUnderTest, ServerConnection]> {
  const under = new LinkUnderTest({ ...options, port: server.port });
  open.push(under);
  await under.link.start();
  return [under, await server.connection()];
}

const announcement = async (connection: ServerConnection): Promise<Readonly<Record<string, unknown>> | undefined> => {
  const iq: Element = await connection.stanzas.take({ what: 'announcement', wanted: (stanza) => stanza.getChild('worker', PARTITION) !== undefined });
  return iq.getChild('worker')?.attrs;
};

afterEach(async () => {
  await Promise.all(open.map((one) => one.link.stop()));
  open = [];
  await server.stop();
});

describe('the announcement', () => {
  it('XD-12: asks for numbers, and says nothing of being ready', async () => {
    await startServer();
    const [, connection] = await onlineLink();
    expect(await announcement(connection)).toEqual({ xmlns: PARTITION, name: 'w1', acknowledge: 'true' });
  });

  it('promise 1: a worker that cannot do what it is given says so, once for each change, and again on the next connection', async () => {
    await startServer();
    const [under, connection] = await onlineLink();
    await announcement(connection);
    under.link.setReady(true);
    under.link.setReady(false);
    under.link.setReady(false);
    expect(await announcement(connection)).toMatchObject({ name: 'w1', ready: 'false' });
    connection.socket.destroy();
    expect(await announcement(await server.connection())).toMatchObject({ ready: 'false' });
    await under.change('up');
    await under.change('down');
    await under.change('up');
    expect(connection.stanzas.unclaimed.filter((stanza) => stanza.getChild('worker') !== undefined)).toEqual([]);
  });

  it('promise 1: and takes that back', async () => {
    await startServer();
    const [under, connection] = await onlineLink();
    await announcement(connection);
    under.link.setReady(false);
    await announcement(connection);
    under.link.setReady(true);
    expect(await announcement(connection)).not.toHaveProperty('ready');
  });
});

const [ANN, BOB] = ['ann@example.com/r', 'bob@example.com'];
const number = (n: number, epoch = 'e1'): Element => xml('number', { xmlns: PARTITION, epoch, n: String(n) });

function numbered(n: number, body = String(n)): string {
  const stanza = chat(ANN, BOB, body);
  stanza.append(number(n));
  return stanza.toString();
}

/** A stanza that the handler has, and that is handled when the test says so. */
interface InHand {
  readonly stanza: Element;
  readonly ticket: Ticket | undefined;
  done(): void;
  fail(): void;
}

/** A link whose handler is the test. */
async function handling(options: Parameters<typeof onlineLink>[0] = {}): Promise<{ under: LinkUnderTest; connection: ServerConnection; inHand: (body: string) => Promise<InHand> }> {
  const taken = new Mailbox<InHand>('the handler', ({ stanza }) => stanza.toString());
  const under = new LinkUnderTest({ stopTimeoutMs: 200, ...options, port: server.port });
  open.push(under);
  under.link.onStanza((stanza, ticket) => new Promise<void>((resolve, reject) => taken.put({ stanza, ticket, done: resolve, fail: () => reject(new Error('no')) })));
  await under.link.start();
  await under.change('up');
  const inHand = (body: string): Promise<InHand> => taken.take({ what: body, wanted: ({ stanza }) => stanza.getChildText('body') === body });
  return { under, connection: await server.connection(), inHand };
}

const isReport = (stanza: Element): boolean => stanza.getChild('handled', PARTITION) !== undefined;

async function report(connection: ServerConnection): Promise<unknown> {
  const iq = await connection.stanzas.take({ what: 'report', wanted: isReport });
  return iq.getChild('handled')?.attrs['upto'];
}

/** What the link has written before this has arrived. */
async function settled(under: LinkUnderTest, connection: ServerConnection): Promise<void> {
  await under.link.send(chat(BOB, ANN, 'mark'));
  await connection.stanzas.take({ what: 'mark', wanted: (stanza) => stanza.getChildText('body') === 'mark' });
}

const errorTo = (connection: ServerConnection, body: string): Element[] =>
  connection.stanzas.unclaimed.filter((stanza) => stanza.attrs['type'] === 'error' && stanza.attrs['id'] === body);

describe('the report of what is handled', () => {
  it('XD-12, promise 1: nothing is reported before it is handled, and nothing before what came earlier', async () => {
    await startServer({ acknowledges: true });
    const { under, connection, inHand } = await handling();
    connection.write(numbered(5) + numbered(7) + numbered(6));
    const [five, seven, six] = [await inHand('5'), await inHand('7'), await inHand('6')];
    seven.done();
    await settled(under, connection);
    expect(connection.stanzas.unclaimed.filter(isReport)).toEqual([]);
    five.done();
    expect(await report(connection)).toBe('7');
    six.done();
    expect(await report(connection)).toBe('6'); // given again: an old number behind a newer one
  });

  it('XD-12: one report is under way, and the next tells all that is handled by then', async () => {
    await startServer({ acknowledges: true, keepsReports: true });
    const { under, connection, inHand } = await handling();
    connection.write([1, 2, 3].map((n) => numbered(n)).join(''));
    (await inHand('1')).done();
    const first = await connection.stanzas.take({ what: 'report', wanted: isReport });
    expect(first.getChild('handled')?.attrs['upto']).toBe('1');
    server.behaviour.keepsReports = false;
    for (const body of ['2', '3']) (await inHand(body)).done();
    await settled(under, connection);
    expect(connection.stanzas.unclaimed.filter(isReport)).toEqual([]);
    connection.write(xml('iq', { type: 'result', id: first.attrs['id'], from: first.attrs['to'], to: first.attrs['from'] }).toString());
    expect(await report(connection)).toBe('3');
  });

  it('promise 1: a report that was not answered is told again', async () => {
    await startServer({ acknowledges: true, keepsReports: true });
    const { connection, inHand } = await handling({ timeoutMs: 200 });
    connection.write(numbered(1));
    (await inHand('1')).done();
    expect([await report(connection), await report(connection)]).toEqual(['1', '1']);
  });

  it('promise 1: reports that the server refuses are tried again; the log says once that they fail, and once that they work', async () => {
    await startServer({ acknowledges: true, refusesReports: true });
    const { under, connection, inHand } = await handling();
    connection.write(numbered(1));
    (await inHand('1')).done();
    expect((await under.line('xmpp_report_failed', 'warn')).fields).toEqual({ why: 'the server answered internal-server-error' });
    for (let tries = 1; tries <= 3; tries += 1) expect(await report(connection)).toBe('1');
    server.behaviour.refusesReports = false;
    const { failures } = (await under.line('xmpp_report_resumed', 'info')).fields;
    expect(failures).toBeGreaterThanOrEqual(3);
    expect(under.lines('xmpp_report_failed', 'warn')).toEqual([]);
    server.behaviour.refusesReports = true;
    connection.write(numbered(2));
    (await inHand('2')).done();
    await under.line('xmpp_report_failed', 'warn');
  });

  it('promise 1: a report that is lost with its connection is no failure of reports', async () => {
    await startServer({ acknowledges: true, keepsReports: true });
    const { under, connection, inHand } = await handling();
    connection.write(numbered(1));
    (await inHand('1')).done();
    await report(connection);
    connection.socket.destroy();
    await under.change('down');
    await under.change('up');
    expect(under.lines('xmpp_report_failed', 'warn')).toEqual([]);
  });

  it('promise 1: whoever holds the ticket longer than the handler works keeps it from being reported', async () => {
    await startServer({ acknowledges: true });
    const { under, connection, inHand } = await handling();
    connection.write(numbered(1));
    const { ticket, done } = await inHand('1');
    expect(ticket).toMatchObject({ epoch: 'e1', n: 1 });
    ticket?.hold();
    done();
    await settled(under, connection);
    expect(connection.stanzas.unclaimed.filter(isReport)).toEqual([]);
    const forgotten = new Promise<void>((resolve) => ticket?.whenForgotten(resolve));
    ticket?.release();
    expect(await report(connection)).toBe('1');
    await forgotten;
  });

  it('promise 6: one that is never handled holds up the others for so long only, and the log says so', async () => {
    await startServer({ acknowledges: true });
    const { under, connection, inHand } = await handling({ handleTimeoutMs: 200 });
    connection.write(numbered(1) + numbered(2));
    (await inHand('2')).done();
    expect(await report(connection)).toBe('2');
    expect((await under.line('stanza_handle_late', 'warn')).fields).toMatchObject({ number: 1, waitedMs: 200 });
  });

  it('promise 6: one that is handled too late, while a report is under way, holds up nothing', async () => {
    await startServer({ acknowledges: true, keepsReports: true });
    const { under, connection, inHand } = await handling({ handleTimeoutMs: 200 });
    connection.write(numbered(1) + numbered(2) + numbered(3));
    const [one, two, three] = [await inHand('1'), await inHand('2'), await inHand('3')];
    one.done();
    const first = await connection.stanzas.take({ what: 'report', wanted: isReport });
    await under.line('stanza_handle_late', 'warn');
    two.done();
    three.done();
    await settled(under, connection);
    server.behaviour.keepsReports = false;
    connection.write(xml('iq', { type: 'result', id: first.attrs['id'], from: first.attrs['to'], to: first.attrs['from'] }).toString());
    expect(await report(connection)).toBe('3');
  });

  it('the handler sees the stanza as it was before it was numbered', async () => {
    await startServer({ acknowledges: true });
    const { connection, inHand } = await handling();
    connection.write(numbered(1));
    expect((await inHand('1')).stanza.toString()).toBe(chat(ANN, BOB, '1').toString());
  });

  it.each([
    ['not the last child', (): Element => xml('message', { from: ANN, to: BOB }, number(1), xml('body', {}, 'x'))],
    ['of another namespace', (): Element => xml('message', { from: ANN, to: BOB }, xml('body', {}, 'x'), xml('number', { xmlns: 'urn:other', epoch: 'e1', n: '1' }))],
    ['no number', (): Element => xml('message', { from: ANN, to: BOB }, xml('body', {}, 'x'), xml('number', { xmlns: PARTITION, epoch: 'e1', n: '-1' }))],
    ['without an epoch', (): Element => xml('message', { from: ANN, to: BOB }, xml('body', {}, 'x'), xml('number', { xmlns: PARTITION, n: '1' }))],
    ['of an endless epoch', (): Element => xml('message', { from: ANN, to: BOB }, xml('body', {}, 'x'), number(1, 'e'.repeat(65)))],
  ])('SEC-8: a number that is %s is none', async (_what, stanza) => {
    await startServer({ acknowledges: true });
    const { connection, inHand } = await handling();
    connection.write(stanza().toString());
    expect((await inHand('x')).ticket).toBeUndefined();
  });

  it('SEC-8: with a plug-in that gives no numbers, none is believed', async () => {
    await startServer();
    const { under, connection, inHand } = await handling();
    connection.write(numbered(1));
    const { ticket, done } = await inHand('1');
    expect(ticket).toBeUndefined();
    done();
    await settled(under, connection);
    expect(connection.stanzas.unclaimed.filter(isReport)).toEqual([]);
  });

  it('XD-10: before it ends the stream, a link that stops reports what it has handled', async () => {
    await startServer({ acknowledges: true });
    const { under, connection, inHand } = await handling({ stopTimeoutMs: 5_000 });
    connection.write(numbered(1) + numbered(2));
    const [one, two] = [await inHand('1'), await inHand('2')];
    one.done();
    expect(await report(connection)).toBe('1');
    const stopped = under.link.stop();
    two.done();
    expect(await report(connection)).toBe('2');
    await stopped;
  });
});

describe('what the server gives to others', () => {
  it('promise 1: is not answered here once the connection is lost', async () => {
    await startServer({ acknowledges: true });
    const { under, connection, inHand } = await handling();
    connection.write(numbered(1));
    const { ticket, fail } = await inHand('1');
    expect(await ticket?.isElsewhere()).toBe(false);
    expect(connection.stanzas.unclaimed.filter((stanza) => stanza.getChild('worker') !== undefined)).toHaveLength(1); // one that is ready need not ask
    connection.socket.destroy();
    await under.change('down');
    expect(await ticket?.isElsewhere()).toBe(true);
    const next = await server.connection();
    await under.change('up');
    fail();
    await under.line('stanza_handle_failed', 'error');
    await settled(under, next);
    expect(next.stanzas.unclaimed.filter(({ attrs, name }) => name === 'message' && attrs['type'] === 'error')).toEqual([]);
  });

  it('promise 1: nor what came during a self-test that failed', async () => {
    await startServer({ acknowledges: true, guard: 'open', afterHandshake: numbered(1) });
    const under = new LinkUnderTest({ port: server.port });
    open.push(under);
    await expect(under.link.start()).rejects.toMatchObject({ code: 'refused' });
    const connection = await server.connection();
    await connection.closed;
    expect(errorTo(connection, '1')).toEqual([]);
    expect(connection.stanzas.unclaimed.filter(({ name }) => name === 'message')).toEqual([]);
  });

  it('promise 1: but what came then without a number is answered, for nobody gives it again', async () => {
    await startServer({ acknowledges: true, guard: 'open', afterHandshake: chat(ANN, BOB, 'early').toString() });
    const under = new LinkUnderTest({ port: server.port });
    open.push(under);
    await expect(under.link.start()).rejects.toMatchObject({ code: 'refused' });
    const connection = await server.connection();
    const answer = await connection.stanzas.take({ what: 'its error', wanted: ({ name, attrs }) => name === 'message' && attrs['type'] === 'error' });
    expect(answer.attrs).toMatchObject({ from: BOB, to: ANN });
  });

  it('promise 1: while this worker is not ready the plug-in says what it has given to others; what came after that is ours', async () => {
    await startServer({ acknowledges: true });
    const { under, connection, inHand } = await handling();
    connection.write(numbered(1) + numbered(2));
    const [one, two] = [await inHand('1'), await inHand('2')];
    under.link.setReady(false);
    expect(await two.ticket?.isElsewhere()).toBe(false);
    server.behaviour.moved = 2;
    expect(await one.ticket?.isElsewhere()).toBe(true);
    expect(await two.ticket?.isElsewhere()).toBe(true);
    connection.write(numbered(1, 'given back'));
    expect(await (await inHand('given back')).ticket?.isElsewhere()).toBe(false);
  });

  it('XD-11: a worker that was taken for dead is back at once', async () => {
    await startServer({ acknowledges: true });
    const { under, connection } = await handling({ reconnect: { minMs: 60_000, maxMs: 60_000 } });
    connection.socket.end("<stream:error><connection-timeout xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>");
    expect(await under.change('down')).toMatchObject({ why: expect.stringContaining('has heard nothing of this worker for too long') });
    await server.connection();
    await under.change('up');
  });
});

describe('a worker that stood still', () => {
  it('promise 1: drops the connection with all that stands in it, and makes the next one', async () => {
    await startServer({ acknowledges: true });
    const { under, connection, inHand } = await handling();
    connection.write(numbered(1));
    const first = await inHand('1');
    under.link.renew('it stood still');
    expect(first.ticket?.isKnownElsewhere).toBe(true);
    first.done();
    const next = await server.connection();
    await under.change('down');
    await under.change('up');
    next.write(numbered(3));
    await inHand('3');
    expect(under.link.acknowledges).toBe(true);
    await settled(under, next);
    expect(connection.stanzas.unclaimed.filter(isReport)).toEqual([]);
  });

  it('promise 1: what it had written there counts as handed over by no answer of the next connection', async () => {
    await startServer({ acknowledges: true });
    const { under, connection } = await handling({ timeoutMs: 500 });
    server.behaviour.silent = true;
    const written = under.link.deliver(chat(BOB, ANN, 'hello')).then(() => 'handed over', (error: unknown) => error);
    await connection.stanzas.take({ what: 'the stanza', wanted: (stanza) => stanza.getChildText('body') === 'hello' });
    server.behaviour.silent = false;
    under.link.renew('it stood still');
    expect(await written).toMatchObject({ code: 'disconnected' });
  });

  it('promise 1: keeps a connection whose stanzas nobody else is given', async () => {
    await startServer();
    const { under, connection } = await handling();
    under.link.renew('it stood still');
    expect([under.link.online, under.link.acknowledges]).toEqual([true, false]);
    await settled(under, connection);
  });
});
