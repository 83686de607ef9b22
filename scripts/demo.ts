/**
 * `npm run demo`: Ann (XMPP, a real client on a real Prosody) and Bob (SIP) of one domain meet. Starts Prosody, one worker with the
 * built-in SIP server on the memory store, and a small scripted SIP server in the place of the far one, where Bob is.
 * Prints what crossed, as it is seen on both wires. Everything is on 127.0.0.1 and ends with the program.
 */
import xml from '@xmpp/xml';
import type { Incoming, SipPeer } from '../scenarios/support/raw-sip';
import type { SipDialog } from '../scenarios/support/sip-dialog';
import type { SipMessage } from '../scenarios/support/sip-message';
import { World } from '../scenarios/support/world';
import type { XmppUser } from '../scenarios/support/xmpp-user';

const BOB = 'bob@example.com';
const SDP = 'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=session\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=message 5060 sip null\r\na=accept-types:text/plain\r\n';
const CHAT_STATES = 'http://jabber.org/protocol/chatstates';
const WIDTH = 34;

const say = (text = ''): void => void process.stdout.write(`${text}\n`);
const heading = (text: string): void => say(`\n${text}\n`);

/** One line of the ladder: an arrow between Ann and isthmus (left) or isthmus and Bob (right). */
function arrow(side: 'xmpp' | 'sip', direction: 'in' | 'out', text: string): void {
  const label = text.length > WIDTH - 6 ? `${text.slice(0, WIDTH - 7)}…` : text;
  const toRight = (side === 'xmpp') === (direction === 'in');
  const line = toRight ? `-- ${label} ${'-'.repeat(WIDTH - label.length - 5)}>` : `<${'-'.repeat(WIDTH - label.length - 5)} ${label} --`;
  const empty = ' '.repeat(WIDTH);
  say(`   |${side === 'xmpp' ? line : empty}|${side === 'sip' ? line : empty}|`);
}

/** Everything that Ann gets, as a line. */
async function annGets(ann: XmppUser, what: string, wanted: Parameters<XmppUser['take']>[1], label: string): Promise<void> {
  await ann.take(what, wanted);
  arrow('xmpp', 'out', label);
}

async function bobGets(bob: SipPeer, method: string): Promise<Incoming> {
  const incoming = await bob.receive(method);
  arrow('sip', 'out', summary(incoming.message));
  return incoming;
}

async function bobAnswers(bob: SipPeer, incoming: Incoming, status: number): Promise<void> {
  await bob.reply(incoming, status);
  arrow('sip', 'in', `${status} (${incoming.message.method})`);
}

function summary(message: SipMessage): string {
  const { method } = message;
  if (method === 'MESSAGE') return `MESSAGE "${message.body.toString('utf8')}"`;
  if (method === 'NOTIFY') return `NOTIFY ${/<basic>(\w+)/.exec(message.body.toString('utf8'))?.[1] ?? ''}`;
  return method;
}

const pidf = (activity?: string): string =>
  `<?xml version="1.0"?><presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:ep="urn:ietf:params:xml:ns:pidf:status:rpid-status" entity="sip:${BOB}"><tuple id="0"><status><basic>open</basic>${activity === undefined ? '' : `<ep:activities><ep:activity>${activity}</ep:activity></ep:activities>`}</status></tuple></presence>`;

/** Bob's state goes to Ann's watch. */
async function bobTells(dialog: SipDialog, activity?: string): Promise<void> {
  arrow('sip', 'in', `NOTIFY open ${activity ?? ''}`.trim());
  await dialog.request('NOTIFY', {
    headers: { Event: 'presence', 'Subscription-State': 'active;expires=3600', 'Content-Type': 'application/pidf+xml' },
    body: pidf(activity),
  });
}

