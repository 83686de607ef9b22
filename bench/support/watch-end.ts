/**
 * The far SIP server of `npm run bench -- presence` and `cluster`, in a process of its own: notifier of the outward watches, watcher of
 * the inward ones. Keeps of each dialog what a request in it needs, and answers 200 to everything.
 */
import { createConnection, createServer, type Socket } from 'node:net';
import { evenly } from './evenly';
import { listen, obey, report, type Commands } from './parent';
import { SipStream, type WireMessage } from './sip-stream';
import type { WatchCommand, WatchCounts } from './watch-protocol';

interface Dialog {
  readonly callId: string;
  readonly us: string;
  readonly them: string;
  readonly target: string;
  cseq: number;
  /** The document that was told last, for an inward watch. */
  told: string;
}

const EXPIRES = 3_600;
const ACCEPT = 'Accept: application/pidf+xml';
let port = 0;
let sipPort = 0;
let link: Socket | undefined;
let activity = 'available';
let counter = 0;
const counts = { opened: 0, refreshed: 0, accepted: 0, refused: 0, notified: 0 };
const answers: Record<string, number> = {};
/** By Call-ID. */
const outward = new Map<string, Dialog>();
/** By the contact that is watched: the last dialog counts, as for a server that was told of the others no more. */
const current = new Map<string, string>();
const inward = new Map<string, Dialog>();
const waiting = new Map<string, (message: WireMessage) => void>();

