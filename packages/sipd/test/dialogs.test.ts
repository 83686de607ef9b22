import { answer, App, type Given, type Reply } from './support/app';
import { TcpListener, TcpPeer, UdpPeer } from './support/peer';
import { type Sip, statusOf, tagOf, token, value, values } from './support/sip-text';
import { target, type Target } from './support/target';

let server: Target;
let app: App;
let far: TcpListener;
let tcp: TcpPeer;

beforeAll(async () => {
  server = await target();
});
afterAll(async () => {
  await server.close();
  expect(server.errors).toEqual([]);
});
beforeEach(async () => {
  app = await App.connect(server);
  far = await TcpListener.start();
  tcp = await TcpPeer.connect(server.sip.tcp);
});
afterEach(async () => {
  await app.leave();
  far.close();
  tcp.close();
});

interface Dialog {
  readonly id: string;
  readonly callId: string;
  /** The far end's and our side as the far end writes them. */
  readonly theirs: string;
  readonly ours: string;
  readonly given?: Given;
}

/** The far end opens a dialog. */
async function opened(method: 'INVITE' | 'SUBSCRIBE', headers: string[] = [], cseq = 1, status = 200): Promise<Dialog & { ok: Sip }> {
  const request = tcp.request({ method, cseq, headers: ['Event: presence', `Contact: <${far.uri}>`, ...headers] });
  const given = await app.gets(method);
  await answer(given, status, { headers: { Expires: '600' } });
  const ok = await tcp.answerTo(request);
  const dialog = { callId: value(request, 'call-id'), theirs: value(request, 'from'), ours: value(ok, 'to') };
  if (method === 'INVITE') {
    tcp.request({ method: 'ACK', cseq, callId: dialog.callId, from: dialog.theirs, to: dialog.ours });
    await app.gets('ACK');
  }
  return { ...dialog, id: `${dialog.callId};from-tag=${tagOf(dialog.theirs)}`, given, ok };
}

/** The application opens a dialog; `peer` is the far end's side of our connection. */
async function calls(method: 'INVITE' | 'SUBSCRIBE', headers: string[] = []): Promise<Dialog & { peer: TcpPeer; reply: Reply; request: Sip }> {
  const sent = await app.send(far.uri, { method, headers: { Event: 'presence' } });
  const peer = await far.accepted.next();
  const request = await peer.gets(method);
  peer.respond(request, '200 OK', [`Contact: <${far.uri}>`, ...headers]);
  const reply = await sent.final();
  if (method === 'INVITE') {
    reply.ack();
    await peer.gets('ACK');
  }
  const ours = value(request, 'from');
  const callId = value(request, 'call-id');
  return { id: reply.res.stackDialogId, callId, ours, theirs: `${value(request, 'to')};tag=far`, peer, reply, request };
}

function inDialog(peer: TcpPeer, { callId, theirs, ours }: Dialog, method: string, cseq: number, headers: string[] = []): Sip {
  return peer.request({ method, callId, from: theirs, to: ours, cseq, headers });
}

const isGone = { code: 'ENODIALOG' };

