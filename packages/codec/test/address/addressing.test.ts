import fc from 'fast-check';
import type { Jid } from '@isthmus/model';
import { escapeLocalpart, partitioned, readJid, sipToJid, subdomain } from '../../src';

function jid(text: string): Jid {
  const read = readJid(text);
  if (!read.ok) throw new Error(`${text} is no JID`);
  return read.value;
}

function sip(text: string): Jid {
  const read = sipToJid(text);
  if (!read.ok) throw new Error(`${text} is no SIP address`);
  return read.value.jid;
}

describe('partitioned mode: one address for everybody', () => {
  const view = partitioned(['example.com', 'example.net']);

  test.each(['bob@example.com', 'bob@example.net'])('%s is himself on either side (ADDR-1)', (text) => {
    expect(view.contactOf(jid(text))).toEqual(jid(text));
    expect(view.sipUserOf(jid(text))).toEqual(jid(text));
    expect(view.userOf(jid(text))).toEqual(jid(text));
    expect(view.addressOf(jid(text))).toEqual(jid(text));
  });

  test.each(['bob@elsewhere.example', 'example.com', 'bob@isthmus.example.com'])('SEC-3: %s is no SIP user of ours', (text) => {
    expect([view.contactOf(jid(text)), view.sipUserOf(jid(text))]).toEqual([undefined, undefined]);
  });
});

describe('subdomain mode: SIP users below the component', () => {
  const appearAs = new Map([['example.com', 'xmpp.example.com']]);
  const view = subdomain({ component: 'sip.example.com', sipDomains: ['example.com', 'other.example', 'пример.example'], appearAs });

  test.each([
    ['sip:bob@example.com', 'bob@sip.example.com'],
    ['sip:Bob@EXAMPLE.com:5060;transport=tcp', 'bob@sip.example.com'],
    ["sip:d'artagnan@example.com", 'd\\27artagnan@sip.example.com'],
    ['sip:bob@other.example', 'bob\\40other.example@sip.example.com'],
    ["sip:d'artagnan@other.example", 'd\\27artagnan\\40other.example@sip.example.com'],
    ['sip:bob@xn--e1afmkfd.example', 'bob\\40пример.example@sip.example.com'],
    ['sip:bob%40home@example.com', 'bob\\40home@sip.example.com'],
    ['sip:bob%40home@other.example', 'bob\\40home\\40other.example@sip.example.com'],
  ])('ADDR-4, ADDR-10: %s appears as %s, and back', (uri, contact) => {
    expect(view.contactOf(sip(uri))?.bare).toBe(contact);
    expect(view.sipUserOf(jid(contact))).toEqual(sip(uri));
  });

  test('a device stays the resource', () => {
    const device = sip('sip:bob@other.example;gr=phone');
    expect(view.contactOf(device)?.resource).toBe('phone');
    expect(view.sipUserOf(jid('bob@sip.example.com/phone'))?.resource).toBe('phone');
  });

  test('SEC-3: a user part that looks like a user of the other domain is refused, not taken for him', () => {
    expect(view.contactOf(sip('sip:bob%40other.example@example.com'))).toBeUndefined();
  });

  test.each(['sip:bob@elsewhere.example', 'sip:bob@sip.example.com'])('SEC-3: %s is no SIP user of ours', (uri) => {
    expect(view.contactOf(sip(uri))).toBeUndefined();
  });

  test('a localpart that would become too long is refused (ADDR-9)', () => {
    expect(view.contactOf({ ...sip('sip:bob@other.example'), local: 'x'.repeat(1_015) })).toBeUndefined();
  });

  test.each(['sip.example.com', 'bob@example.com', 'bob@sub.sip.example.com'])('nobody appears as %s', (contact) => {
    expect(view.sipUserOf(jid(contact))).toBeUndefined();
  });

  test('a domain has no contact, and a localpart of the domain alone is a user of the first domain', () => {
    expect(view.contactOf(jid('example.com'))).toBeUndefined();
    expect(view.sipUserOf(jid('\\40other.example@sip.example.com'))?.bare).toBe('\\40other.example@example.com');
  });

  test('XMPP users appear in the domain that the setting gives them, others in their own', () => {
    expect(view.addressOf(jid('ann@example.com/desk'))).toEqual(jid('ann@xmpp.example.com/desk'));
    expect(view.userOf(jid('ann@xmpp.example.com'))).toEqual(jid('ann@example.com'));
    expect(view.userOf(jid('ann@example.com'))).toBeUndefined();
    expect(view.addressOf(jid('ann@partner.example'))).toEqual(jid('ann@partner.example'));
    expect(view.userOf(jid('ann@partner.example'))).toEqual(jid('ann@partner.example'));
    expect(view.userOf(jid('xmpp.example.com'))).toEqual(jid('example.com'));
  });

  const users = fc.string({ minLength: 1, maxLength: 40, unit: fc.constantFrom(...'abz09.@\'/:\\&" 40é') });
  const domains = fc.constantFrom('example.com', 'other.example');

  test('law: no two SIP users share a contact, and each is found again (ADDR-1, ADDR-4)', () => {
    fc.assert(
      fc.property(users, domains, (user, domain) => {
        const read = readJid(`${escapeLocalpart(user)}@${domain}`);
        if (!read.ok) return;
        const contact = view.contactOf(read.value);
        if (contact === undefined) return;
        expect(view.sipUserOf(contact)).toEqual(read.value);
        expect(readJid(contact.bare)).toEqual({ ok: true, value: contact });
      }),
    );
  });
});
