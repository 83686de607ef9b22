import type { Jid } from '@isthmus/model';
import fc from 'fast-check';
import { jidToSip, jidToSipUri, readJid, readSipUri, sipToJid, writeJid } from '../../src/address';

function toJid(text: string): string | undefined {
  const read = sipToJid(text);
  return read.ok ? writeJid(read.value.jid) : undefined;
}

function jid(text: string): Jid {
  const read = readJid(text);
  if (!read.ok) {
    throw new Error(`the test needs a JID: ${text}`);
  }
  return read.value;
}

function toSip(text: string): string | undefined {
  const uri = jidToSip(jid(text));
  return uri.ok ? uri.value : undefined;
}

describe('both ways', () => {
  test.each([
    ['sip:f%C3%BC@sip.example', 'fü@sip.example', 'ADDR-2'],
    ["sip:o'malley@sip.example", 'o\\27malley@sip.example', 'ADDR-15'],
    ['sip:foo@sip.example;gr=bar', 'foo@sip.example/bar', 'ADDR-2'],
    ['sip:m&m@xmpp.example', 'm\\26m@xmpp.example', 'ADDR-3'],
    ['sip:user%40host@example.com', 'user\\40host@example.com', 'ADDR-4'],
    ['sip:a%5C20b@example.com', 'a\\5c20b@example.com', 'ADDR-1: undone first, then escaped for the other side'],
    ['sip:a%2520@example.com', 'a%20@example.com', 'ADDR-1: undone once only'],
    ['sip:c%3A%5C5commas@example.com', 'c\\3a\\5c5commas@example.com', 'ADDR-4'],
    ['sip:alice;day=tuesday@atlanta.com', 'alice;day=tuesday@atlanta.com', 'ADDR-3'],
    ['sip:juliet@example.com;gr=a%3Blr%3Fb%3Dc%3Ed%22e', 'juliet@example.com/a;lr?b=c>d"e', 'ADDR-7'],
    ['sip:juliet@example.com;gr=a%40b', 'juliet@example.com/a@b', 'ADDR-7'],
    ["sip:juliet@example.com;gr=-_.!~*'()[]/:&+$", "juliet@example.com/-_.!~*'()[]/:&+$", 'ADDR-7'],
    ['sip:juliet@[2001:db8::1]', 'juliet@[2001:db8::1]', 'ADDR-11'],
    ['sip:juliet@xn--mnchen-3ya.example', 'juliet@münchen.example', 'ADDR-11'],
    ['sip:a%25zy@example.com', 'a%zy@example.com', 'ADDR-6'],
    ['sip:a%2520b@example.com', 'a%20b@example.com', 'ADDR-6'],
    ['sip:%23%25%5B%5D%5E%60%7B%7C%7D@example.com', '#%[]^`{|}@example.com', 'ADDR-3'],
    ['sip:+15551234567@example.com', '+15551234567@example.com', 'ADDR-12'],
    ['sip:100%25@example.com', '100%@example.com', 'ADDR-6'],
  ])('%s is %s (%s)', (sip, text) => {
    expect(toJid(sip)).toBe(text);
    expect(toSip(text)).toBe(sip);
  });
});

