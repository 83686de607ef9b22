import xml from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

import { Prosody } from '../../../scenarios/support/prosody';
import { XmppUser } from '../../../scenarios/support/xmpp-user';
import { ComponentServer } from './support/component-server';
import type { ServerConnection } from './support/component-server';
import { chat, DOMAIN, LinkUnderTest, SECRET, USER_DOMAIN } from './support/links';

/** A local user, as the link's far end. */
interface Ann {
  send(stanza: Element): Promise<void>;
  receives(body: string): Promise<Element>;
}

interface Server {
  readonly port: number;
  ann(): Promise<Ann>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

async function fake(partitioned: boolean): Promise<Server> {
  const behaviour = { secret: SECRET, guard: partitioned ? 'closed' : 'strict', plugin: partitioned } as const;
  let server = await ComponentServer.start({ ...behaviour }, USER_DOMAIN);
  const { port } = server;
  const annOn = (connection: ServerConnection): Ann => ({
    send: async (stanza) => connection.write(stanza.toString()),
    receives: (body) => connection.stanzas.take({ what: body, wanted: (stanza) => stanza.getChildText('body') === body }),
  });
  return {
    port,
    ann: async () => annOn(await server.connection()),
    restart: async () => {
      await server.stop();
      server = await ComponentServer.start({ ...behaviour }, USER_DOMAIN, port);
    },
    stop: () => server.stop(),
  };
}

async function prosody(partitioned: boolean): Promise<Server> {
  const server = await Prosody.start({ domain: USER_DOMAIN, component: DOMAIN, secret: SECRET, partitioned, users: { ann: 'pw' } });
  const users: XmppUser[] = [];
  return {
    port: server.componentPort,
    ann: async () => {
      const user = await XmppUser.connect({ port: server.c2sPort, domain: USER_DOMAIN, user: 'ann', password: 'pw', resource: 'r' });
      users.push(user);
      await user.sendPresence();
      return { send: (stanza) => user.send(stanza), receives: (body) => user.takeMessage(body) };
    },
    restart: () => server.restart(),
    stop: async () => {
      await Promise.all(users.map((user) => user.stop()));
      await server.stop();
    },
  };
}

describe.each([
  ['a small component server', fake],
  ['Prosody with the partition plug-in', prosody],
])('the link and %s', (_name, startServer) => {
  let server: Server;
  let open: LinkUnderTest[];

  async function start(partitioned = true): Promise<void> {
    server = await startServer(partitioned);
    open = [];
  }

  function link(options: Partial<ConstructorParameters<typeof LinkUnderTest>[0]> = {}): LinkUnderTest {
    const made = new LinkUnderTest({ ...options, port: options.port ?? server.port });
    open.push(made);
    return made;
  }

  afterEach(async () => {
    await Promise.all(open.map((one) => one.link.stop().catch(() => undefined)));
    await server.stop();
  });

  it('XD-8: goes online when the guard refuses a foreign name and the account question is answered', async () => {
    await start();
    const { link: xmpp } = link();
    expect(xmpp.online).toBe(false);
    await xmpp.start();
    expect(xmpp.status).toBe('online');
  });

  it('XD-15: a wrong secret is final, and said once, without the secret', async () => {
    await start();
    const under = link({ secret: 'wrong-secret' });
    await expect(under.link.start()).rejects.toMatchObject({ name: 'XmppLinkError', code: 'refused' });
    expect(under.link.status).toBe('failed');
    const { fields } = await under.line('xmpp_link_failed', 'error');
    expect(fields['why']).toContain('gw.example.com: the secret here and there must be the same');
    expect(JSON.stringify(under.log.unclaimed)).not.toContain('wrong-secret');
    expect(under.lines('xmpp_link_failed', 'error')).toEqual([]);
  });

  it('XD-8: without the plug-in it stays offline, says so once and goes on trying', async () => {
    await start(false);
    const under = link();
    const first = under.link.start();
    first.catch(() => undefined);
    const { fields } = await under.line('xmpp_link_down', 'warn');
    expect(fields['why']).toMatch(/^the partition plug-in is not active for example\.com/);
    await under.line('xmpp_link_down', 'debug');
    await under.line('xmpp_link_down', 'debug');
    expect(under.lines('xmpp_link_down', 'warn')).toEqual([]);
    expect(under.link.online).toBe(false);
    await under.link.stop();
    await expect(first).rejects.toMatchObject({ code: 'stopped' });
  });

  it('carries stanzas both ways, any character', async () => {
    await start();
    const under = link();
    await under.link.start();
    const ann = await server.ann();
    await ann.send(chat('ann@example.com/r', 'bob@example.com', 'Grüße, 道 & <🚀>'));
    const received = await under.stanza('message');
    expect(received.getChildText('body')).toBe('Grüße, 道 & <🚀>');
    expect(received.attrs['to']).toBe('bob@example.com');
    await under.link.send(chat('bob@example.com', 'ann@example.com', 'zurück "🚀" & <b>'));
    const answer = await ann.receives('zurück "🚀" & <b>');
    expect(answer.attrs['from']).toBe('bob@example.com');
  });

  it('asks by IQ and gets the answer of the address that was asked', async () => {
    await start();
    const under = link();
    await under.link.start();
    const question = xml('account', { xmlns: 'urn:isthmus:partition:0', jid: 'nobody@example.com' });
    const answer = await under.link.request(xml('iq', { type: 'get', from: DOMAIN, to: USER_DOMAIN }, question), 10_000);
    expect(answer.attrs['type']).toBe('result');
    expect(answer.getChild('account')?.attrs['local']).toBe('false');
    expect(under.stanzas.unclaimed).toEqual([]);
  });

  it('XD-15: comes back by itself when the server has restarted', async () => {
    await start();
    const under = link();
    await under.link.start();
    await under.change('up');
    const restarted = server.restart();
    const down = await under.change('down');
    expect(down).toMatchObject({ why: expect.stringContaining('no connection to the XMPP server') });
    await expect(under.link.send(chat('bob@example.com', 'ann@example.com', 'lost'))).rejects.toMatchObject({ code: 'offline' });
    await restarted;
    await under.change('up');
    await under.link.send(chat('bob@example.com', 'ann@example.com', 'back'));
    expect(under.link.status).toBe('online');
  });

  it('XD-10: after drain it still sends, and stop ends the stream', async () => {
    await start();
    const under = link();
    await under.link.start();
    await under.link.drain();
    expect(under.link.status).toBe('draining');
    await under.link.send(chat('bob@example.com', 'ann@example.com', 'last words'));
    await under.link.stop();
    expect(under.link.status).toBe('stopped');
    expect(under.lines('xmpp_drain_failed', 'warn')).toEqual([]);
    await expect(under.link.send(chat('bob@example.com', 'ann@example.com', 'too late'))).rejects.toMatchObject({ code: 'offline' });
  });
});
