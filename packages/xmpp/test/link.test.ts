import { connect } from 'node:net';

import type { Element } from '@xmpp/xml';
import xml from '@xmpp/xml';

import { ComponentServer } from './support/component-server';
import type { Behaviour, ServerConnection } from './support/component-server';
import { chat, DOMAIN, LinkUnderTest, SECRET, USER_DOMAIN } from './support/links';

let server: ComponentServer;
let open: LinkUnderTest[] = [];

async function startServer(behaviour: Partial<Behaviour> = {}): Promise<void> {
  server = await ComponentServer.start({ secret: SECRET, guard: 'closed', plugin: true, ...behaviour }, USER_DOMAIN);
}

function link(options: Partial<ConstructorParameters<typeof LinkUnderTest>[0]> = {}): LinkUnderTest {
  const made = new LinkUnderTest({ ...options, port: options.port ?? server.port });
  open.push(made);
  return made;
}

async function onlineLink(options: Parameters<typeof link>[0] = {}): Promise<[LinkUnderTest, ServerConnection]> {
  const under = link(options);
  await under.link.start();
  return [under, await server.connection()];
}

const fromLink = (connection: ServerConnection, what: string, wanted: (stanza: Element) => boolean): Promise<Element> =>
  connection.stanzas.take({ what, wanted });

afterEach(async () => {
  server.behaviour.silent = false;
  await Promise.all(open.map((one) => one.link.stop()));
  open = [];
  await server.stop();
});

describe('coming online', () => {
  it('XD-8: an open guard is final: never online, one message, the handler sees nothing', async () => {
    await startServer({ guard: 'open', afterHandshake: chat('ann@example.com/r', 'bob@example.com', 'early').toString() });
    const under = link();
    await expect(under.link.start()).rejects.toMatchObject({ code: 'refused' });
    expect(under.link.status).toBe('failed');
    const { fields } = await under.line('xmpp_link_failed', 'error');
    expect(fields['why']).toContain('let this component speak in the name of example.com');
    expect(under.stanzas.unclaimed).toEqual([]);
    expect(server.connections.unclaimed).toHaveLength(1);
  });

  it('XD-8: the guard of each further domain is tested too', async () => {
    await startServer({ guard: 'closed' }); // for example.com; for other names it answers otherwise
    const under = link({ furtherDomains: ['example.net'] });
    await expect(under.link.start()).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('in the name of example.net') });
  });

  it('XD-8: an answer to the stanza in a foreign name is no refusal', async () => {
    await startServer({ guard: 'answered' });
    const under = link();
    await expect(under.link.start()).rejects.toMatchObject({ code: 'refused' });
  });

  it('XD-8: what arrived during a self-test that failed is answered by an error (promise 1)', async () => {
    await startServer({ guard: 'open', afterHandshake: chat('ann@example.com/r', 'bob@example.com', 'early').toString() });
    const under = link();
    await expect(under.link.start()).rejects.toMatchObject({ code: 'refused' });
    const bounce = await fromLink(await server.connection(), 'error answer', (stanza) => stanza.name === 'message');
    expect(bounce.attrs).toMatchObject({ type: 'error', from: 'bob@example.com', to: 'ann@example.com/r' });
  });

  it('XD-8: the stanza in a foreign name is a ping of the user domain to itself', async () => {
    await startServer();
    const [, connection] = await onlineLink();
    const spoofed = await fromLink(connection, 'foreign name', (stanza) => stanza.attrs['from'] === USER_DOMAIN);
    expect(spoofed.attrs).toMatchObject({ type: 'get', to: USER_DOMAIN });
    expect(spoofed.getChild('ping', 'urn:xmpp:ping')).toBeDefined();
  });

  it('tells the worker name to the plug-in', async () => {
    await startServer();
    const [, connection] = await onlineLink({ workerName: 'w"7' });
    const iq = await fromLink(connection, 'name', (stanza) => stanza.getChild('worker') !== undefined);
    expect(iq.attrs).toMatchObject({ type: 'set', from: DOMAIN, to: USER_DOMAIN });
    expect(iq.getChild('worker', 'urn:isthmus:partition:0')?.attrs['name']).toBe('w"7');
  });

  it('subdomain mode says nothing to a plug-in', async () => {
    await startServer({ plugin: false, guard: 'strict' });
    const [under, connection] = await onlineLink({ mode: 'subdomain' });
    await under.link.send(chat('bob@gw.example.com', 'ann@example.com', 'first'));
    await fromLink(connection, 'first', (stanza) => stanza.name === 'message');
    expect(connection.stanzas.unclaimed).toEqual([]);
  });

  it('XD-15: conflict is final and says what to do', async () => {
    await startServer({ streamError: 'conflict' });
    const under = link();
    await expect(under.link.start()).rejects.toThrow('load the partition plug-in there, which allows several');
    expect(under.lines('xmpp_link_failed', 'error')).toHaveLength(1);
    expect(server.connections.unclaimed).toHaveLength(1);
  });

  it('XD-15: an unknown component is told and tried again', async () => {
    await startServer({ streamError: 'host-unknown' });
    const under = link();
    const started = under.link.start();
    const { fields } = await under.line('xmpp_link_down', 'warn');
    expect(fields['why']).toMatch(/does not know the component gw\.example\.com: .*port for components/);
    server.behaviour.streamError = undefined;
    await started;
    expect(under.link.status).toBe('online');
  });

  it('XD-15: a server that is not there yet is waited for', async () => {
    await startServer();
    const { port } = server;
    await server.stop();
    const under = link({ port });
    const started = under.link.start();
    await under.line('xmpp_link_down', 'warn');
    server = await ComponentServer.start({ secret: SECRET, guard: 'closed', plugin: true }, USER_DOMAIN, port);
    await started;
    expect(under.link.online).toBe(true);
  });

  it('a server that accepts and says nothing is given up after the deadline', async () => {
    await startServer();
    const under = link({ timeoutMs: 100, secret: SECRET });
    server.behaviour.silent = true;
    const started = under.link.start();
    const { fields } = await under.line('xmpp_link_down', 'warn');
    expect(fields['why']).toContain('within 100 ms');
    server.behaviour.silent = false;
    await started;
  });

  it('a stanza in the same segment as the handshake answer is not lost', async () => {
    await startServer({ afterHandshake: chat('ann@example.com/r', 'bob@example.com', 'early').toString() });
    const [under] = await onlineLink();
    expect((await under.stanza('message')).getChildText('body')).toBe('early');
  });

  it('cannot be started twice', async () => {
    await startServer();
    const [under] = await onlineLink();
    await expect(under.link.start()).rejects.toThrow('started before');
  });
});

