/**
 * The far SIP server of a benchmark, in a process of its own: as little work as possible, so that it is not what is
 * measured. Answers 200 to everything, and sends text in sessions that it opens itself. Talks to the benchmark by IPC.
 */
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import type { FarCommand, FarPair, FarReport } from './far-protocol';
import { now, sentAt } from './clock';
import { listen, obey, report, type Commands } from './parent';
import { SipStream, type WireMessage } from './sip-stream';

const SDP = 'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=session\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=message 5060 sip null\r\na=accept-types:text/plain\r\n';

/** A session that we opened: what a MESSAGE in it needs. */
interface Session {
  readonly link: Socket;
  readonly contact: string;
  readonly user: string;
  readonly callId: string;
  readonly fromTag: string;
  toTag: string;
  target: string;
  cseq: number;
}

let port = 0;
let links: readonly Socket[] = [];
const latencies: number[] = [];
const sessions: Session[] = [];
const waiting = new Map<string, (message: WireMessage) => void>();
let received = 0;
let answered = 0;
let refused = 0;
let counter = 0;

function write(socket: Socket, startLine: string, headers: readonly string[], body = ''): void {
  socket.write(`${startLine}\r\n${headers.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function answer(socket: Socket, request: WireMessage): void {
  const to = request.get('To');
  const headers = [
    ...request.all('Via').map((via) => `Via: ${via}`),
    `From: ${request.get('From')}`,
    `To: ${to.includes(';tag=') ? to : `${to};tag=far${(counter += 1)}`}`,
    `Call-ID: ${request.get('Call-ID')}`,
    `CSeq: ${request.get('CSeq')}`,
  ];
  if (request.method !== 'INVITE') return write(socket, 'SIP/2.0 200 OK', headers);
  headers.push(`Contact: <sip:127.0.0.1:${port};transport=tcp>`, 'Content-Type: application/sdp');
  write(socket, 'SIP/2.0 200 OK', headers, SDP);
}

function take(socket: Socket, message: WireMessage): void {
  if (message.status > 0) {
    if (message.status >= 200) waiting.get(`${message.get('Call-ID')} ${message.get('CSeq')}`)?.(message);
    return;
  }
  if (message.method === 'ACK') return;
  if (message.method === 'MESSAGE') {
    received += 1;
    latencies.push(now() - sentAt(message.body));
  }
  answer(socket, message);
}

function serve(socket: Socket): void {
  const stream = new SipStream((message) => take(socket, message));
  socket.setNoDelay(true);
  socket.on('data', (chunk) => stream.push(chunk));
  socket.on('error', () => socket.destroy());
}

/** Sends a request and resolves with its final answer. */
function ask(session: Session, method: string, uri: string, cseq: number, extra: readonly string[], body: string): Promise<WireMessage> {
  const branch = `z9hG4bK${(counter += 1)}`;
  const headers = [
    `Via: SIP/2.0/TCP 127.0.0.1:${port};branch=${branch}`,
    'Max-Forwards: 70',
    `From: <sip:${session.contact}>;tag=${session.fromTag}`,
    `To: <sip:${session.user}>${session.toTag === '' ? '' : `;tag=${session.toTag}`}`,
    `Call-ID: ${session.callId}`,
    `CSeq: ${cseq} ${method}`,
    ...extra,
  ];
  const name = `${session.callId} ${cseq} ${method}`;
  write(session.link, `${method} ${uri} SIP/2.0`, headers, body);
  return new Promise((resolve) => {
    waiting.set(name, (message) => {
      waiting.delete(name);
      resolve(message);
    });
  });
}

async function open(contact: string, user: string, index: number): Promise<Session> {
  const session: Session = { link: at(links, index), contact, user, callId: `call${(counter += 1)}x${process.pid}`, fromTag: `f${counter}`, toTag: '', target: '', cseq: 1 };
  const contactHeader = `Contact: <sip:127.0.0.1:${port};transport=tcp>`;
  const reply = await ask(session, 'INVITE', `sip:${user}`, 1, [contactHeader, 'Content-Type: application/sdp'], SDP);
  if (reply.status !== 200) throw new Error(`INVITE was answered ${reply.status}`);
  session.toTag = /;tag=([^;\s]+)/.exec(reply.get('To'))?.[1] ?? '';
  session.target = /<([^>]+)>/.exec(reply.get('Contact'))?.[1] ?? `sip:${user}`;
  acknowledge(session);
  return session;
}

function acknowledge(session: Session): void {
  write(session.link, `ACK ${session.target} SIP/2.0`, [
    `Via: SIP/2.0/TCP 127.0.0.1:${port};branch=z9hG4bK${(counter += 1)}`,
    'Max-Forwards: 70',
    `From: <sip:${session.contact}>;tag=${session.fromTag}`,
    `To: <sip:${session.user}>;tag=${session.toTag}`,
    `Call-ID: ${session.callId}`,
    'CSeq: 1 ACK',
  ]);
}

/** One text in a session. */
async function say(session: Session): Promise<void> {
  session.cseq += 1;
  const body = `t=${now()};${'x'.repeat(80)}`;
  const reply = await ask(session, 'MESSAGE', session.target, session.cseq, ['Content-Type: text/plain; charset=UTF-8'], body);
  if (reply.status === 200) answered += 1;
  else refused += 1;
}

/** Out of dialog, for the bare program: no session needed. */
async function page(contact: string, user: string): Promise<void> {
  const session: Session = { link: at(links, (counter += 1)), contact, user, callId: `page${counter}x${process.pid}`, fromTag: `f${counter}`, toTag: '', target: `sip:${user}`, cseq: 1 };
  const reply = await ask(session, 'MESSAGE', session.target, 1, ['Content-Type: text/plain; charset=UTF-8'], `t=${now()};${'x'.repeat(80)}`);
  if (reply.status === 200) answered += 1;
  else refused += 1;
}

function pageOf({ contact, user }: FarPair): Promise<void> {
  return page(contact, user);
}

/** Round and round. */
function at<T>(list: readonly T[], index: number): T {
  return list[index % list.length] as T;
}

/** Each session sends its next text when the one before was answered, until the time is over. */
async function flood(seconds: number, send: (index: number) => Promise<void>, window: number): Promise<void> {
  const until = now() + seconds * 1_000;
  const one = async (index: number): Promise<void> => {
    while (now() < until) await send(index);
  };
  await Promise.all(Array.from({ length: window }, (_each, index) => one(index)));
}

/** An even stream of texts, whatever the answers do. */
async function pour(seconds: number, rate: number, send: (index: number) => Promise<void>): Promise<void> {
  const begun = now();
  const total = Math.floor(rate * seconds);
  const pending: Promise<void>[] = [];
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.ceil(((now() - begun) / 1_000) * rate));
    for (; sent < due; sent += 1) pending.push(send(sent));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(pending);
}

const COMMANDS: Commands<FarCommand> = {
  connect: async ({ sipPorts }) => {
    links = sipPorts.map((sipPort) => createConnection({ host: '127.0.0.1', port: sipPort }));
    links.forEach(serve);
    await Promise.all(links.map((link) => once(link, 'connect')));
  },
  open: async ({ pairs }) => {
    for (const [index, { contact, user }] of pairs.entries()) sessions.push(await open(contact, user, index));
  },
  flood: ({ seconds, window }) => flood(seconds, (index) => say(at(sessions, index)), Math.min(window, sessions.length)),
  pour: ({ seconds, rate, pairs }) => pour(seconds, rate, (index) => (pairs === undefined ? say(at(sessions, index)) : pageOf(at(pairs, index)))),
  page: ({ seconds, window }) => flood(seconds, (index) => page(`bob${index}@example.com`, 'bare@example.com'), window),
  reset: async () => {
    latencies.length = 0;
    received = answered = refused = 0;
  },
  tell: async () => report({ is: 'counts', received, answered, refused, latencies } satisfies FarReport),
};

obey<FarCommand>(COMMANDS);
listen(createServer(serve), (bound) => {
  port = bound;
});
