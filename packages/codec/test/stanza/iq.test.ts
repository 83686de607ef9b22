import { createHash } from 'node:crypto';
import { parse } from 'ltx';
import type { BareJid } from '@isthmus/model';
import { answerIq, readAccountAnswer, tellsLoss, writeAccountQuery, writeApproval, writeDrain, writeStanza, writeWorkerName, type IqIdentity } from '../../src';

const GATEWAY: IqIdentity = { gateway: 'isthmus.example.com', name: 'isthmus', version: '1.2.3' };
const ask = (to: string, child: string, type = 'get', identity: Partial<IqIdentity> = {}) =>
  answerIq(parse(`<iq type='${type}' id='q1' from='ann@example.com/d' ${to === '' ? '' : `to='${to}'`}>${child}</iq>`), { ...GATEWAY, ...identity });
const condition = (answer: ReturnType<typeof ask>) => answer?.getChild('error')?.getChildElements()[0]?.name;

const INFO = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
const identityOf = (answer: ReturnType<typeof ask>) => answer?.getChild('query')?.getChild('identity')?.attrs;
const featuresOf = (answer: ReturnType<typeof ask>): string[] =>
  answer?.getChild('query')?.getChildren('feature').map((feature) => String(feature.attrs['var'])) ?? [];

describe('service discovery (XEP-0030)', () => {
  test('the gateway: gateway/simple, JID escaping (ADDR-4), ping, version', () => {
    const answer = ask('isthmus.example.com', INFO);
    expect(answer?.attrs).toEqual({ type: 'result', id: 'q1', from: 'isthmus.example.com', to: 'ann@example.com/d' });
    expect(identityOf(answer)).toEqual({ category: 'gateway', type: 'simple', name: 'isthmus' });
    expect(featuresOf(answer)).toEqual(expect.arrayContaining(['jid\\20escaping', 'urn:xmpp:ping', 'jabber:iq:version', 'http://jabber.org/protocol/disco#info']));
  });

  test('a contact: account/registered under the bare JID, client/pc under its resource', () => {
    expect(identityOf(ask('bob@example.com', INFO))).toEqual({ category: 'account', type: 'registered' });
    expect(featuresOf(ask('bob@example.com', INFO))).toContain('vcard-temp');
    expect(identityOf(ask('bob@example.com/sip', INFO))).toEqual({ category: 'client', type: 'pc' });
    expect(featuresOf(ask('bob@example.com/sip', INFO))).toContain('http://jabber.org/protocol/chatstates');
  });

  test('XEP-0184 section 5.1: receipts are promised where the route of the contact confirms; XEP-0333: markers never', () => {
    expect(featuresOf(ask('bob@example.com/sip', INFO)).join()).not.toMatch(/receipts|chat-markers/);
    expect(featuresOf(ask('bob@example.com/sip', INFO, 'get', { receipts: true }))).toContain('urn:xmpp:receipts');
    expect(featuresOf(ask('isthmus.example.com', INFO, 'get', { receipts: true })).join()).not.toMatch(/receipts/);
  });

  test.each([false, true])('XEP-0115: the node of our presence is known, and its digest is that of the answer; receipts: %s', (receipts) => {
    const pair = { user: 'ann@example.com' as BareJid, contact: 'bob@example.com' as BareJid };
    const effect = { key: 'k', trace: 't', do: 'xmpp.presence', presence: { setting: 'available' } } as const;
    const { node, ver } = writeStanza(effect, pair, { dialect: 'simple', receipts }).getChild('c')?.attrs ?? {};
    // The route may have changed since the presence was sent: the answer is that of the digest.
    const answer = ask('bob@example.com/sip', `<query xmlns='http://jabber.org/protocol/disco#info' node='${node}#${ver}'/>`);
    expect(answer?.getChild('query')?.attrs['node']).toBe(`${node}#${ver}`);
    const identity = identityOf(answer) ?? {};
    const string = `${identity['category']}/${identity['type']}//<${featuresOf(answer).sort().map((f) => `${f}<`).join('')}`;
    expect(createHash('sha1').update(string).digest('base64')).toBe(ver);
    expect(featuresOf(answer).includes('urn:xmpp:receipts')).toBe(receipts);
  });

  test.each(['bob@example.com', 'bob@example.com/sip', 'isthmus.example.com'])('XEP-0030 section 7: any other node of %s is not found', (to) => {
    expect(condition(ask(to, "<query xmlns='http://jabber.org/protocol/disco#info' node='x'/>"))).toBe('item-not-found');
  });

  test('items: none, no user lists', () => {
    const answer = ask('isthmus.example.com', "<query xmlns='http://jabber.org/protocol/disco#items'/>");
    expect(answer?.getChild('query')?.children).toEqual([]);
  });
});

