import { answer, App, type Given } from './support/app';
import { Control } from './support/control';
import { until } from './support/inbox';
import { TcpPeer } from './support/peer';
import { type Sip, statusOf, tagOf, token, value } from './support/sip-text';
import { target, type Target } from './support/target';

let server: Target;
let peer: TcpPeer;
let apps: App[] = [];

beforeAll(async () => {
  server = await target();
});
afterAll(async () => {
  await server.close();
  expect(server.errors).toEqual([]);
});
beforeEach(async () => {
  peer = await TcpPeer.connect(server.sip.tcp);
});
afterEach(() => {
  peer.close();
  for (const app of apps) app.close();
  apps = [];
});

async function app(methods?: readonly string[]): Promise<App> {
  const made = await App.connect(server, methods);
  apps.push(made);
  return made;
}

/** Sends a request that some client of the test answers 200, so that everything before it has been handled. */
async function flush(by: App): Promise<void> {
  const request = peer.request({ method: 'OPTIONS', uri: `sip:flush-${token()}@example.com` });
  await answer(await by.gets('OPTIONS', (req) => req.get('call-id') === value(request, 'call-id')), 200);
  await peer.answerTo(request);
}

/** Lets the far end open a SUBSCRIBE dialog with an application. */
async function subscribe(by: App): Promise<{ given: Given; ok: Sip; request: Sip }> {
  const request = peer.request({ method: 'SUBSCRIBE', headers: ['Event: presence', 'Expires: 600', `Contact: ${peer.contact}`] });
  const given = await by.gets('SUBSCRIBE', (req) => req.get('call-id') === value(request, 'call-id'));
  await answer(given, 200, { headers: { Expires: '600' } });
  return { given, request, ok: await peer.answerTo(request) };
}

function inDialog(method: string, { ok, request }: { ok: Sip; request: Sip }, cseq: number, headers: string[] = []): Sip {
  return peer.request({
    method,
    callId: value(request, 'call-id'),
    from: value(request, 'from'),
    to: value(ok, 'to'),
    cseq,
    headers,
  });
}

