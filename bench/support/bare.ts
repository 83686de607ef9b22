/**
 * The limit that isthmus is compared with: a drachtio-srf program that does nothing else, on the same SIP server.
 * It answers MESSAGE by 200, and sends MESSAGE in dialogs by id.
 */
import Srf = require('drachtio-srf');
import { now } from './clock';

export type BareCommand =
  | { readonly do: 'connect'; readonly port: number; readonly secret: string }
  | { readonly do: 'send'; readonly farPort: number; readonly dialogs: number; readonly seconds: number };

export type BareReport =
  | { readonly is: 'done'; readonly of: string }
  | { readonly is: 'failed'; readonly why: string }
  | { readonly is: 'sent'; readonly answered: number };

/* eslint-disable @typescript-eslint/no-explicit-any -- drachtio-srf's own types lack all of this */
const srf = new Srf() as any;
const SDP = 'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=session\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=message 5060 sip null\r\n';

function connect(port: number, secret: string): Promise<void> {
  srf.on('error', () => undefined);
  srf.message((_request: any, response: any) => response.send(200));
  return new Promise((resolve, reject) => {
    srf.once('connect', (error: Error | undefined) => (error ? reject(error) : resolve()));
    srf.connect({ host: '127.0.0.1', port, secret });
  });
}

/** Sends one request; resolves with its final status, and the dialog's id for INVITE. */
function request(uri: string, options: Record<string, unknown>): Promise<{ status: number; id: string }> {
  return new Promise((resolve, reject) => {
    srf.request(uri, options, (error: Error | undefined, sent: any) => {
      if (error) return reject(error);
      sent.on('response', (response: any, ack: () => void) => {
        if (response.status < 200) return;
        if (options.method === 'INVITE') ack();
        resolve({ status: response.status, id: `${sent.get('Call-ID')};from-tag=${/tag=([^;]+)/.exec(sent.get('From'))?.[1]}` });
      });
    });
  });
}

async function send(farPort: number, dialogs: number, seconds: number): Promise<number> {
  const uri = `sip:bob@127.0.0.1:${farPort};transport=tcp`;
  const headers = { From: '<sip:bare@localhost>', 'Content-Type': 'application/sdp' };
  const open = await Promise.all(Array.from({ length: dialogs }, () => request(uri, { method: 'INVITE', headers, body: SDP })));
  const until = now() + seconds * 1_000;
  let answered = 0;
  const flood = async (stackDialogId: string): Promise<void> => {
    while (now() < until) {
      const body = `t=${now()};${'x'.repeat(80)}`;
      const { status } = await request('sip:placeholder', { method: 'MESSAGE', stackDialogId, headers: { 'Content-Type': 'text/plain' }, body });
      if (status === 200) answered += 1;
    }
  };
  await Promise.all(open.map(({ id }) => flood(id)));
  return answered;
}

process.on('message', (command: BareCommand) => {
  const work = command.do === 'connect' ? connect(command.port, command.secret) : send(command.farPort, command.dialogs, command.seconds);
  work.then(
    (answered) => {
      if (typeof answered === 'number') process.send?.({ is: 'sent', answered } satisfies BareReport);
      process.send?.({ is: 'done', of: command.do } satisfies BareReport);
    },
    (error: Error) => process.send?.({ is: 'failed', why: error.message } satisfies BareReport),
  );
});
process.on('disconnect', () => process.exit(0));
