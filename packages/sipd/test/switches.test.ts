import { randomUUID } from 'node:crypto';
import { answer, App } from './support/app';
import { Control } from './support/control';
import { until } from './support/inbox';
import { TcpListener, TcpPeer } from './support/peer';
import { statusOf, token } from './support/sip-text';
import { describeSipd, SHORT, startSipd, type Target } from './support/target';

/** Starts a server with one switch and stops it again. */
async function withSwitch(switches: object, act: (server: Target, far: TcpListener) => Promise<void>): Promise<void> {
  const server = await startSipd({ switches });
  const far = await TcpListener.start();
  try {
    await act(server, far);
  } finally {
    far.close();
    await server.close();
  }
  expect(server.errors).toEqual([]);
}

function message(uri: string, bytes: number): string {
  const head = `sip||\r\nMESSAGE ${uri} SIP/2.0\r\nContent-Type: text/plain\r\n\r\n`;
  // 37 is the id and its bar.
  return head + 'x'.repeat(bytes - head.length - 37);
}

const LONG_LINE = 'x'.repeat(8192);
const WRAPPED = `${'x'.repeat(8000)}\r\n`.repeat(2);

describeSipd('switches: limits of drachtio-server, which a real one always has', () => {
  test('all off: a message of 100 KB, a long line and pipelining pass', async () => {
    await withSwitch({}, async (server, far) => {
      const client = await Control.open(server);
      const first = client.send(message(far.uri, 100_000));
      const second = client.send(message(far.uri, 100_000));
      expect((await client.reply(first)).fields[3]).toBe('OK');
      expect((await client.reply(second)).fields[3]).toBe('OK');
      client.close();
    });
  });

  test('ring: a message over 12,228 bytes gets no reply and the connection is deaf from then on; 12,228 pass', async () => {
    await withSwitch({ ring: true }, async (server, far) => {
      const client = await Control.open(server);
      expect((await client.ask(message(far.uri, 12_228))).fields[3]).toBe('OK');
      client.send(message(far.uri, 12_229));
      client.send('ping');
      const other = await Control.open(server);
      for (let index = 0; index < 5; index += 1) await other.ask('ping');
      expect(client.frames.all).toHaveLength(1);
      expect(client.closed).toBe(false);
      client.close();
      other.close();
    });
  });

  test('pipeline: anything behind a message over 4,036 bytes before its reply closes the connection', async () => {
    await withSwitch({ pipeline: true }, async (server, far) => {
      const patient = await Control.open(server);
      for (let index = 0; index < 3; index += 1) expect((await patient.ask(message(far.uri, 6000))).fields[3]).toBe('OK');
      const small = [patient.send(message(far.uri, 4036)), patient.send(message(far.uri, 4036)), patient.send('ping')];
      for (const id of small) expect((await patient.reply(id)).fields[3]).toBe('OK');
      const hasty = await Control.open(server);
      hasty.send(message(far.uri, 4037));
      hasty.send('ping');
      await until('connection closed', () => hasty.closed);
      expect(hasty.frames.all).toEqual([]);
      patient.close();
    });
  });

  test('longLine: a request with a line over 8,191 bytes is answered 400, the same size with line ends passes', async () => {
    await withSwitch({ longLine: true }, async (server) => {
      const app = await App.connect(server);
      const peer = await TcpPeer.connect(server.sip.tcp);
      const long = peer.request({ method: 'MESSAGE', headers: ['Content-Type: text/plain'], body: LONG_LINE });
      expect(statusOf(await peer.answerTo(long))).toBe(400);
      peer.request({ method: 'MESSAGE', headers: ['Content-Type: text/plain'], body: WRAPPED });
      expect((await app.gets('MESSAGE')).req.body).toBe(WRAPPED);
      peer.close();
      app.close();
    });
  });

  test('longLine: a response with a line over 8,191 bytes is swallowed, the app sees 408', async () => {
    await withSwitch({ longLine: true }, async (server, far) => {
      const app = await App.connect(server);
      const sent = await app.send(far.uri, { method: 'OPTIONS' });
      const peer = await far.accepted.next();
      peer.respond(await peer.gets('OPTIONS'), '200 OK', [`X-Long: ${LONG_LINE}`]);
      expect(await sent.status()).toBe(408);
      app.close();
    });
  });

  test('bodyMax: a body over 2 MB is answered 413, a header over 8 KB 400; without it both pass', async () => {
    const big = 'line\r\n'.repeat(350_000);
    await withSwitch({ bodyMax: true }, async (server) => {
      const peer = await TcpPeer.connect(server.sip.tcp);
      const body = peer.request({ method: 'MESSAGE', headers: ['Content-Type: text/plain'], body: big });
      expect(statusOf(await peer.answerTo(body))).toBe(413);
      const header = peer.request({ method: 'MESSAGE', headers: [`X-Big: ${LONG_LINE}`] });
      expect(statusOf(await peer.answerTo(header))).toBe(400);
      peer.close();
    });
    await withSwitch({}, async (server) => {
      const app = await App.connect(server);
      const peer = await TcpPeer.connect(server.sip.tcp);
      peer.request({ method: 'MESSAGE', headers: ['Content-Type: text/plain', `X-Big: ${LONG_LINE}`], body: big });
      expect((await app.gets('MESSAGE')).req.body).toHaveLength(big.length);
      peer.close();
      app.close();
    });
  });

  test('coalesce: API reply and SIP response arrive in one read', async () => {
    await withSwitch({ coalesce: true }, async (server, far) => {
      const client = await Control.open(server);
      const id = client.send(`sip||\r\nOPTIONS ${far.uri} SIP/2.0\r\n\r\n`);
      const peer = await far.accepted.next();
      peer.respond(await peer.gets('OPTIONS'), '200 OK');
      await client.reply(id);
      await client.sip('SIP/2.0 200');
      expect(client.chunks).toHaveLength(1);
      client.close();
    });
  });

  test('coalesce: DR-1, the callback form of drachtio-srf loses no response', async () => {
    await withSwitch({ coalesce: true }, async (server, far) => {
      const app = await App.connect(server);
      for (let index = 0; index < 20; index += 1) {
        const sent = app.send(far.uri, { method: 'OPTIONS' });
        const peer = index === 0 ? await far.accepted.next() : far.accepted.all[0];
        peer?.respond(await peer.gets('OPTIONS'), '200 OK');
        expect(await (await sent).status()).toBe(200);
      }
      app.close();
    });
  });

  test('split: frames cut at every byte, also inside UTF-8 characters, are understood by drachtio-srf', async () => {
    await withSwitch({ split: true }, async (server) => {
      const app = await App.connect(server);
      const peer = await TcpPeer.connect(server.sip.tcp);
      const request = peer.request({ method: 'MESSAGE', headers: ['Content-Type: text/plain'], body: 'grüße 😀' });
      const given = await app.gets('MESSAGE');
      expect(given.req.body).toBe('grüße 😀');
      await answer(given, 200);
      expect(statusOf(await peer.answerTo(request))).toBe(200);
      peer.close();
      app.close();
    });
  });

  test('split: a client sees many small reads', async () => {
    await withSwitch({ split: true }, async (server) => {
      const client = await Control.open(server);
      await client.ask('ping');
      expect(client.chunks.length).toBeGreaterThan(10);
      client.close();
    });
  });

  test('dropClient: the socket of a client is closed after every n-th new request', async () => {
    await withSwitch({ dropClient: 2 }, async (server) => {
      const client = await Control.open(server);
      await client.ask('route|message');
      const peer = await TcpPeer.connect(server.sip.tcp);
      peer.request({ method: 'MESSAGE' });
      await client.sip('MESSAGE');
      expect(client.closed).toBe(false);
      peer.request({ method: 'MESSAGE' });
      await until('client dropped', () => client.closed);
      expect(statusOf(await peer.answerTo(peer.request({ method: 'MESSAGE' })))).toBe(503);
      peer.close();
    });
  });

  test('dropClient by hand: drachtio-srf comes back and is given new requests, not those of its old dialogs', async () => {
    await withSwitch({}, async (server) => {
      const app = await App.connect(server);
      const peer = await TcpPeer.connect(server.sip.tcp);
      server.sipd?.dropClients();
      await until('client gone', () => server.sipd?.counts().clients === 0);
      await until('client back', () => server.sipd?.counts().clients === 1);
      await until('request given', () => {
        peer.request({ method: 'OPTIONS', callId: token() });
        return app.given.all.length > 0;
      });
      peer.close();
      app.close();
    });
  });

  test('restart: dialogs and transactions are forgotten, connections closed, by id gives ENODIALOG (DR-36)', async () => {
    await withSwitch({}, async (server) => {
      const client = await Control.open(server);
      await client.ask('route|subscribe');
      const peer = await TcpPeer.connect(server.sip.tcp);
      const callId = randomUUID();
      const request = peer.request({ method: 'SUBSCRIBE', callId, from: '<sip:bob@example.com>;tag=b', headers: ['Event: presence', `Contact: ${peer.contact}`] });
      const { fields } = await client.sip('SUBSCRIBE');
      await client.ask(`sip|${fields[8]}|\r\nSIP/2.0 200 OK\r\nExpires: 600\r\n\r\n`);
      await peer.answerTo(request);
      peer.request({ method: 'SUBSCRIBE', headers: ['Event: presence'] });
      await client.sip('SUBSCRIBE');
      server.sipd?.restart();
      await until('all closed', () => client.closed && peer.closed);
      expect(server.sipd?.counts()).toEqual({ clients: 0, dialogs: 0, transactions: 0, timers: 0 });
      const again = await Control.open(server);
      const reply = await again.ask(`sip||${callId};from-tag=b\r\nNOTIFY sip:placeholder SIP/2.0\r\n\r\n`);
      expect(reply.fields[4]).toBe('Server error: unable to find dialog for dialog id provided');
      again.close();
    });
  });

  test('restart as a switch: after every n-th new request', async () => {
    await withSwitch({ restart: 1 }, async (server) => {
      const client = await Control.open(server);
      await client.ask('route|message');
      const peer = await TcpPeer.connect(server.sip.tcp);
      peer.request({ method: 'MESSAGE' });
      await until('all closed', () => client.closed && peer.closed);
      expect(server.sipd?.counts().transactions).toBe(0);
    });
  });

  test('slowTimers: the real 64*T1 instead of the short one', async () => {
    await withSwitch({ slowTimers: true }, async (server, far) => {
      const app = await App.connect(server);
      const sent = await app.send(far.uri, { method: 'OPTIONS' });
      const peer = await far.accepted.next();
      await peer.gets('OPTIONS');
      await new Promise((resolve) => setTimeout(resolve, 2 * 64 * SHORT.t1));
      expect(sent.replies.all).toEqual([]);
      app.close();
    });
  });
});