describe('sipToJid', () => {
  test.each([
    ['pres:juliet@example.com', 'juliet@example.com', 'ADDR-2: the scheme is dropped'],
    ['im:juliet@example.com', 'juliet@example.com', 'ADDR-2'],
    ['sips:juliet@example.com', 'juliet@example.com', 'ADDR-2'],
    ['SIP:Juliet@Example.COM', 'juliet@example.com', 'ADDR-9, ADDR-11: folded'],
    ['sip:juliet@example.com:5060;transport=tls;lr', 'juliet@example.com', 'ADDR-11: route data'],
    ['sip:juliet@[2001:db8::1]:5070', 'juliet@[2001:db8::1]', 'ADDR-11'],
    ['sip:juliet@example.com.', 'juliet@example.com', 'ADDR-11'],
    ['sip:cr%zy@example.com', 'cr%zy@example.com', 'ADDR-6: kept literally'],
    ['sip:a%@example.com', 'a%@example.com', 'ADDR-6'],
    ['sip:juliet@example.com;gr', 'juliet@example.com', 'ADDR-8: a temporary GRUU is no resource'],
    ['sip:juliet@example.com;gr=', 'juliet@example.com', 'ADDR-8'],
    ['sip:juliet@example.com;GR=x;gr=y', 'juliet@example.com/x', 'the first of two counts'],
    ['sip:juliet@example.com?subject=hi&body=x', 'juliet@example.com', 'ADDR-13: headers are dropped'],
    ['sip:juliet@example.com;maddr=192.0.2.9', 'juliet@example.com', 'ADDR-13: maddr is dropped'],
    ['sip:+15551234567@example.com;user=phone', '+15551234567@example.com', 'ADDR-12'],
    ['sip:m%26m@example.com', 'm\\26m@example.com', 'ADDR-15: both forms accepted'],
    ['sip:ü@x.example', 'ü@x.example', 'raw UTF-8'],
    ['sip:%EF%BC%A1lice@x.example', 'alice@x.example', 'ADDR-9: width'],
    ['sip:a%5C2Fb@x.example', 'a\\5c2fb@x.example', 'ADDR-4: no escape arises by folding'],
    ['sip:a%5C%EF%BC%92%EF%BC%90b@x.example', 'a\\5c20b@x.example', 'ADDR-4: no escape arises by width mapping'],
    ['<sip:juliet@example.com>', 'juliet@example.com', 'a header value'],
    ['"Juliet" <sip:juliet@example.com;gr=x>;tag=1', 'juliet@example.com/x', 'a header value'],
    [' sip:juliet@example.com ', 'juliet@example.com', 'blanks around'],
  ])('%s is %s: %s', (sip, text) => {
    expect(toJid(sip)).toBe(text);
  });

  test.each([
    ['sip:a%00b@example.com', 'ADDR-5: NUL'],
    ['sip:a%0D%0Ab@example.com', 'ADDR-5: a line end'],
    ['sip:a%7Fb@example.com', 'ADDR-5: a control'],
    ['sip:%FF@example.com', 'ADDR-5: no UTF-8'],
    ['sip:%C0%AF@example.com', 'ADDR-5: overlong'],
    ['sip:%ED%A0%80@example.com', 'ADDR-5: a surrogate'],
    ['sip:\uD800@example.com', 'ADDR-5: a raw lone surrogate'],
    ['sip:%E2%85%A3@example.com', 'ADDR-9: U+2163'],
    ['sip:%E2%99%9A@example.com', 'ADDR-9: U+265A'],
    ['sip:%20alice@example.com', 'ADDR-4: a leading space'],
    ['sip:alice%20@example.com', 'ADDR-4: a trailing space'],
    ['sip:alice:secret@example.com', 'ADDR-13: a password'],
    ['sip:a%EF%BC%A0b@example.com', 'a wide at-sign'],
    ['sip:juliet@example.com;gr=%FF', 'ADDR-5: the resource is no UTF-8'],
    ['sip:juliet@example.com;gr=%20x', 'ADDR-9: a leading space in the resource'],
    ['sip:juliet@example.com;gr=a%0Ab', 'ADDR-5: a line end in the resource'],
    ['sip:example.com', 'no user'],
    ['sip:@example.com', 'an empty user'],
    ['sip:juliet@', 'no host'],
    ['sip:juliet@example.com:x', 'a port that is no number'],
    ['sip:juliet@exa mple.com', 'a blank'],
    ['sip:a@b@example.com', 'two at-signs'],
    ['juliet@example.com', 'no scheme'],
    ['mailto:juliet@example.com', 'another scheme'],
    ['', 'nothing'],
    ['"Juliet" sip:juliet@example.com', 'quotes without brackets'],
    ['<sip:juliet@example.com', 'an open bracket'],
    ['<>', 'an empty URI'],
    [`sip:${'a'.repeat(20_000)}@example.com`, 'an endless URI'],
    [`sip:${'a'.repeat(1024)}@example.com`, 'ADDR-9: 1024 octets'],
  ])('%j is refused: %s', (sip) => {
    expect(sipToJid(sip)).toMatchObject({ ok: false, fault: { condition: 'jid-malformed', sip: 400 } });
  });

  test('sips is refused where the caller asks, with the fault of RFC 7247 section 8', () => {
    expect(sipToJid('SIPS:juliet@example.com', { sips: 'refuse' })).toMatchObject({ ok: false, fault: { sip: 488 } });
    expect(sipToJid('sip:juliet@example.com', { sips: 'refuse' }).ok).toBe(true);
  });

  test('ADDR-10: the URI is kept as written, beside the JID and the display name', () => {
    expect(sipToJid('"Bob, B." <sip:BOB@Example.com;user=phone>;tag=x')).toEqual({
      ok: true,
      value: {
        jid: { bare: 'bob@example.com', local: 'bob', domain: 'example.com' },
        uri: 'sip:BOB@Example.com;user=phone',
        displayName: 'Bob, B.',
      },
    });
  });

  describe('tel (ADDR-12)', () => {
    test('is 416 without a domain', () => {
      expect(sipToJid('tel:+1-201-555-0123')).toMatchObject({ ok: false, fault: { sip: 416, condition: 'not-acceptable' } });
    });

    test.each([
      ['tel:+1-201-555-0123', '+12015550123@example.com'],
      ['tel:+1(201)555.0123;ext=12', '+12015550123@example.com'],
    ])('%s with a domain is %s', (uri, text) => {
      const read = sipToJid(uri, { telephoneDomain: 'example.com' });
      expect(read.ok && writeJid(read.value.jid)).toBe(text);
    });

    test.each(['tel:5550123', 'tel:', 'tel:+', 'tel:+1@x', 'tel:+12ab'])('%s is refused: global numbers only', (uri) => {
      expect(sipToJid(uri, { telephoneDomain: 'example.com' })).toMatchObject({ ok: false, fault: { sip: 400 } });
    });
  });

  describe("Microsoft's devices (ADDR-14)", () => {
    const gruu = 'sip:bob@example.com;opaque=user:epid:1xYzAbC;gruu';
    const resource = (text: string): string | undefined => {
      const read = sipToJid(text);
      return read.ok ? read.value.jid.resource : 'refused';
    };

    test('the GRUU becomes a stable opaque resource, the same in any order of parameters', () => {
      expect(resource(gruu)).toMatch(/^[0-9a-f]{20}$/);
      expect(resource(`<${gruu}>;tag=1`)).toBe(resource(gruu));
      expect(resource('sip:bob@example.com;gruu;opaque=user:epid:1xYzAbC')).toBe(resource(gruu));
    });

    test('two devices have two resources', () => {
      expect(resource(gruu.replace('1xYzAbC', '2xYzAbC'))).not.toBe(resource(gruu));
    });

    test('the epid of the header is used where there is no GRUU', () => {
      expect(resource('<sip:bob@example.com>;epid=28d6664d1cb5;tag=1')).toMatch(/^[0-9a-f]{20}$/);
      expect(resource(`<${gruu}>;epid=28d6664d1cb5`)).toBe(resource(gruu));
    });

    test('nothing of it reaches the resource by itself', () => {
      expect(resource(gruu)).not.toContain('1xYzAbC');
      expect(resource('sip:bob@example.com;opaque=app:conf:chat:id:1;gruu')).toBeUndefined();
      expect(resource('sip:bob@example.com;opaque=user:epid:1xYzAbC')).toBeUndefined();
      expect(resource('<sip:bob@example.com>;epid=')).toBeUndefined();
    });
  });
});