describe('reading', () => {
  it('XD-15: a character cut by the end of a segment arrives whole', async () => {
    await startServer();
    const [under, connection] = await onlineLink();
    connection.socket.setNoDelay(true);
    const bytes = Buffer.from(chat('ann@example.com/r', 'bob@example.com', 'ä€🚀').toString());
    for (const byte of bytes) {
      await new Promise<void>((resolve) => connection.socket.write(Buffer.of(byte), () => setImmediate(resolve)));
    }
    expect((await under.stanza('message')).getChildText('body')).toBe('ä€🚀');
  });

  it.each([
    ['broken tags in one segment', '<message></iq></presence><a></b></c>'],
    ['bytes after the end of the stream', '</stream:stream><message>'],
    ['text instead of XML', '\u0000\u0001<<<>>>&;&#0;'],
  ])('promise 7: %s end the stream, not the worker', async (_what, bytes) => {
    await startServer();
    const [under, connection] = await onlineLink();
    await under.change('up');
    connection.write(bytes);
    connection.write('<message/>');
    await under.change('down');
    await under.change('up');
    expect(under.link.online).toBe(true);
  });

  it('a handler that throws, at once or later: one log line, the sender gets internal-server-error', async () => {
    await startServer();
    const [under, connection] = await onlineLink();
    const failures = [
      () => {
        throw new Error('at once');
      },
      () => Promise.reject(new Error('later')),
    ];
    for (const fail of failures) {
      under.link.onStanza(fail);
      connection.write(chat('ann@example.com/r', 'bob@example.com', 'x').toString());
      await under.line('stanza_handle_failed', 'error');
      const bounce = await fromLink(connection, 'error', (stanza) => stanza.name === 'message');
      expect(bounce.getChild('error')?.getChild('internal-server-error')).toBeDefined();
    }
  });

  it('promise 6: stops reading while too many stanzas are being handled, and loses none', async () => {
    await startServer();
    const [under, connection] = await onlineLink({ maxInFlight: 10 });
    const finish: (() => void)[] = [];
    let given = 0;
    under.link.onStanza(() => {
      given += 1;
      return new Promise<void>((resolve) => finish.push(resolve));
    });
    const total = 20_000;
    const text = chat('ann@example.com/r', 'bob@example.com', 'x'.repeat(200)).toString();
    for (let count = 0; count < total; count += 1) connection.write(text);
    // Far more than the sockets hold: the server's side fills up only when nobody reads.
    while (given < 10) await new Promise((resolve) => setImmediate(resolve));
    expect(given).toBeLessThan(total / 2);
    under.link.onStanza(() => void (given += 1));
    for (const done of finish) done();
    while (given < total) await new Promise((resolve) => setImmediate(resolve));
    expect(given).toBe(total);
  });
});

