import { CONDITIONS } from '@isthmus/model';
import fc from 'fast-check';
import { conditionOfSip, faultFromSip, legacyCodeOf, sipFromFault, typesOfCondition } from '@isthmus/rules';
import { RFC7247_TABLE_2 } from '../src/tables/rfc7247-table-2';
import { RFC7247_TABLE_3 } from '../src/tables/rfc7247-table-3';

describe('RFC 7247 Table 2, XMPP to SIP', () => {
  // condition, types, XEP-0086 code, status for a full JID, status for a bare JID
  test.each([
    ['bad-request', ['modify'], 400, 400, 400],
    ['conflict', ['cancel'], 409, 400, 400],
    ['feature-not-implemented', ['cancel', 'modify'], 501, 405, 501],
    ['forbidden', ['auth'], 403, 403, 603],
    ['gone', ['cancel'], 302, 410, 410],
    ['internal-server-error', ['cancel'], 500, 500, 500],
    ['item-not-found', ['cancel'], 404, 404, 604],
    ['jid-malformed', ['modify'], 400, 400, 400],
    ['not-acceptable', ['modify'], 406, 406, 606],
    ['not-allowed', ['cancel'], 405, 403, 403],
    ['not-authorized', ['auth'], 401, 401, 401],
    ['policy-violation', ['modify', 'wait'], undefined, 403, 403],
    ['recipient-unavailable', ['wait'], 404, 480, 600],
    ['redirect', ['modify'], 302, 302, 302],
    ['registration-required', ['auth'], 407, 407, 407],
    ['remote-server-not-found', ['cancel'], 404, 404, 404],
    ['remote-server-timeout', ['wait'], 504, 408, 408],
    ['resource-constraint', ['wait'], 500, 500, 500],
    ['service-unavailable', ['cancel'], 503, 403, 403],
    ['subscription-required', ['auth'], 407, 400, 400],
    ['undefined-condition', ['cancel', 'auth', 'continue', 'modify', 'wait'], 500, 400, 400],
    ['unexpected-request', ['wait', 'modify'], 400, 491, 491],
  ] as const)('ERR-1 Table 2: %s', (condition, types, legacy, full, bare) => {
    expect(typesOfCondition(condition)).toEqual(types);
    expect(legacyCodeOf(condition)).toBe(legacy);
    expect(sipFromFault(condition, { target: 'full' })).toBe(full);
    expect(sipFromFault(condition, { target: 'bare' })).toBe(bare);
    expect(sipFromFault(condition)).toBe(bare);
  });

  test('ERR-1 Table 2: gone is 301 with the new address, 410 without', () => {
    expect(sipFromFault('gone', { newAddress: 'sip:bob@new.example.com' })).toBe(301);
    expect(sipFromFault('gone')).toBe(410);
  });

  test('ERR-1 Table 2: a server that cannot be resolved is 408', () => {
    expect(sipFromFault('remote-server-not-found', { unresolvable: true })).toBe(408);
    expect(sipFromFault('forbidden', { unresolvable: true })).toBe(603);
  });

  test('ERR-1: a new address matters to gone alone', () => {
    expect(sipFromFault('redirect', { newAddress: 'sip:bob@new.example.com' })).toBe(302);
  });

  test('every condition of RFC 6120 has one row', () => {
    expect(RFC7247_TABLE_2.map((row) => row.condition)).toEqual([...CONDITIONS]);
  });

  test('ERR-1: a row can be overridden, the others stay', () => {
    const overrides = { toSip: { forbidden: 403 } };
    expect(sipFromFault('forbidden', { overrides })).toBe(403);
    expect(sipFromFault('item-not-found', { overrides })).toBe(604);
  });

  test('ERR-2: 503 is never the answer, not even by an override', () => {
    const overrides = { toSip: { 'service-unavailable': 503 } };
    expect(sipFromFault('service-unavailable', { overrides })).toBe(403);
    for (const condition of CONDITIONS) {
      expect(sipFromFault(condition, { target: 'full' })).not.toBe(503);
      expect(sipFromFault(condition, { target: 'bare' })).not.toBe(503);
    }
  });

  test('a condition from the wire that RFC 6120 does not know is undefined-condition', () => {
    const unknown = 'payment-required' as (typeof CONDITIONS)[number];
    expect(sipFromFault(unknown)).toBe(400);
    expect(typesOfCondition(unknown)[0]).toBe('cancel');
  });
});