describe('jidToSip', () => {
  test('a JID without a localpart, or with an escaped space at an edge, has no SIP address', () => {
    for (const text of ['example.com', '\\20a@example.com', 'a\\20@example.com']) {
      expect(jidToSip(jid(text))).toMatchObject({ ok: false, fault: { condition: 'jid-malformed' } });
    }
  });

  test.each(['\\5cann@example.com', 'a\\5c@example.com', '\\5c@example.com'])('ADDR-1, ADDR-4: an escape that none was needed for (%s) would be somebody else behind SIP', (text) => {
    expect(jidToSip(jid(text))).toMatchObject({ ok: false, fault: { condition: 'jid-malformed' } });
    expect(jidToSip(jid('a\\5c20b@example.com'))).toEqual({ ok: true, value: 'sip:a%5C20b@example.com' });
  });

  test('ADDR-3: the scheme is the caller’s choice, and im and pres have fewer bare characters', () => {
    const address = jid('a.b(c),d;e[f]#%x@example.com');
    expect(jidToSip(address, { scheme: 'sips' })).toEqual({ ok: true, value: 'sips:a.b(c),d;e%5Bf%5D%23%25x@example.com' });
    expect(jidToSip(address, { scheme: 'pres' })).toEqual({
      ok: true,
      value: 'pres:a%2Eb%28c%29%2Cd%3Be%5Bf%5D#%25x@example.com',
    });
    expect(jidToSip(address, { scheme: 'im' })).toMatchObject({ ok: true });
  });

  test('jidToSipUri leaves the resource out', () => {
    expect(jidToSipUri(jid('juliet@example.com/balcony'))).toEqual({ ok: true, value: 'sip:juliet@example.com' });
    expect(jidToSipUri(jid('example.com')).ok).toBe(false);
  });

  test('a domain that cannot be written is a fault, not an exception', () => {
    expect(jidToSip({ ...jid('juliet@example.com'), domain: 'exa mple' }).ok).toBe(false);
  });
});