describe('XEP-0050: commands in service discovery', () => {
  const COMMANDS = 'http://jabber.org/protocol/commands';
  const commands = [{ node: 'urn:a', name: 'The A' }, { node: 'urn:b', name: 'The <B>' }];
  const info = (node: string, to = 'isthmus.example.com') => ask(to, `<query xmlns='http://jabber.org/protocol/disco#info' node='${node}'/>`, 'get', { commands });
  const items = (to: string, node: string, identity: Partial<IqIdentity> = { commands }) =>
    ask(to, `<query xmlns='http://jabber.org/protocol/disco#items' node='${node}'/>`, 'get', identity)?.getChild('query')?.getChildren('item').map(({ attrs }) => attrs);

  test('the gateway says that it has commands', () => {
    expect(featuresOf(ask('isthmus.example.com', INFO))).toContain(COMMANDS);
  });

  test('they are listed under their node, at the gateway only', () => {
    expect(items('isthmus.example.com', COMMANDS)).toEqual(commands.map((each) => ({ jid: 'isthmus.example.com', ...each })));
    expect(items('isthmus.example.com', COMMANDS, {})).toEqual([]);
    expect(items('bob@example.com', COMMANDS)).toEqual([]);
    expect(items('isthmus.example.com', 'other')).toEqual([]);
  });

  test('the list and each command say what they are', () => {
    expect(identityOf(info(COMMANDS))).toEqual({ category: 'automation', type: 'command-list', name: 'isthmus' });
    expect(identityOf(info('urn:b'))).toEqual({ category: 'automation', type: 'command-node', name: 'The <B>' });
    expect(featuresOf(info('urn:b'))).toEqual([COMMANDS, 'jabber:x:data']);
  });

  test('a command that the asker may not execute is not found, nor is any elsewhere', () => {
    expect(condition(info('urn:c'))).toBe('item-not-found');
    expect(condition(info('urn:b', 'bob@example.com'))).toBe('item-not-found');
    expect(condition(ask('isthmus.example.com', `<query xmlns='http://jabber.org/protocol/disco#info' node='urn:b'/>`))).toBe('item-not-found');
  });
});

describe('XD-5: what is answered', () => {
  test.each(['isthmus.example.com', 'bob@example.com', 'bob@example.com/sip', ''])('XEP-0199: ping to "%s"', (to) => {
    expect(ask(to, "<ping xmlns='urn:xmpp:ping'/>")?.attrs['type']).toBe('result');
  });

  test('XD-11: the plug-in gets its pong', () => {
    const answer = ask('isthmus.example.com', "<ping xmlns='urn:isthmus:partition:0'/>");
    expect(answer?.toString()).toBe('<iq type="result" id="q1" from="isthmus.example.com" to="ann@example.com/d"/>');
  });

  test('XEP-0092: the version of the gateway, not of contacts', () => {
    const query = "<query xmlns='jabber:iq:version'/>";
    expect(ask('isthmus.example.com', query)?.getChild('query')?.toString()).toBe(
      '<query xmlns="jabber:iq:version"><name>isthmus</name><version>1.2.3</version></query>',
    );
    expect(condition(ask('bob@example.com', query))).toBe('service-unavailable');
  });

  test('SEC-17: nothing of a card that comes with a question is kept, fetched or sent back', () => {
    const evil = "<vCard xmlns='vcard-temp'><FN>Eve</FN><PHOTO><EXTVAL>http://127.0.0.1/x</EXTVAL></PHOTO></vCard>";
    expect(ask('bob@example.com', evil)?.toString()).not.toMatch(/Eve|PHOTO|EXTVAL|http:/);
    expect(condition(ask('bob@example.com', evil, 'set'))).toBe('service-unavailable');
  });

  test('XEP-0054: the least of a card, of the bare JID only', () => {
    const vcard = "<vCard xmlns='vcard-temp'/>";
    expect(ask('bob@example.com', vcard)?.getChild('vCard')?.toString()).toBe(
      '<vCard xmlns="vcard-temp"><JABBERID>bob@example.com</JABBERID></vCard>',
    );
    expect(ask('bob@example.com', vcard, 'get', { displayName: 'Bob <B>' })?.getChild('vCard')?.getChildText('FN')).toBe('Bob <B>');
    expect(condition(ask('bob@example.com/sip', vcard))).toBe('service-unavailable');
    expect(condition(ask('bob@example.com', vcard, 'set'))).toBe('service-unavailable');
  });

  test.each([
    ['unknown get', 'bob@example.com', "<query xmlns='jabber:iq:last'/>", 'get'],
    ['a child without a namespace', 'bob@example.com', '<query/>', 'get'],
    ['unknown set', 'bob@example.com', "<query xmlns='jabber:iq:register'/>", 'set'],
    ['a name of Object.prototype', 'bob@example.com', '<constructor/>', 'get'],
    ['ping as a set', 'bob@example.com', "<ping xmlns='urn:xmpp:ping'/>", 'set'],
    ['a resource that is not there', 'bob@example.com/phone', "<ping xmlns='urn:xmpp:ping'/>", 'get'],
    ['another domain', 'example.com', "<ping xmlns='urn:xmpp:ping'/>", 'get'],
  ])('%s: service-unavailable, once', (_name, to, child, type) => {
    const answer = ask(to, child, type);
    expect(answer?.attrs['type']).toBe('error');
    expect(condition(answer)).toBe('service-unavailable');
  });

  test.each([
    ['no child', '', 'get'],
    ['two children', '<a/><b/>', 'get'],
    ['no type', '<a/>', ''],
    ['a type nobody knows', '<a/>', 'frob'],
  ])('%s: bad-request', (_name, child, type) => {
    expect(condition(ask('bob@example.com', child, type))).toBe('bad-request');
  });

  test.each(['result', 'error'])('ERR-5: type %s gets no answer', (type) => {
    expect(ask('bob@example.com', '', type)).toBeUndefined();
  });
});