describe('distribution of new requests', () => {
  test('MIM-8 round robin over registrations, verbs compared without case', async () => {
    const three = [await app(['message']), await app(['message'])];
    const raw = await Control.open(server);
    await raw.ask('route|MESSAGE');
    for (let index = 0; index < 12; index += 1) {
      peer.request({ method: 'MESSAGE', callId: 'always-the-same', cseq: index + 1, headers: ['Content-Type: text/plain'], body: 'x' });
    }
    await until('12 requests', () => three.every((each) => each.given.all.length >= 4));
    await Promise.all([1, 2, 3, 4].map(() => raw.sip('MESSAGE')));
    expect(three.map((each) => each.given.all.length)).toEqual([4, 4]);
    raw.close();
  });

  test('MIM-8 duplicate registrations count twice', async () => {
    const once = await Control.open(server);
    const twice = await Control.open(server);
    await once.ask('route|publish');
    await twice.ask('route|publish');
    await twice.ask('route|publish');
    const count = (client: Control): number => client.frames.all.filter(({ fields }) => fields[1] === 'sip').length;
    for (let index = 0; index < 9; index += 1) peer.request({ method: 'PUBLISH', cseq: index + 1 });
    await until('9 requests', () => count(once) + count(twice) === 9);
    expect([count(once), count(twice)]).toEqual([3, 6]);
    once.close();
    twice.close();
  });

  test('MIM-9 503 when no client wants the method', async () => {
    await app(['message']);
    const answered = await peer.answerTo(peer.request({ method: 'SUBSCRIBE', headers: ['Event: presence'] }));
    expect(statusOf(answered)).toBe(503);
    expect(tagOf(value(answered, 'to'))).not.toBe('');
  });

  test('MIM-9 registrations of a client that has gone lose no traffic', async () => {
    const gone = await app(['options']);
    const stays = await app(['options']);
    await gone.leave();
    for (let index = 0; index < 3; index += 1) await flush(stays);
    expect(stays.given.all).toHaveLength(3);
  });

  test.each(['MESSAGE', 'INFO', 'NOTIFY', 'SUBSCRIBE', 'OPTIONS', 'PUBLISH'])(
    'MIM-12 %s with a To tag of no dialog is given out as new',
    async (method) => {
      const by = await app();
      peer.request({ method, to: '<sip:ann@example.com>;tag=forgotten' });
      const { req } = await by.gets(method);
      expect(req.stackDialogId).toBeFalsy();
      expect(req.get('to')).toContain('tag=forgotten');
    },
  );

  test.each(['BYE', 'UPDATE', 'INVITE'])('MIM-12 %s with a To tag of no dialog is answered 481', async (method) => {
    await app();
    const request = peer.request({ method, to: '<sip:ann@example.com>;tag=forgotten', headers: [`Contact: ${peer.contact}`] });
    expect(statusOf(await peer.answerTo(request))).toBe(481);
  });

  test('MIM-12 a BYE without To tag is answered 481', async () => {
    await app();
    expect(statusOf(await peer.answerTo(peer.request({ method: 'BYE' })))).toBe(481);
  });

  test('MIM-13 in an early dialog MESSAGE is given out as new', async () => {
    const by = await app();
    const invite = peer.request({ method: 'INVITE', headers: [`Contact: ${peer.contact}`] });
    const given = await by.gets('INVITE');
    await answer(given, 180);
    const ringing = await peer.inbox.next((sip) => statusOf(sip) === 180);
    peer.request({ method: 'MESSAGE', callId: value(invite, 'call-id'), from: value(invite, 'from'), to: value(ringing, 'to'), cseq: 2 });
    expect((await by.gets('MESSAGE')).req.stackDialogId).toBeFalsy();
    await answer(given, 480);
  });

  test('MIM-13 in an early dialog UPDATE goes to the owner of the INVITE', async () => {
    const owner = await app(['invite', 'update', 'options']);
    const invite = peer.request({ method: 'INVITE', headers: [`Contact: ${peer.contact}`] });
    const given = await owner.gets('INVITE');
    await answer(given, 180);
    const ringing = await peer.inbox.next((sip) => statusOf(sip) === 180);
    const update = peer.request({
      method: 'UPDATE', callId: value(invite, 'call-id'), from: value(invite, 'from'), to: value(ringing, 'to'), cseq: 2,
    });
    // drachtio-srf answers it 500 itself when the INVITE has no listener for `update`.
    expect(statusOf(await peer.answerTo(update))).toBe(500);
    await answer(given, 480);
  });

  test.each(['REFER', 'PRACK', 'SERVICE', 'BENOTIFY', 'NEGOTIATE', 'DANCE'])('MIM-14 %s out of dialog is met with silence', async (method) => {
    const by = await app();
    const request = peer.request({ method });
    await flush(by);
    expect(peer.inbox.all.filter((sip) => value(sip, 'call-id') === value(request, 'call-id'))).toEqual([]);
    expect(by.given.all.filter(({ req }) => req.method === method)).toEqual([]);
  });

  test.each(['REFER', 'SERVICE', 'DANCE'])('MIM-14 %s in a dialog is given to the owner', async (method) => {
    const owner = await Control.open(server);
    await owner.ask('route|subscribe');
    const request = peer.request({ method: 'SUBSCRIBE', headers: ['Event: presence', `Contact: ${peer.contact}`] });
    const { fields } = await owner.sip('SUBSCRIBE');
    await owner.ask(`sip|${fields[8]}|\r\nSIP/2.0 200 OK\r\nExpires: 600\r\n\r\n`);
    const ok = await peer.answerTo(request);
    inDialog(method, { ok, request }, 2);
    const given = await owner.sip(method);
    expect(given.fields[9]).toBe(`${value(request, 'call-id')};from-tag=${tagOf(value(request, 'from'))}`);
    owner.close();
  });
});

