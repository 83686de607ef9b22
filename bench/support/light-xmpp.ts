/**
 * An XMPP server that serves components only (XEP-0114), in a process of its own: as little work as possible, so that it
 * is not what is measured. All its users exist and are online; each wish of a contact to see one of them is granted.
 */
import { createServer, type Socket } from 'node:net';
import { Parser, type Element } from '@xmpp/xml';
import { evenly } from './evenly';
import type { XmppCommand, XmppCounts, XmppReport } from './watch-protocol';

const PARTITION = 'urn:isthmus:partition:0';
const streams = new Set<Socket>();
const shown = new Map<string, string>();
let stanzas = 0;
let present = '';

function report(message: XmppReport): void {
  process.send?.(message);
}

const bare = (jid: string): string => jid.split('/', 1)[0] ?? '';

/** The connection that a pair is given to: the same one while it stands. */
function streamOf(user: string, contact: string): Socket | undefined {
  const all = [...streams];
  let hash = 0;
  for (const character of `${user}|${contact}`) hash = (hash * 31 + character.charCodeAt(0)) >>> 0;
  return all[hash % all.length];
}

function presenceOf(user: string, contact: string, show: string): string {
  return `<presence from='${user}/bench' to='${contact}'>${show === '' ? '' : `<show>${show}</show>`}</presence>`;
}

function answerIq(socket: Socket, iq: Element): void {
  const { id, from, to, type } = iq.attrs;
  if (type !== 'get' && type !== 'set') return;
  const account = iq.getChild('account', PARTITION);
  const jid = String(account?.attrs['jid'] ?? '');
  const local = jid.startsWith('ann');
  const payload = account === undefined ? '' : `<account xmlns='${PARTITION}' jid='${jid}' local='${local}' online='${local}'/>`;
  socket.write(`<iq type='result' id='${id}' from='${to}' to='${from}'>${payload}</iq>`);
}

function takePresence(socket: Socket, presence: Element): void {
  const { type } = presence.attrs;
  const [contact, user] = [bare(String(presence.attrs['from'])), bare(String(presence.attrs['to']))];
  if (type === undefined) shown.set(`${user}|${contact}`, presence.getChildText('show') ?? 'available');
  if (type === 'unavailable') shown.set(`${user}|${contact}`, 'offline');
  if (type === 'subscribe') socket.write(`<presence type='subscribed' from='${user}' to='${contact}'/>`);
  if (type === 'probe') socket.write(presenceOf(user, contact, present));
}

function serve(socket: Socket): void {
  const parser = new Parser();
  socket.setNoDelay(true);
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('close', () => streams.delete(socket));
  socket.on('data', (text: string) => parser.write(text));
  parser.on('error', () => socket.destroy());
  parser.on('start', () => socket.write("<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' from='isthmus.example.com' id='bench'>"));
  parser.on('element', (stanza: Element) => {
    stanzas += 1;
    if (stanza.is('handshake')) {
      streams.add(socket);
      socket.write('<handshake/>');
    } else if (stanza.is('iq')) answerIq(socket, stanza);
    else if (stanza.is('presence')) takePresence(socket, stanza);
  });
}

const COMMANDS: { [K in XmppCommand['do']]: (command: Extract<XmppCommand, { do: K }>) => Promise<void> } = {
  ask: ({ pairs, rate }) =>
    evenly(pairs.length, pairs.length / rate, (index) => {
      const pair = pairs[index];
      if (pair !== undefined) streamOf(pair.user, pair.contact)?.write(`<presence type='subscribe' from='${pair.user}' to='${pair.contact}'/>`);
    }),
  show: async ({ user, contacts, show }) => {
    for (const contact of contacts) streamOf(user, contact)?.write(presenceOf(user, contact, show));
  },
  present: async ({ show }) => {
    present = show;
  },
  tell: async () => report(counts()),
};

function counts(): XmppCounts {
  const byState: Record<string, number> = {};
  for (const state of shown.values()) byState[state] = (byState[state] ?? 0) + 1;
  return { is: 'counts', shown: byState, streams: streams.size, stanzas };
}

process.on('message', (command: XmppCommand) => {
  const run = COMMANDS[command.do] as (each: XmppCommand) => Promise<void>;
  run(command).then(
    () => report({ is: 'done', of: command.do }),
    (error: unknown) => report({ is: 'failed', why: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));

const server = createServer(serve).listen(0, '127.0.0.1', () => report({ is: 'ready', port: (server.address() as { port: number }).port }));
