import type { BareJid } from '@isthmus/model';
import { isLookAlike, readRequest } from '../../src';
import { honestName } from '../../src/address/look-alike';
import { READ } from '../support/contexts';
import { requestIn } from '../support/sip-text';

/** SEC-14, with the words of UTS 39 for what is confusable. */

describe('SEC-14: names that mix scripts (UTS 39 sections 5.1 and 5.2)', () => {
  test.each([
    ['ASCII', 'bob.o-brien_7'],
    ['Latin with marks', 'ren\u00e9e.m\u00fcller'],
    ['Cyrillic, with digits and a dot', '\u0438\u0432\u0430\u043d.\u043f\u0435\u0442\u0440\u043e\u04322'],
    ['Greek', '\u03c3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2'],
    ['Arabic', '\u0645\u0631\u062d\u0628\u0627'],
    ['Japanese: ideographs with both syllabaries, and Latin letters', '\u6771\u4eac\u306e\u30c6\u30b9\u30c8x'],
    ['Korean: syllables with ideographs', '\ud64d\u6d2a\u5409\u7ae5'],
    ['Chinese with bopomofo', '\u4e2d\u3105'],
    ['ideographs with Latin letters', 'wang\u738b'],
    ['digits only', '007'],
    ['an escape of a character, whose digits are no letters of the name', '\u0438\u0432\u0430\u043d\\2f\u043f'],
    ['the name and the domain of an address of another domain, each of its script', '\u0438\u0432\u0430\u043d\\40example.org'],
    ['a script that is not in use', '\u{10330}\u{10331}'],
  ])('%s is one writing system', (_what, local) => {
    expect(isLookAlike(`${local}@example.com` as BareJid)).toBe(false);
  });

  test.each([
    ['a Cyrillic a in a Latin name', 'p\u0430ypal'],
    ['a Latin letter in a Cyrillic name', '\u0438\u0432a\u043d'],
    ['a Greek omicron in a Latin name', 'b\u03bfb'],
    ['a label that mixes scripts in an address of another domain', 'bob\\40ex\u0430mple.org'],
    ['Cyrillic and Greek', '\u0438\u03bf'],
    ['Cyrillic beside ideographs', '\u738b\u0438'],
    ['Korean beside Japanese syllables', '\ud64d\u306e'],
    ['Cherokee among Latin letters', 'b\uab9fob'],
    ['a script that is not in use among Latin letters', 'b\u{10330}b'],
  ])('%s is a look-alike', (_what, local) => {
    expect(isLookAlike(`${local}@example.com` as BareJid)).toBe(true);
  });

  test('what has no name before an at-sign has none that could be taken for another', () => {
    expect(isLookAlike('p\u0430ypal.example' as BareJid)).toBe(false);
  });
});

describe('SEC-14: the raw address is shown where a display name cannot be trusted', () => {
  test.each([
    ['bob@example.com', 'his own address'],
    ['The Boss <boss@example.com>', 'the address of another'],
    ['boss\uff20example.com', 'an address with a wide at-sign'],
    ['P\u0430ul Miller', 'a word that mixes scripts'],
    ['\u202e\u200b', 'nothing that can be seen'],
    ['', 'no name'],
  ])('%j: %s', (name) => {
    expect(honestName(name)).toBeUndefined();
  });

  test.each([
    ['Bob O\u2019Brien (Sales)', 'Bob O\u2019Brien (Sales)'],
    ['\u0418\u0432\u0430\u043d \u041f\u0435\u0442\u0440\u043e\u0432 (Sales)', '\u0418\u0432\u0430\u043d \u041f\u0435\u0442\u0440\u043e\u0432 (Sales)'],
    ['Bob\u202egnp.exe', 'Bobgnp.exe'],
    ['B\u200bo\u2066b', 'Bob'],
  ])('%j is shown as %j', (name, shown) => {
    expect(honestName(name)).toBe(shown);
  });

  test('a SUBSCRIBE brings the name, or none', () => {
    const named = (name: string): unknown => {
      const reading = readRequest(requestIn(`SUBSCRIBE sip:ann@example.com SIP/2.0\nFrom: "${name}" <sip:bob@example.com>;tag=b\nTo: <sip:ann@example.com>\nCall-ID: c\nCSeq: 1 SUBSCRIBE\nEvent: presence`), READ);
      return reading.is === 'event' && reading.event.on === 'sip.subscribe' ? reading.event.displayName : reading;
    };
    expect(named('Bob B')).toBe('Bob B');
    expect(named('Boss boss@example.com')).toBeUndefined();
  });
});