describe('distribution inside dialogs', () => {
  test('MIM-10 requests in a dialog go to its owner only, with the dialog id and without local address', async () => {
    const owner = await app();
    await app(['message', 'options']);
    const dialog = await subscribe(owner);
    for (let cseq = 2; cseq < 6; cseq += 1) {
      inDialog('MESSAGE', dialog, cseq);
      const { req } = await owner.gets('MESSAGE');
      expect(req.stackDialogId).toBe(`${value(dialog.request, 'call-id')};from-tag=${tagOf(value(dialog.request, 'from'))}`);
      expect(req.receivedOn).toBeUndefined();
    }
  });

  test.each(['MESSAGE', 'INFO', 'NOTIFY', 'SUBSCRIBE', 'OPTIONS'])('MIM-11 owner gone: %s is answered 481', async (method) => {
    const owner = await app(['subscribe']);
    const dialog = await subscribe(owner);
    await owner.leave();
    const other = await app();
    const request = inDialog(method, dialog, 2, method === 'NOTIFY' ? ['Subscription-State: terminated', 'Event: presence'] : []);
    expect(statusOf(await peer.answerTo(request))).toBe(481);
    // A NOTIFY `terminated` does not remove it either: the dialog can still be used by id.
    const sent = await other.inDialog(dialog.given.req.stackDialogId || dialogIdOf(dialog.request), { method: 'INFO' });
    peer.respond(await peer.gets('INFO'), '200 OK');
    expect(await sent.status()).toBe(200);
  });

  test('MIM-11 owner gone: BYE is answered 481 and removes the dialog', async () => {
    const owner = await app(['subscribe']);
    const dialog = await subscribe(owner);
    await owner.leave();
    const other = await app();
    expect(statusOf(await peer.answerTo(inDialog('BYE', dialog, 2)))).toBe(481);
    await expect(other.inDialog(dialogIdOf(dialog.request), { method: 'INFO' })).rejects.toMatchObject({ code: 'ENODIALOG' });
  });

  test('MIM-10 a client that has reconnected is another owner', async () => {
    const owner = await app(['subscribe']);
    const dialog = await subscribe(owner);
    await owner.leave();
    await app();
    expect(statusOf(await peer.answerTo(inDialog('MESSAGE', dialog, 2)))).toBe(481);
  });

  test('MIM-16 any client may send by id and answer by txnId; ownership stays', async () => {
    const owner = await app(['subscribe', 'message']);
    const dialog = await subscribe(owner);
    const other = await Control.open(server);
    const id = dialogIdOf(dialog.request);
    await other.ask(`sip||${id}\r\nNOTIFY sip:placeholder SIP/2.0\r\nEvent: presence\r\nSubscription-State: active\r\n\r\n`);
    const notify = await peer.gets('NOTIFY');
    expect(value(notify, 'to')).toBe(value(dialog.request, 'from'));
    const message = inDialog('MESSAGE', dialog, 2);
    const given = await owner.gets('MESSAGE');
    expect((await other.ask(`sip|${given.req.stackTxnId}|\r\nSIP/2.0 202 Accepted\r\n\r\n`)).fields[3]).toBe('OK');
    expect(statusOf(await peer.answerTo(message))).toBe(202);
    inDialog('MESSAGE', dialog, 3);
    expect((await owner.gets('MESSAGE')).req.get('cseq')).toBe('3 MESSAGE');
    other.close();
  });

  test('MIM-17 a second answer is refused: unknown transaction', async () => {
    const raw = await Control.open(server);
    await raw.ask('route|message');
    const request = peer.request({ method: 'MESSAGE' });
    const { fields } = await raw.sip('MESSAGE');
    expect((await raw.ask(`sip|${fields[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`)).fields[3]).toBe('OK');
    const second = await raw.ask(`sip|${fields[8]}|\r\nSIP/2.0 500 Oops\r\n\r\n`);
    expect(second.fields.slice(3, 5)).toEqual(['NOK', 'Response not sent due to unknown transaction']);
    expect(statusOf(await peer.answerTo(request))).toBe(200);
    raw.close();
  });
});

function dialogIdOf(request: Sip): string {
  return `${value(request, 'call-id')};from-tag=${tagOf(value(request, 'from'))}`;
}