describe('sending', () => {
  it('XD-15: rejects while offline, with a code', async () => {
    await startServer();
    const under = link();
    await expect(under.link.send(chat('a@x', 'b@y', 'x'))).rejects.toMatchObject({ code: 'offline' });
    await expect(under.link.request(chat('a@x', 'b@y', 'x'), 1_000)).rejects.toMatchObject({ code: 'offline' });
  });

  it('SEC-10: a character that XML forbids is not written: the shared stream lives on', async () => {
    await startServer();
    const [under, connection] = await onlineLink();
    await expect(under.link.send(chat('bob@example.com', 'ann@example.com', 'a\u0000b'))).rejects.toMatchObject({ code: 'unsendable' });
    await under.link.send(chat('bob@example.com', 'ann@example.com', 'good'));
    const arrived = await fromLink(connection, 'message', (stanza) => stanza.name === 'message');
    expect(arrived.getChildText('body')).toBe('good');
  });

  it('a stanza without from or to is not written (XEP-0114)', async () => {
    await startServer();
    const [under] = await onlineLink();
    await expect(under.link.send(xml('message', { to: 'ann@example.com' }))).rejects.toMatchObject({ code: 'unsendable' });
    await expect(under.link.send(xml('message', { from: 'bob@example.com' }))).rejects.toMatchObject({ code: 'unsendable' });
  });

  it('promise 6: the outgoing queue is bounded; what was taken arrives', async () => {
    await startServer();
    const [under, connection] = await onlineLink({ maxQueueBytes: 200_000 });
    connection.socket.pause();
    const stanza = chat('bob@example.com', 'ann@example.com', 'x'.repeat(10_000));
    const results: Promise<string>[] = [];
    const tell = (): Promise<string> => under.link.send(stanza).then(() => 'sent', (error: { code: string }) => error.code);
    for (let count = 0; count < 2_000; count += 1) results.push(tell());
    connection.socket.resume();
    const codes = await Promise.all(results);
    const sent = codes.filter((code) => code === 'sent').length;
    expect(new Set(codes)).toEqual(new Set(['sent', 'queue-full']));
    for (let count = 0; count < sent; count += 1) await fromLink(connection, 'message', (one) => one.name === 'message');
    expect(under.link.online).toBe(true);
  });
});

describe('asking', () => {
  const ask = (under: LinkUnderTest, timeoutMs = 10_000): Promise<Element> =>
    under.link.request(xml('iq', { type: 'get', from: DOMAIN, to: 'ann@example.com/r', id: 'mine' }, xml('query', { xmlns: 'x' })), timeoutMs);
  const asked = (connection: ServerConnection): Promise<Element> =>
    fromLink(connection, 'question', (stanza) => stanza.getChild('query') !== undefined);
  const answer = (id: string, from: string): string => xml('iq', { type: 'result', id, from, to: DOMAIN }).toString();

  beforeEach(() => startServer({ silent: undefined }));

  it('XD-15: an answer from another address, or with another id, is no answer', async () => {
    const [under, connection] = await onlineLink();
    server.behaviour.silent = true;
    const question = ask(under);
    const { id } = (await asked(connection)).attrs;
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    connection.write(answer(id, 'eve@example.com'));
    connection.write(answer('mine', 'ann@example.com/r'));
    connection.write(answer(id, 'ann@example.com/r'));
    expect((await question).attrs['from']).toBe('ann@example.com/r');
    expect((await under.stanza('iq')).attrs['from']).toBe('eve@example.com');
    expect((await under.stanza('iq')).attrs['id']).toBe('mine');
  });

  it('fails at the deadline', async () => {
    const [under] = await onlineLink();
    server.behaviour.silent = true;
    await expect(ask(under, 20)).rejects.toMatchObject({ code: 'timeout' });
  });

  it('XD-15: fails at once when the connection is lost', async () => {
    const [under, connection] = await onlineLink();
    server.behaviour.silent = true;
    const question = ask(under, 600_000);
    await asked(connection);
    server.behaviour.silent = false;
    connection.socket.destroy();
    await expect(question).rejects.toMatchObject({ code: 'disconnected' });
  });

  it('fails when the link is stopped', async () => {
    const [under, connection] = await onlineLink();
    server.behaviour.silent = true;
    const question = ask(under, 600_000);
    const failed = expect(question).rejects.toMatchObject({ code: 'stopped' });
    await asked(connection);
    server.behaviour.silent = false;
    await under.link.stop();
    await failed;
  });
});

