import { parse } from 'ltx';
import type { Pair } from '@isthmus/model';
import { readStanza, writeStanza, type StanzaContext, type StanzaEffect } from '../../src';
import { caseJson, caseNames, caseText, compactXml } from '../support/cases';

const PAIR = { user: 'ann@example.com', contact: 'bob@example.com' } as Pair;
const CONTEXT: StanzaContext = { at: 1000, trace: 't1', newId: () => 'made', maxTextBytes: 1000 };

describe('stanzas read: one XML file, one JSON file', () => {
  test.each(caseNames('stanza/read', 'xml'))('%s', (name) => {
    const stanza = parse(caseText('stanza/read', `${name}.xml`));
    expect(readStanza(stanza, CONTEXT)).toEqual(caseJson('stanza/read', name));
  });
});

describe('effects written: one JSON file, one XML file', () => {
  test.each(caseNames('stanza/write', 'json'))('%s', (name) => {
    const stanza = writeStanza(caseJson<StanzaEffect>('stanza/write', name), PAIR);
    expect(stanza.toString()).toBe(compactXml(caseText('stanza/write', `${name}.xml`)));
  });

  test.each(caseNames('stanza/write', 'json'))('%s is well-formed', (name) => {
    const stanza = writeStanza(caseJson<StanzaEffect>('stanza/write', name), PAIR);
    expect(parse(stanza.toString()).toString()).toBe(stanza.toString());
  });
});