function write(socket: Socket | undefined, startLine: string, headers: readonly string[], body = ''): void {
  socket?.write(`${startLine}\r\n${headers.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

const contactHeader = (): string => `Contact: <sip:127.0.0.1:${port};transport=tcp>`;
const uriOf = (header: string): string => /<([^>]+)>/.exec(header)?.[1] ?? header.split(';', 1)[0] ?? '';

function answer(socket: Socket, request: WireMessage, to: string, extra: readonly string[]): void {
  const vias = request.all('Via').map((via) => `Via: ${via}`);
  write(socket, 'SIP/2.0 200 OK', [...vias, `From: ${request.get('From')}`, `To: ${to}`, `Call-ID: ${request.get('Call-ID')}`, `CSeq: ${request.get('CSeq')}`, ...extra]);
}

/** A request in a dialog; what becomes of it is counted. */
function ask(method: string, dialog: Dialog, extra: readonly string[], body = ''): Promise<WireMessage> {
  dialog.cseq += 1;
  const cseq = `${dialog.cseq} ${method}`;
  const headers = [`Via: SIP/2.0/TCP 127.0.0.1:${port};branch=z9hG4bK${(counter += 1)}x${process.pid}`, 'Max-Forwards: 70', `From: ${dialog.us}`, `To: ${dialog.them}`];
  write(link, `${method} ${dialog.target} SIP/2.0`, [...headers, `Call-ID: ${dialog.callId}`, `CSeq: ${cseq}`, contactHeader(), 'Event: presence', ...extra], body);
  return new Promise((resolve) => {
    waiting.set(`${dialog.callId} ${cseq}`, (message) => {
      waiting.delete(`${dialog.callId} ${cseq}`);
      answers[`${method} ${message.status}`] = (answers[`${method} ${message.status}`] ?? 0) + 1;
      if (message.status < 300) counts.accepted += 1;
      else counts.refused += 1;
      resolve(message);
    });
  });
}

function documentOf(us: string): string {
  const doing = activity === 'available' ? '' : `<ep:activities><ep:activity>${activity}</ep:activity></ep:activities>`;
  const spaces = 'xmlns="urn:ietf:params:xml:ns:pidf" xmlns:ep="urn:ietf:params:xml:ns:pidf:status:rpid-status"';
  return `<?xml version="1.0" encoding="utf-8"?><presence ${spaces} entity="${uriOf(us)}"><tuple id="0"><status><basic>open</basic>${doing}</status></tuple></presence>`;
}

function notify(dialog: Dialog, expiresSeconds = EXPIRES): Promise<WireMessage> {
  return ask('NOTIFY', dialog, [`Subscription-State: active;expires=${expiresSeconds}`, 'Content-Type: application/pidf+xml'], documentOf(dialog.us));
}

/** A SUBSCRIBE of isthmus: answered, and told at once (RFC 6665 section 4.2.1.2). */
function subscribed(socket: Socket, request: WireMessage): void {
  const callId = request.get('Call-ID');
  const known = outward.get(callId);
  const to = request.get('To');
  const us = known?.us ?? `${to};tag=far${(counter += 1)}`;
  const ends = request.get('Expires') === '0';
  answer(socket, request, us, [`Expires: ${ends ? 0 : EXPIRES}`, contactHeader()]);
  if (ends) {
    outward.delete(callId);
    return;
  }
  const dialog = known ?? { callId, us, them: request.get('From'), target: uriOf(request.get('Contact')), cseq: 0, told: '' };
  outward.set(callId, dialog);
  current.set(uriOf(to), callId);
  if (known === undefined) counts.opened += 1;
  else counts.refreshed += 1;
  void notify(dialog);
}

/** Whom a dialog no longer reaches is forgotten (RFC 6665 section 4.2.2). */
async function announce(dialog: Dialog): Promise<void> {
  if ((await notify(dialog)).status >= 300) outward.delete(dialog.callId);
}

function notified(socket: Socket, request: WireMessage): void {
  counts.notified += 1;
  answer(socket, request, request.get('To'), [contactHeader()]);
  const dialog = inward.get(request.get('Call-ID'));
  if (dialog === undefined || request.body === '') return;
  dialog.told = /<basic>closed/.test(request.body) ? 'closed' : (/activity>(\w+)</.exec(request.body)?.[1] ?? /<\w*:?(busy|away|on-the-phone)\s*\/>/.exec(request.body)?.[1] ?? 'open');
}

function take(socket: Socket, message: WireMessage): void {
  if (message.status >= 200) return waiting.get(`${message.get('Call-ID')} ${message.get('CSeq')}`)?.(message);
  if (message.status > 0 || message.method === 'ACK') return;
  if (message.method === 'SUBSCRIBE') return subscribed(socket, message);
  if (message.method === 'NOTIFY') return notified(socket, message);
  answer(socket, message, `${message.get('To')};tag=far`, []);
}

function serve(socket: Socket): void {
  const stream = new SipStream((message) => take(socket, message));
  socket.setNoDelay(true);
  socket.on('data', (chunk) => stream.push(chunk));
  socket.on('error', () => socket.destroy());
}

/** Opens an inward watch. */
async function watch(contact: string, user: string): Promise<void> {
  const callId = `in${(counter += 1)}x${process.pid}`;
  const asking: Dialog = { callId, us: `<sip:${contact}>;tag=w${counter}`, them: `<sip:${user}>`, target: `sip:${user}`, cseq: 0, told: '' };
  inward.set(callId, asking);
  const reply = await ask('SUBSCRIBE', asking, [ACCEPT, `Expires: ${EXPIRES}`]);
  if (reply.status >= 300) {
    inward.delete(callId);
    return;
  }
  inward.set(callId, { ...asking, them: reply.get('To'), target: uriOf(reply.get('Contact')), told: inward.get(callId)?.told ?? '' });
}

const COMMANDS: Commands<WatchCommand> = {
  connect: (command) => {
    sipPort = command.sipPort;
    link?.destroy();
    return new Promise<void>((resolve, reject) => {
      link = createConnection({ host: '127.0.0.1', port: sipPort });
      serve(link);
      link.once('connect', resolve).once('error', reject);
    });
  },
  watch: async ({ watches, window }) => {
    const left = [...watches];
    const one = async (): Promise<void> => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) await watch(next.contact, next.user);
    };
    await Promise.all(Array.from({ length: window }, one));
  },
  refresh: async ({ seconds, wait = true }) => {
    const all = [...inward.values()];
    const sent = evenly(all.length, seconds, (index) => void ask('SUBSCRIBE', all[index] as Dialog, [ACCEPT, `Expires: ${EXPIRES}`]));
    if (wait) await sent;
  },
  announce: async ({ of, rate }) => {
    const dialogs = [...current].flatMap(([contact, callId]) => (contact.startsWith(`sip:${of}`) ? (outward.get(callId) ?? []) : []));
    await evenly(dialogs.length, rate === undefined ? 0 : dialogs.length / rate, (index) => void announce(dialogs[index] as Dialog));
  },
  shorten: async ({ seconds, expiresSeconds }) => {
    const all = [...current.values()].flatMap((callId) => outward.get(callId) ?? []);
    await evenly(all.length, seconds, (index) => void notify(all[index] as Dialog, expiresSeconds));
  },
  state: async (command) => {
    activity = command.activity;
  },
  tell: async ({ of = '' }) => report(tally(of)),
};

function tally(of: string): WatchCounts {
  const told: Record<string, number> = {};
  for (const dialog of inward.values()) if (dialog.us.startsWith(`<sip:${of}`)) told[dialog.told] = (told[dialog.told] ?? 0) + 1;
  return { is: 'counts', ...counts, answers, told };
}

obey<WatchCommand>(COMMANDS);
listen(createServer(serve), (bound) => {
  port = bound;
});