async function annAddsBob(ann: XmppUser, bob: SipPeer): Promise<SipDialog> {
  heading('Ann adds Bob to her contacts.');
  await ann.send(xml('presence', { to: BOB, type: 'subscribe' }));
  arrow('xmpp', 'in', 'presence subscribe');
  const dialog = await bob.accept(await bobGets(bob, 'SUBSCRIBE'), { headers: { Expires: '3600', Event: 'presence' } });
  arrow('sip', 'in', '200 (SUBSCRIBE)');
  await bobTells(dialog);
  await annGets(ann, 'subscribed', (stanza) => stanza.is('presence') && stanza.attrs['type'] === 'subscribed', 'presence subscribed');
  await annGets(ann, 'available', (stanza) => stanza.is('presence') && stanza.attrs['type'] === undefined && String(stanza.attrs['from']).startsWith(BOB), 'presence: available');
  await bobTells(dialog, 'busy');
  await annGets(ann, 'busy', (stanza) => stanza.is('presence') && stanza.getChildText('show') === 'dnd', 'presence: busy (dnd)');
  return dialog;
}

async function bobAddsAnn(ann: XmppUser, bob: SipPeer): Promise<void> {
  heading('Bob adds Ann to his contacts.');
  arrow('sip', 'in', 'SUBSCRIBE');
  await bob.open('SUBSCRIBE', { from: `sip:${BOB}`, to: 'sip:ann@example.com', headers: { Event: 'presence', Accept: 'application/pidf+xml', Expires: '3600' } });
  arrow('sip', 'out', '200 (SUBSCRIBE)');
  await bobAnswers(bob, await bobGets(bob, 'NOTIFY'), 200);
  await annGets(ann, 'subscribe', (stanza) => stanza.is('presence') && stanza.attrs['type'] === 'subscribe', 'presence subscribe');
  await ann.send(xml('presence', { to: BOB, type: 'subscribed' }));
  arrow('xmpp', 'in', 'presence subscribed');
  await bobAnswers(bob, await bobGets(bob, 'NOTIFY'), 200);
}

async function theyChat(ann: XmppUser, bob: SipPeer): Promise<void> {
  heading('Ann writes; the first text opens a session.');
  await ann.send(xml('message', { to: BOB, type: 'chat' }, xml('body', {}, 'Lunch at 12? 🍜'), xml('active', { xmlns: CHAT_STATES })));
  arrow('xmpp', 'in', 'message "Lunch at 12? 🍜"');
  const session = await bob.accept(await bobGets(bob, 'INVITE'), { headers: { 'Content-Type': 'application/sdp' }, body: SDP });
  arrow('sip', 'in', '200 (INVITE)');
  await bobGets(bob, 'ACK');
  await bobAnswers(bob, await bobGets(bob, 'MESSAGE'), 200);
  heading('Bob types and answers in the same session.');
  arrow('sip', 'in', 'INFO (typing)');
  await session.request('INFO', { headers: { 'Content-Type': 'application/xml' }, body: '<?xml version="1.0"?><KeyboardActivity><status status="type"/></KeyboardActivity>' });
  await annGets(ann, 'typing', (stanza) => stanza.is('message') && stanza.getChild('composing') !== undefined, 'chat state composing');
  arrow('sip', 'in', 'MESSAGE "See you there <3"');
  await session.request('MESSAGE', { headers: { 'Content-Type': 'text/plain; charset=UTF-8' }, body: 'See you there <3' });
  await annGets(ann, 'the answer', (stanza) => stanza.is('message') && stanza.getChildText('body') === 'See you there <3', 'message "See you there <3"');
}

async function main(): Promise<void> {
  say('Starting Prosody, the worker with its SIP server, and a SIP server for Bob ...');
  const world = await World.start({ dialect: 'microsoft', log: { level: 'info' } });
  try {
    const ann = await world.signIn();
    say(`\n${' '.repeat(3)}Ann (XMPP)${' '.repeat(WIDTH - 11)}isthmus${' '.repeat(WIDTH - 5)}Bob (SIP)`);
    await annAddsBob(ann, world.peer);
    await bobAddsAnn(ann, world.peer);
    await theyChat(ann, world.peer);
    heading('One domain, two servers. It works on this machine; README.md tells how to deploy it.');
  } finally {
    await world.stop();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`demo: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
