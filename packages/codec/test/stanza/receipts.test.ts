import type { XmppMessageEffect, XmppReceiptEffect } from '@isthmus/engine';
import type { BareJid, Pair } from '@isthmus/model';
import { parse } from 'ltx';
import { readStanza, writeStanza } from '../../src';

const PAIR: Pair = { user: 'ann@example.com' as BareJid, contact: 'bob@example.com' as BareJid };
const RECEIPTS = "xmlns='urn:xmpp:receipts'";

function read(content: string, attributes = "id='m1'") {
  const stanza = parse(`<message from='ann@example.com/phone' to='bob@example.com' type='chat' ${attributes}>${content}</message>`);
  const reading = readStanza(stanza, { at: 1, trace: 't', newId: () => 'made-up', maxTextBytes: 1000 });
  return reading.is === 'event' ? reading.event : reading;
}

describe('XEP-0184: what the client sends', () => {
  test('it asks for a receipt', () => {
    expect(read(`<body>x</body><request ${RECEIPTS}/>`)).toMatchObject({ on: 'xmpp.message', receipt: true });
  });

  test.each([
    ['no request', '<body>x</body>', "id='m1'"],
    ['no id that a receipt could name', `<body>x</body><request ${RECEIPTS}/>`, ''],
    ['a receipt itself (section 5.5)', `<body>x</body><request ${RECEIPTS}/><received ${RECEIPTS} id='z'/>`, "id='m1'"],
    ['an old message (section 8)', `<body>x</body><request ${RECEIPTS}/><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/>`, "id='m1'"],
    ['a request of another kind', "<body>x</body><request xmlns='urn:example'/>", "id='m1'"],
  ])('IM-28: none is owed for %s', (_what, content, attributes) => {
    expect(read(content, attributes)).toMatchObject({ on: 'xmpp.message' });
    expect(read(content, attributes)).not.toHaveProperty('receipt');
  });

  test('it confirms a text of the contact', () => {
    expect(read(`<received ${RECEIPTS} id='their-1'/>`)).toEqual({ on: 'xmpp.receipt', received: 'their-1', at: 1, trace: 't' });
  });

  test.each([`<received ${RECEIPTS}/>`, `<received ${RECEIPTS} id='${'x'.repeat(1001)}'/>`, "<received xmlns='urn:example' id='1'/>"])('%s confirms nothing', (content) => {
    expect(read(content)).toMatchObject({ is: 'ignore' });
  });
});

describe('XEP-0184: what the client gets', () => {
  const receipt: XmppReceiptEffect = { key: 'k', trace: 't', do: 'xmpp.receipt', id: 'own-1', received: 'm1', resource: 'phone' };

  test('a receipt, to the resource that asked, without a request of its own', () => {
    expect(writeStanza(receipt, PAIR).toString()).toBe(
      '<message type="chat" id="own-1" from="bob@example.com" to="ann@example.com/phone"><received xmlns="urn:xmpp:receipts" id="m1"/></message>',
    );
    const { resource: _, ...bare } = receipt;
    expect(writeStanza(bare, PAIR).attrs['to']).toBe('ann@example.com');
  });

  test('a request, where the SIP user asked for a report', () => {
    const message: XmppMessageEffect = { key: 'k', trace: 't', do: 'xmpp.message', id: 'own-2', message: { text: 'x' } };
    expect(writeStanza({ ...message, receipt: true }, PAIR).getChild('request', 'urn:xmpp:receipts')).toBeDefined();
    expect(writeStanza(message, PAIR).getChild('request')).toBeUndefined();
  });
});