describe('IQs to the partition plug-in', () => {
  const ENVELOPE = { id: 'q1', from: 'isthmus.example.com', to: 'example.com' };
  const open = '<iq type="TYPE" id="q1" from="isthmus.example.com" to="example.com">';

  test.each([
    ['account', writeAccountQuery(ENVELOPE, 'bob@example.com' as BareJid), `${open.replace('TYPE', 'get')}<account xmlns="urn:isthmus:partition:0" jid="bob@example.com"/></iq>`],
    ['approval', writeApproval(ENVELOPE, { user: 'ann@example.com' as BareJid, contact: 'bob@example.com' as BareJid }), `${open.replace('TYPE', 'set')}<approve xmlns="urn:isthmus:partition:0" user="ann@example.com" contact="bob@example.com"/></iq>`],
    ['XD-10: drain', writeDrain(ENVELOPE), `${open.replace('TYPE', 'set')}<drain xmlns="urn:isthmus:partition:0"/></iq>`],
    ['worker', writeWorkerName(ENVELOPE, 'w1'), `${open.replace('TYPE', 'set')}<worker xmlns="urn:isthmus:partition:0" name="w1"/></iq>`],
  ])('%s', (_name, stanza, expected) => {
    expect(stanza.toString()).toBe(expected);
  });

  const answer = (attributes: string, type = 'result') =>
    readAccountAnswer(parse(`<iq type='${type}' id='q1'><account xmlns='urn:isthmus:partition:0' ${attributes}/></iq>`));

  test.each([
    ["jid='Bob@example.com' local='true' online='false'", { jid: 'bob@example.com', local: true, online: false }],
    ["jid='bob@example.com' local='0' online='1'", { jid: 'bob@example.com', local: false, online: true }],
  ])('XD-6: the answer %s', (attributes, expected) => {
    expect(answer(attributes)).toEqual({ ok: true, value: expected });
  });

  test.each([
    ['no jid', "local='true' online='true'", 'result'],
    ['a malformed jid', "jid='@' local='true' online='true'", 'result'],
    ['local missing', "jid='bob@example.com' online='true'", 'result'],
    ['online is no boolean', "jid='bob@example.com' local='true' online='maybe'", 'result'],
    ['an error', "jid='bob@example.com' local='true' online='true'", 'error'],
  ])('%s: a fault', (_name, attributes, type) => {
    expect(answer(attributes, type)).toMatchObject({ ok: false, fault: { condition: 'bad-request' } });
  });

  test('no account in it: a fault', () => {
    expect(readAccountAnswer(parse("<iq type='result'/>"))).toMatchObject({ ok: false });
  });
});

test('XD-14: the plug-in tells in its ping that it has shown the contacts as offline; nobody else can', () => {
  const ping = (from: string, contacts: string) =>
    parse(`<iq type='get' id='p' from='${from}' to='gw.example.com'><ping xmlns='urn:isthmus:partition:0'${contacts}/></iq>`);
  expect(tellsLoss(ping('example.com', " contacts='withdrawn'"), 'example.com')).toBe(true);
  expect(tellsLoss(ping('example.com', " presence='missed'"), 'example.com')).toBe(true);
  expect(tellsLoss(ping('example.com', " presence='other'"), 'example.com')).toBe(false);
  expect(tellsLoss(ping('example.com', ''), 'example.com')).toBe(false);
  expect(tellsLoss(ping('ann@example.com', " contacts='withdrawn'"), 'example.com')).toBe(false);
});