describe('heartbeat', () => {
  it('a server that is connected and silent is left', async () => {
    await startServer();
    const [under, connection] = await onlineLink({ heartbeatMs: 20, timeoutMs: 200 });
    await fromLink(connection, 'heartbeat', (stanza) => stanza.getChild('ping', 'urn:xmpp:ping') !== undefined && stanza.attrs['from'] === DOMAIN);
    server.behaviour.silent = true;
    const down = await under.change('down');
    expect(down).toMatchObject({ why: expect.stringContaining('silent for 220 ms') });
    server.behaviour.silent = false;
    await under.change('up');
    await connection.closed;
  });
});

describe('stopping', () => {
  it('XD-10: drains first, then waits for the handler, whose answers still go out', async () => {
    await startServer();
    const [under, connection] = await onlineLink();
    let finish: () => void = () => undefined;
    const working = new Promise<void>((started) => {
      under.link.onStanza(async (stanza) => {
        started();
        await new Promise<void>((resolve) => (finish = resolve));
        await under.link.send(chat('bob@example.com', String(stanza.attrs['from']), 'answer'));
      });
    });
    connection.write(chat('ann@example.com/r', 'bob@example.com', 'x').toString());
    await working;
    const stopped = under.link.stop();
    await fromLink(connection, 'drain', (stanza) => stanza.getChild('drain', 'urn:isthmus:partition:0') !== undefined);
    finish();
    await stopped;
    const answered = await fromLink(connection, 'answer', (stanza) => stanza.name === 'message');
    expect(answered.getChildText('body')).toBe('answer');
    await connection.closed;
  });

  it('XD-10: a connection that comes up after drain is drained too', async () => {
    await startServer({ silent: true });
    const under = link();
    const online = under.link.start();
    const connection = await server.connection();
    const questions = await Promise.all(
      ['worker', 'account'].map((name) => fromLink(connection, name, (stanza) => stanza.getChild(name, 'urn:isthmus:partition:0') !== undefined)),
    );
    await under.link.drain();
    server.behaviour.silent = false;
    for (const { attrs } of questions) {
      const account = xml('account', { xmlns: 'urn:isthmus:partition:0', jid: 'x@example.com', local: 'false', online: 'false' });
      connection.write(xml('iq', { type: 'result', id: attrs['id'], from: attrs['to'], to: attrs['from'] }, account).toString());
    }
    await online;
    await fromLink(connection, 'drain', (stanza) => stanza.getChild('drain', 'urn:isthmus:partition:0') !== undefined);
    expect(under.link.status).toBe('draining');
  });

  it('a listener that throws costs neither the other listeners nor the way back', async () => {
    await startServer();
    const [under, connection] = await onlineLink();
    under.link.onChange(() => {
      throw new Error('a listener failed');
    });
    const changes: string[] = [];
    under.link.onChange(({ is }) => changes.push(is));
    await under.change('up');
    connection.socket.destroy();
    await under.change('down');
    await under.change('up');
    expect(changes).toEqual(['down', 'up']);
    await under.line('xmpp_change_handle_failed', 'error');
  });

  it('a handler that never ends does not hold stop for ever', async () => {
    await startServer();
    const [under, connection] = await onlineLink({ stopTimeoutMs: 50 });
    const working = new Promise<void>((started) => {
      under.link.onStanza(() => {
        started();
        return new Promise<void>(() => undefined);
      });
    });
    connection.write(chat('ann@example.com/r', 'bob@example.com', 'x').toString());
    await working;
    await under.link.stop();
    await under.line('xmpp_stop_unfinished', 'warn');
  });

  it('while it waits for its next attempt', async () => {
    await startServer();
    const { port } = server;
    await server.stop();
    const under = link({ port, reconnect: { minMs: 60_000, maxMs: 60_000 } });
    const started = under.link.start();
    const failed = expect(started).rejects.toMatchObject({ code: 'stopped' });
    await under.line('xmpp_link_down', 'warn');
    await under.link.stop();
    await failed;
    server = await ComponentServer.start({ secret: SECRET, guard: 'closed', plugin: true }, USER_DOMAIN, port);
    await new Promise<void>((resolve, reject) => {
      const probe = connect(port, '127.0.0.1', () => resolve()).on('error', reject);
      probe.end();
    });
  });

  it('while the handshake is under way', async () => {
    await startServer();
    server.behaviour.silent = true;
    const under = link({ timeoutMs: 60_000 });
    const failed = expect(under.link.start()).rejects.toMatchObject({ code: 'stopped' });
    const connection = await server.connection();
    await fromLink(connection, 'name', (stanza) => stanza.getChild('worker') !== undefined);
    await under.link.stop();
    await failed;
    await connection.closed;
  });
});