describe('laws (standards, section 8)', () => {
  const odd = fc.constantFrom(...' "&\'/:<>@\\%;=?#[]{}|^`.,()+$!~*_-02fF5cC3aAeEüßΣςñЖקア');
  const name = fc.string({ unit: fc.oneof(odd, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })), maxLength: 24 });

  test('any legal JID goes to SIP and comes back the same', () => {
    fc.assert(
      fc.property(name, name, (local, resource) => {
        const read = readJid(`${local}@example.com/${resource}`);
        fc.pre(read.ok);
        const uri = jidToSip(read.value);
        fc.pre(uri.ok);
        expect(uri.value).toMatch(/^sip:[\x21-\x7e]+$/);
        expect(toJid(uri.value)).toBe(writeJid(read.value));
      }),
      { numRuns: 1000 },
    );
  });

  test('the octets of any SIP user are refused, or survive the round trip up to folding', () => {
    fc.assert(
      fc.property(name, (user) => {
        const first = toJid(`sip:${encodeURIComponent(user.toWellFormed())}@example.com`);
        fc.pre(first !== undefined);
        const back = toSip(first);
        expect(back).toBeDefined();
        expect(toJid(back ?? '')).toBe(first);
        const octets = decodeURIComponent(/^sip:(.*)@example\.com$/.exec(back ?? '')?.[1] ?? '');
        const folded = user.normalize('NFKC').toLowerCase().normalize('NFKC');
        expect(octets.normalize('NFKC')).toBe(folded);
      }),
      { numRuns: 1000 },
    );
  });

  test('no input makes an exception', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        for (const candidate of [text, `sip:${text}`, `sip:${text}@example.com`, `<sip:a@b;${text}>${text}`, `tel:${text}`]) {
          expect(typeof sipToJid(candidate, { telephoneDomain: 'example.com' }).ok).toBe('boolean');
          expect(typeof readJid(candidate).ok).toBe('boolean');
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('readSipUri', () => {
  test('gives the parts as written', () => {
    expect(readSipUri('sips:a%20b;c@Example.com:5061;Transport=TLS;lr;;x=1=2?h=v')).toEqual({
      ok: true,
      value: {
        scheme: 'sips',
        user: 'a%20b;c',
        host: 'Example.com',
        port: 5061,
        params: new Map([['transport', 'TLS'], ['lr', ''], ['x', '1=2']]),
      },
    });
  });

  test('a URI may name a server only', () => {
    expect(readSipUri('sip:192.0.2.1:5060')).toMatchObject({ ok: true, value: { host: '192.0.2.1', port: 5060 } });
  });
});
