import type { Element } from '@xmpp/xml';

import { ComponentServer } from './support/component-server';
import type { Behaviour, ServerConnection } from './support/component-server';
import { LinkUnderTest, SECRET, USER_DOMAIN } from './support/links';

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