describe('handing over', () => {
  const text = (body: string): Element => chat('bob@example.com', 'ann@example.com', body);
  const question = (connection: ServerConnection): Promise<Element> =>
    fromLink(connection, 'question', isQuestion);
  // The self-test's ping is in another name.
  const isQuestion = (stanza: Element): boolean => stanza.attrs['from'] === DOMAIN && stanza.getChild('ping') !== undefined;
  const answer = (connection: ServerConnection, { attrs }: Element, type: 'result' | 'error'): void =>
    connection.write(xml('iq', { type, id: attrs['id'], from: attrs['to'], to: attrs['from'] }).toString());
  const settled = async (delivery: Promise<void>): Promise<string> => {
    const state = delivery.then(() => 'handled', () => 'failed');
    await new Promise((resolve) => setImmediate(resolve));
    return Promise.race([state, Promise.resolve('open')]);
  };

  beforeEach(() => startServer({ silent: undefined }));

  it.each(['result', 'error'] as const)('promise 1: a stanza is handed over when the server has answered what came behind it, by %s', async (type) => {
    const [under, connection] = await onlineLink();
    server.behaviour.silent = true;
    const delivery = under.link.deliver(text('one'));
    await fromLink(connection, 'text', (stanza) => stanza.getChildText('body') === 'one');
    const asked = await question(connection);
    expect(await settled(delivery)).toBe('open');
    answer(connection, asked, type);
    await delivery;
  });

  it('promise 1: what is written while a question is open waits for the next one, and many share it', async () => {
    const [under, connection] = await onlineLink();
    server.behaviour.silent = true;
    const first = under.link.deliver(text('one'));
    const asked = await question(connection);
    const later = ['two', 'three'].map((body) => under.link.deliver(text(body)));
    await fromLink(connection, 'text', (stanza) => stanza.getChildText('body') === 'three');
    answer(connection, asked, 'result');
    await first;
    const next = await question(connection);
    expect(await Promise.all(later.map(settled))).toEqual(['open', 'open']);
    answer(connection, next, 'result');
    await Promise.all(later);
    expect(connection.stanzas.unclaimed.filter(isQuestion)).toEqual([]);
  });

  it('promise 1: a slow server is asked again, and a stanza that it has not handled yet is neither given up nor written again', async () => {
    const [under, connection] = await onlineLink({ timeoutMs: 200 });
    server.behaviour.silent = true;
    const delivery = under.link.deliver(text('one'));
    const isText = (stanza: Element): boolean => stanza.getChildText('body') === 'one';
    await fromLink(connection, 'text', isText);
    await question(connection);
    const again = await question(connection); // the first one has had no answer in time
    expect(await settled(delivery)).toBe('open');
    answer(connection, again, 'result');
    await delivery;
    expect(connection.stanzas.unclaimed.filter(isText)).toEqual([]);
    expect(under.lines('xmpp_confirmation_late', 'warn')[0]?.fields).toEqual({ waitedMs: 200 });
  });

  it('promise 1: a server that goes away without having read a stanza has not been handed it', async () => {
    const [under, connection] = await onlineLink();
    server.behaviour.silent = true;
    const delivery = under.link.deliver(text('one'));
    await question(connection);
    server.behaviour.silent = false;
    connection.socket.destroy();
    await expect(delivery).rejects.toMatchObject({ code: 'disconnected' });
  });
});