describe('RFC 7247 Table 3, SIP to XMPP', () => {
  test.each([
    ['redirect', [300, 302, 305, 303, 399]],
    ['gone', [301, 410]],
    ['not-acceptable', [380, 406, 415, 416, 421, 482, 483, 488, 505, 606]],
    ['bad-request', [400, 402, 493, 409, 411, 412, 422, 433, 470, 499]],
    ['not-authorized', [401]],
    ['forbidden', [403]],
    ['item-not-found', [404, 481, 484, 485, 604]],
    ['feature-not-implemented', [405, 420, 439, 501]],
    ['registration-required', [407]],
    ['remote-server-timeout', [408, 504]],
    ['policy-violation', [413, 414, 440, 489, 513]],
    ['resource-constraint', [423]],
    ['recipient-unavailable', [430, 480, 486, 487, 600, 603, 607, 608, 699]],
    ['unexpected-request', [491]],
    ['internal-server-error', [500, 503, 506, 580, 599]],
    ['remote-server-not-found', [502]],
  ] as const)('ERR-1 Table 3: %s', (condition, statuses) => {
    expect(statuses.map((status) => conditionOfSip(status))).toEqual(statuses.map(() => condition));
  });

  test.each([99, 100, 180, 183, 199, 200, 202, 299, 700, 999, 0, -1, 404.5, Number.NaN])(
    'ERR-1 Table 3: %d has no condition',
    (status) => {
      expect(conditionOfSip(status)).toBeUndefined();
    },
  );

  test('every failure has a fault of RFC 6120 whose type belongs to its condition', () => {
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 699 }), (status) => {
        const fault = faultFromSip(status);
        expect(CONDITIONS).toContain(fault.condition);
        expect(typesOfCondition(fault.condition)[0]).toBe(fault.type);
        expect(fault.sip).toBe(status);
      }),
    );
  });

  test('no two rows but the four classes overlap', () => {
    const single = RFC7247_TABLE_3.filter((row) => row.from === row.to).map((row) => row.from);
    expect(new Set(single).size).toBe(single.length);
    expect(RFC7247_TABLE_3.length - single.length).toBe(4);
  });

  test('what is no failure gives an internal error, never nothing', () => {
    expect(faultFromSip(200)).toMatchObject({ condition: 'internal-server-error', sip: 500 });
    expect(faultFromSip(Number.NaN)).toMatchObject({ condition: 'internal-server-error', sip: 500 });
  });

  test('ERR-1: a row can be overridden; what is no failure cannot', () => {
    const overrides = { fromSip: { 403: 'not-allowed', 200: 'conflict' } } as const;
    expect(faultFromSip(403, undefined, { overrides })).toMatchObject({ condition: 'not-allowed', type: 'cancel' });
    expect(conditionOfSip(200, overrides)).toBeUndefined();
    expect(conditionOfSip(404, overrides)).toBe('item-not-found');
  });

  test('ERR-1: the reason phrase becomes the text, on one line and capped', () => {
    expect(faultFromSip(486, 'Busy Here').text).toBe('Busy Here');
    expect(faultFromSip(486, 'Busy\r\nRoute: <sip:evil.example>').text).toBe('Busy Route: <sip:evil.example>');
    expect(faultFromSip(486, 'é'.repeat(500)).text).toHaveLength(200);
    expect(faultFromSip(486, 'a\u0000b\uD800c\u2028d').text).toBe('a bc d');
    expect(faultFromSip(486, ' \r\n ')).not.toHaveProperty('text');
  });

  test.each([401, 407])('ERR-6: %d is for the operator; its text does not reach the user', (status) => {
    const fault = faultFromSip(status, 'realm="secret.example.com"');
    expect(fault.blame).toBe('us');
    expect(fault).not.toHaveProperty('text');
  });

  test('Table 3: 301 and the redirects carry the new address, 410 never does', () => {
    const options = { newAddress: 'sip:bob@new.example.com' };
    expect(faultFromSip(301, 'Moved', options)).toMatchObject({ condition: 'gone', newAddress: options.newAddress });
    expect(faultFromSip(302, 'Moved', options)).toMatchObject({ condition: 'redirect', newAddress: options.newAddress });
    expect(faultFromSip(410, 'Gone', options)).not.toHaveProperty('newAddress');
  });

  test.each([408, 502, 503, 504])('%d blames the network', (status) => {
    expect(faultFromSip(status).blame).toBe('network');
  });
});