describe('making dialogs', () => {
  test('MIM-2 txnId is a UUID; the dialogId is Call-ID and From tag of the request that made it, as UAC ours', async () => {
    const { id, request, reply } = await calls('INVITE');
    expect(id).toBe(`${value(request, 'call-id')};from-tag=${tagOf(value(request, 'from'))}`);
    expect(reply.res.stackDialogId).toBe(id);
  });

  test.each([200, 202])('MIM-39 %d to SUBSCRIBE makes a dialog without createUAS', async (status) => {
    const dialog = await opened('SUBSCRIBE', [], 1, status);
    expect(dialog.given?.req.stackTxnId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    await app.inDialog(dialog.id, { method: 'NOTIFY', headers: { Event: 'presence', 'Subscription-State': 'active' } });
    const notify = await tcp.gets('NOTIFY');
    expect([value(notify, 'to'), value(notify, 'from')]).toEqual([dialog.theirs, dialog.ours]);
  });

  test('MIM-39 200 to SUBSCRIBE of ours makes a dialog; the far end\'s NOTIFY comes in it', async () => {
    const dialog = await calls('SUBSCRIBE');
    inDialog(dialog.peer, dialog, 'NOTIFY', 1, ['Event: presence', 'Subscription-State: active']);
    expect((await app.gets('NOTIFY')).req.stackDialogId).toBe(dialog.id);
  });

  test('A4: the same Call-ID with new tags after BYE is a new dialog', async () => {
    const first = await opened('INVITE');
    const bye = await app.inDialog(first.id, { method: 'BYE' });
    tcp.respond(await tcp.gets('BYE'), '200 OK');
    await bye.final();
    const again = tcp.request({ method: 'INVITE', callId: first.callId, from: `<sip:bob@example.com>;tag=${token()}`, headers: [`Contact: ${tcp.contact}`] });
    const given = await app.gets('INVITE');
    const sent = await answer(given, 200);
    expect(statusOf(await tcp.answerTo(again))).toBe(200);
    tcp.request({ method: 'ACK', callId: first.callId, from: value(again, 'from'), to: sent.get('to') ?? '' });
    const ack = await app.gets('ACK');
    expect(ack.req.stackDialogId).toBe(`${first.callId};from-tag=${tagOf(value(again, 'from'))}`);
    expect(ack.req.stackDialogId).not.toBe(first.id);
  });

  test('A3: known Call-ID and From with tags of another dialog match no dialog', async () => {
    const dialog = await calls('INVITE');
    const mongrel = dialog.peer.request({ method: 'MESSAGE', callId: dialog.callId, from: `${dialog.theirs}x`, to: '<sip:ann@example.com>;tag=other', cseq: 2 });
    const { req } = await app.gets('MESSAGE');
    expect(req.stackDialogId).toBeFalsy();
    expect(req.get('call-id')).toBe(value(mongrel, 'call-id'));
  });

  test.each(['uas', 'uac'])('as %s a request with one tag of a dialog wrong matches no dialog', async (role) => {
    const dialog = role === 'uas' ? await opened('INVITE') : await calls('INVITE');
    const { callId, theirs, ours } = dialog;
    for (const [from, to] of [[theirs, `${ours}x`], [`${theirs}x`, ours]]) {
      tcp.request({ method: 'MESSAGE', callId, from: from ?? '', to: to ?? '', cseq: 9 });
      expect((await app.gets('MESSAGE')).req.stackDialogId).toBeFalsy();
    }
    tcp.request({ method: 'MESSAGE', callId, from: theirs, to: ours, cseq: 9 });
    expect((await app.gets('MESSAGE')).req.stackDialogId).toBe(dialog.id);
  });

  test('the ACK of an error answer by the app is refused', async () => {
    const sent = await app.send(far.uri, { method: 'INVITE' });
    const peer = await far.accepted.next();
    peer.respond(await peer.gets('INVITE'), '486 Busy');
    const { res } = await sent.final();
    await expect(app.inDialog(res.stackDialogId, { method: 'ACK' })).rejects.toThrow('Server error');
  });
});

describe('sending in dialogs', () => {
  test('MIM-31 CSeq in a dialog: the server counts on from the far end\'s, the app\'s number is ignored', async () => {
    const dialog = await opened('SUBSCRIBE', [], 41);
    for (const expected of ['42 NOTIFY', '43 NOTIFY']) {
      await app.inDialog(dialog.id, { method: 'NOTIFY', headers: { CSeq: '7 NOTIFY', Event: 'presence', 'Subscription-State': 'active' } });
      expect(value(await tcp.gets('NOTIFY'), 'cseq')).toBe(expected);
    }
  });

  test('MIM-31 as UAC the count goes on from our own request', async () => {
    const dialog = await calls('INVITE');
    await app.inDialog(dialog.id, { method: 'INFO' });
    const start = Number.parseInt(value(dialog.request, 'cseq'), 10);
    expect(value(await dialog.peer.gets('INFO'), 'cseq')).toBe(`${start + 1} INFO`);
  });

  test('MIM-32 re-INVITE and in-dialog REFER get a Contact', async () => {
    const dialog = await calls('INVITE');
    await app.inDialog(dialog.id, { method: 'REFER', headers: { 'Refer-To': 'sip:carol@example.com' } });
    expect(values(await dialog.peer.gets('REFER'), 'contact')).toHaveLength(1);
    await app.inDialog(dialog.id, { method: 'INVITE' });
    expect(values(await dialog.peer.gets('INVITE'), 'contact')).toHaveLength(1);
  });

  test('MIM-38 sip:placeholder becomes the remote target; another URI is used as given', async () => {
    const dialog = await opened('INVITE');
    await app.inDialog(dialog.id, { method: 'INFO' });
    expect((await tcp.gets('INFO')).start).toBe(`INFO ${far.uri} SIP/2.0`);
    await app.send('sip:other@example.com', { stackDialogId: dialog.id, method: 'INFO' });
    expect((await tcp.gets('INFO')).start).toBe('INFO sip:other@example.com SIP/2.0');
  });

  const routes = ['<sip:a.example.com;transport=tcp;lr;ms-fe="x,y">;tag=ABC', '<sip:10.9.9.9:5061;transport=tls;lr>'];

  test('MIM-38 as UAS the route set is the Record-Route in order, parameters untouched, and is echoed in the 200', async () => {
    const dialog = await opened('INVITE', [`Record-Route: ${routes[0]}`, `Record-Route: ${routes[1]}`]);
    expect(values(dialog.ok, 'record-route')).toEqual(routes);
    await app.inDialog(dialog.id, { method: 'INFO' });
    expect(values(await tcp.gets('INFO'), 'route')).toEqual(routes);
  });

  test('trap T3: Record-Route in one line with tags and quotes is echoed byte for byte in the 2xx to SUBSCRIBE', async () => {
    const line = routes.join(' ,  ');
    const dialog = await opened('SUBSCRIBE', [`Record-Route: ${line}`]);
    expect(values(dialog.ok, 'record-route')).toEqual([line]);
  });

  test('MIM-38 as UAC the route set is reversed', async () => {
    const near = `<sip:127.0.0.1:${far.port};transport=tcp;lr>`;
    const dialog = await calls('SUBSCRIBE', [`Record-Route: ${routes[1]}, ${near}`]);
    await app.inDialog(dialog.id, { method: 'SUBSCRIBE', headers: { Event: 'presence' } });
    expect(values(await dialog.peer.gets('SUBSCRIBE'), 'route')).toEqual([near, routes[1]]);
  });

  test('MIM-38 the remote target is not refreshed by a later re-INVITE', async () => {
    const dialog = await opened('INVITE');
    const again = inDialog(tcp, dialog, 'INVITE', 2, ['Contact: <sip:moved@127.0.0.1:1>']);
    await answer(await app.gets('INVITE'), 200);
    const ok = await tcp.answerTo(again);
    tcp.request({ method: 'ACK', cseq: 2, callId: dialog.callId, from: dialog.theirs, to: value(ok, 'to') });
    await app.gets('ACK');
    await app.inDialog(dialog.id, { method: 'INFO' });
    expect((await tcp.gets('INFO')).start).toBe(`INFO ${far.uri} SIP/2.0`);
  });

  test('MIM-37 proxy is ignored in a dialog', async () => {
    const dialog = await opened('INVITE');
    await app.inDialog(dialog.id, { method: 'INFO', proxy: 'sip:127.0.0.1:1;transport=tcp' });
    expect((await tcp.gets('INFO')).start).toContain('INFO');
  });
});

describe('ending dialogs', () => {
  test('MIM-40 BYE received removes the dialog at once', async () => {
    const dialog = await opened('INVITE');
    const bye = inDialog(tcp, dialog, 'BYE', 2);
    const given = await app.gets('BYE');
    expect(given.req.stackDialogId).toBe(dialog.id);
    await expect(app.inDialog(dialog.id, { method: 'INFO' })).rejects.toMatchObject(isGone);
    await answer(given, 200);
    expect(statusOf(await tcp.answerTo(bye))).toBe(200);
  });

  test.each([
    [200, true],
    [481, true],
    [401, false],
    [407, false],
  ])('MIM-40 BYE sent and answered %d: removed %s', async (status, removed) => {
    const dialog = await opened('INVITE');
    const bye = await app.inDialog(dialog.id, { method: 'BYE' });
    tcp.respond(await tcp.gets('BYE'), `${status} X`);
    await bye.final();
    const next = app.inDialog(dialog.id, { method: 'INFO' });
    if (removed) await expect(next).rejects.toMatchObject(isGone);
    else expect((await next).req.method).toBe('INFO');
  });

  test('MIM-40 NOTIFY terminated sent removes on its response; any other does not', async () => {
    const dialog = await opened('SUBSCRIBE');
    const notify = async (state: string): Promise<void> => {
      const sent = await app.inDialog(dialog.id, { method: 'NOTIFY', headers: { Event: 'presence', 'Subscription-State': state } });
      tcp.respond(await tcp.gets('NOTIFY'), '200 OK');
      await sent.final();
    };
    await notify('active;expires=60');
    await notify('terminated;reason=deactivated');
    await expect(app.inDialog(dialog.id, { method: 'NOTIFY' })).rejects.toMatchObject(isGone);
  });

  test('MIM-40 NOTIFY terminated delivered to the owner removes', async () => {
    const dialog = await calls('SUBSCRIBE');
    const notify = inDialog(dialog.peer, dialog, 'NOTIFY', 1, ['Event: presence', 'Subscription-State: terminated']);
    await answer(await app.gets('NOTIFY'), 200);
    await dialog.peer.answerTo(notify);
    await expect(app.inDialog(dialog.id, { method: 'SUBSCRIBE' })).rejects.toMatchObject(isGone);
  });

  test('MIM-41 a hand-made request with the ids of a live dialog leaves that dialog alone', async () => {
    const dialog = await calls('SUBSCRIBE');
    const headers = { 'Call-ID': dialog.callId, From: dialog.ours, To: dialog.theirs, CSeq: '2000000000 SUBSCRIBE', Event: 'presence' };
    const sent = await app.send(far.uri, { method: 'SUBSCRIBE', headers });
    dialog.peer.respond(await dialog.peer.gets('SUBSCRIBE'), '200 OK', ['Contact: <sip:elsewhere@127.0.0.1:1>']);
    await sent.final();
    await app.inDialog(dialog.id, { method: 'SUBSCRIBE', headers: { Event: 'presence' } });
    const next = await dialog.peer.gets('SUBSCRIBE');
    expect(Number.parseInt(value(next, 'cseq'), 10)).toBe(Number.parseInt(value(dialog.request, 'cseq'), 10) + 1);
    expect(next.start).toBe(`SUBSCRIBE ${far.uri} SIP/2.0`);
  });

  test('MIM-42 after removal a refresh with the old To tag makes the dialog anew: same tag, CSeq of the refresh + 1', async () => {
    const dialog = await opened('SUBSCRIBE');
    const last = await app.inDialog(dialog.id, { method: 'NOTIFY', headers: { Event: 'presence', 'Subscription-State': 'terminated' } });
    tcp.respond(await tcp.gets('NOTIFY'), '200 OK');
    await last.final();
    const refresh = inDialog(tcp, dialog, 'SUBSCRIBE', 5, ['Event: presence', `Contact: <${far.uri}>`]);
    await answer(await app.gets('SUBSCRIBE'), 200, { headers: { Expires: '600' } });
    expect(value(await tcp.answerTo(refresh), 'to')).toBe(dialog.ours);
    await app.inDialog(dialog.id, { method: 'NOTIFY', headers: { Event: 'presence', 'Subscription-State': 'active' } });
    const notify = await tcp.gets('NOTIFY');
    expect([value(notify, 'cseq'), value(notify, 'from')]).toEqual(['6 NOTIFY', dialog.ours]);
  });
});

describe('connections', () => {
  test('MIM-43 one outgoing connection per host, port and transport, used again', async () => {
    for (let index = 0; index < 3; index += 1) await app.send(far.uri, { method: 'OPTIONS' });
    const peer = await far.accepted.next();
    for (let index = 0; index < 3; index += 1) await peer.gets('OPTIONS');
    expect(far.accepted.all).toHaveLength(1);
  });

  test('MIM-43 in dialog over the far end\'s connection while it lives, else a new one to the Contact', async () => {
    const dialog = await opened('SUBSCRIBE');
    const notify = { method: 'NOTIFY', headers: { Event: 'presence', 'Subscription-State': 'active' } };
    await app.inDialog(dialog.id, notify);
    await tcp.gets('NOTIFY');
    expect(far.accepted.all).toHaveLength(0);
    tcp.socket.end();
    await new Promise((resolve) => tcp.socket.once('close', resolve));
    await app.inDialog(dialog.id, notify);
    const fresh = await far.accepted.next();
    expect((await fresh.gets('NOTIFY')).start).toBe(`NOTIFY ${far.uri} SIP/2.0`);
  });

  test('MIM-43 out of dialog never over the far end\'s connection', async () => {
    await opened('SUBSCRIBE');
    await app.send(far.uri, { method: 'OPTIONS' });
    const fresh = await far.accepted.next();
    await fresh.gets('OPTIONS');
    expect(tcp.inbox.all.filter((sip) => sip.start.startsWith('OPTIONS'))).toEqual([]);
  });

  test('on UDP a Contact that differs from the source is passed over in favour of the source (drachtio.md 4.5)', async () => {
    const udp = await UdpPeer.open(server.sip.udp);
    const request = udp.request({ method: 'SUBSCRIBE', headers: ['Event: presence', 'Contact: <sip:bob@10.255.255.1:5060>'] });
    await answer(await app.gets('SUBSCRIBE'), 200, { headers: { Expires: '600' } });
    await udp.answerTo(request);
    const id = `${value(request, 'call-id')};from-tag=${tagOf(value(request, 'from'))}`;
    const sent = await app.inDialog(id, { method: 'NOTIFY', headers: { Event: 'presence', 'Subscription-State': 'active' } });
    const notify = await udp.gets('NOTIFY');
    expect(notify.start).toBe('NOTIFY sip:bob@10.255.255.1:5060 SIP/2.0');
    udp.respond(notify, '200 OK');
    expect(await sent.status()).toBe(200);
    udp.close();
  });
});
