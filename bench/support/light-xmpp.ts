/**
 * An XMPP server that serves components only (XEP-0114), in a process of its own: as little work as possible, so that it
 * is not what is measured; but it spreads and keeps stanzas as the plug-in does. All its users exist and are online; each wish of a contact to see one of them is granted.
 */
import { createServer, type Socket } from 'node:net';
import { Parser, type Element } from '@xmpp/xml';
import { evenly } from './evenly';
import { LightPartition, type Stream } from './light-partition';
import { listen, obey, report, type Commands } from './parent';
import type { Pair, XmppCommand, XmppCounts } from './watch-protocol';

const PARTITION = 'urn:isthmus:partition:0';
const partition = new LightPartition();
/** By user and contact what the contact was shown as last. */
const shown = new Map<string, { readonly contact: string; readonly state: string }>();
/** Users who are in another state than all others. */
const states = new Map<string, string>();
let stanzas = 0;
let present = '';

const bare = (jid: string): string => jid.split('/', 1)[0] ?? '';

/** The user's presence, to the contact. */
function show(user: string, contact: string, state: string): void {
  partition.give({ user, contact, open: `presence from='${user}/bench' to='${contact}'`, inner: state === '' ? '' : `<show>${state}</show>` });
}

function say(type: string, user: string, contact: string): void {
  partition.give({ user, contact, open: `presence type='${type}' from='${user}' to='${contact}'`, inner: '' });
}

function answerIq(stream: Stream, iq: Element): void {
  const { id, from, to, type } = iq.attrs;
  if (type !== 'get' && type !== 'set') return;
  const [account, worker, handled] = ['account', 'worker', 'handled'].map((name) => iq.getChild(name, PARTITION));
  const jid = String(account?.attrs['jid'] ?? '');
  const local = jid.startsWith('ann');
  const acknowledges = worker?.attrs['acknowledge'] === 'true';
  const payload = account !== undefined ? `<account xmlns='${PARTITION}' jid='${jid}' local='${local}' online='${local}'/>` : acknowledges ? `<worker xmlns='${PARTITION}' acknowledge='true'/>` : '';
  stream.socket.write(`<iq type='result' id='${id}' from='${to}' to='${from}'>${payload}</iq>`);
  if (worker !== undefined) partition.announced(stream, String(worker.attrs['name']), acknowledges, worker.attrs['ready'] !== 'false');
  if (handled !== undefined) partition.handled(stream, Number(handled.attrs['upto']));
}

function takePresence(presence: Element): void {
  const { type } = presence.attrs;
  const [contact, user] = [bare(String(presence.attrs['from'])), bare(String(presence.attrs['to']))];
  if (type === undefined) shown.set(`${user}|${contact}`, { contact, state: presence.getChildText('show') ?? 'available' });
  if (type === 'unavailable') shown.set(`${user}|${contact}`, { contact, state: 'offline' });
  if (type === 'subscribe') say('subscribed', user, contact);
  if (type === 'probe') show(user, contact, states.get(user) ?? present);
}

function serve(socket: Socket): void {
  const parser = new Parser();
  let stream: Stream | undefined;
  socket.setNoDelay(true);
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('close', () => stream !== undefined && partition.remove(stream));
  socket.on('data', (text: string) => parser.write(text));
  parser.on('error', () => socket.destroy());
  parser.on('start', () => socket.write("<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' from='isthmus.example.com' id='bench'>"));
  parser.on('element', (stanza: Element) => {
    stanzas += 1;
    if (stanza.is('handshake')) {
      stream = partition.add(socket);
      socket.write('<handshake/>');
    } else if (stream !== undefined && stanza.is('iq')) answerIq(stream, stanza);
    else if (stanza.is('presence')) takePresence(stanza);
  });
}

const COMMANDS: Commands<XmppCommand> = {
  ask: ({ pairs, rate }) =>
    evenly(pairs.length, pairs.length / rate, (index) => {
      const pair = pairs[index];
      if (pair !== undefined) say('subscribe', pair.user, pair.contact);
    }),
  show: (command) =>
    evenly(command.pairs.length, command.rate === undefined ? 0 : command.pairs.length / command.rate, (index) => {
      const { user, contact } = command.pairs[index] as Pair;
      states.set(user, command.show);
      show(user, contact, command.show);
    }),
  present: async (command) => {
    present = command.show;
    states.clear();
  },
  tell: async ({ of = '' }) => report(counts(of)),
};

function counts(of: string): XmppCounts {
  const byState: Record<string, number> = {};
  for (const { contact, state } of shown.values()) if (contact.startsWith(of)) byState[state] = (byState[state] ?? 0) + 1;
  return { is: 'counts', shown: byState, streams: partition.streams.size, stanzas };
}

obey<XmppCommand>(COMMANDS);
listen(createServer(serve), () => undefined);
