import { readJid, subdomain, type SipUser } from '@isthmus/codec';
import type { EngineEvent } from '@isthmus/engine';
import { FaultError, type BareJid, type Jid, type SipUri } from '@isthmus/model';
import { Accounts } from '../src/accounts';
import { Federation } from '../src/federation';
import { Admissions, type Admission, type AdmissionOptions } from '../src/sides/admission';
import { trust } from './support/trust';

/** Who of the SIP side may speak to whom, beyond the served domain (SEC-3, SEC-4). */

const ACCOUNTS = new Set(['ann@example.com']);
const TEXT = { on: 'sip.message' } as unknown as EngineEvent;

function jid(text: string): Jid {
  const read = readJid(text);
  if (!read.ok) throw new Error(text);
  return read.value;
}

function admit(from: string, to: string, over: Partial<AdmissionOptions> = {}, mark?: 'own' | 'other'): Promise<Admission> {
  const { partitioned = true } = over;
  const ask = async (each: BareJid) => ({ local: partitioned ? ACCOUNTS.has(each) || !each.endsWith('@example.com') : !each.endsWith('@sip.example.com') });
  const accounts = new Accounts({ ask, ttlMs: 1_000, maxCached: 10, now: () => 0 });
  const options = { ...trust(), accounts, policies: { verdict: async () => 'ask' as const }, ...over };
  const sipUser: SipUser = { jid: jid(from), uri: `sip:${from}` as SipUri };
  return new Admissions(options).admit(sipUser, jid(to), TEXT, { mark });
}

const status = async (admission: Promise<Admission>): Promise<number | string | undefined> => {
  const { denied, refusal } = await admission;
  return denied ?? refusal?.sip;
};

describe('users of other XMPP domains', () => {
  const federation = new Federation({ domains: ['example.com'], xmppDomains: ['shy.example'], sipToXmpp: ['partner.example'] });

  test.each([
    ['romeo@partner.example', undefined],
    ['romeo@shy.example', 404],
    ['romeo@elsewhere.example', 404],
  ])('SEC-4: to %s: %s', async (to, expected) => {
    expect(await status(admit('bob@example.com', to, { federation }))).toBe(expected);
  });

  test('SEC-4: to whom has begun it, an answer', async () => {
    expect(await status(admit('bob@example.com', 'romeo@shy.example', { federation, isKnownPair: async () => true }))).toBeUndefined();
    expect(await status(admit('bob@example.com', 'romeo@elsewhere.example', { federation, isKnownPair: async () => true }))).toBe(404);
  });
});

describe('the list of SIP users (advanced routing)', () => {
  const list = { has: (user: string) => user === 'bob@example.com', refresh: () => undefined, stop: () => undefined };

  test('SEC-3: a sender must be on it, unless the setting accepts others', async () => {
    expect(await status(admit('bob@example.com', 'ann@example.com', { sipUsers: list }))).toBeUndefined();
    expect(await status(admit('eve@example.com', 'ann@example.com', { sipUsers: list }))).toBe('unlisted');
    expect(await status(admit('eve@example.com', 'ann@example.com', { sipUsers: list, unlistedSenders: 'accept' }))).toBeUndefined();
  });

  test('a list that cannot be read: 503', async () => {
    const away = { ...list, has: () => Promise.reject(new Error('away')) };
    const error = await admit('bob@example.com', 'ann@example.com', { sipUsers: away }).catch((caught: unknown) => caught);
    expect(error instanceof FaultError && error.fault.sip).toBe(503);
  });
});

describe('subdomain mode', () => {
  const over = { partitioned: false, addressing: subdomain({ component: 'sip.example.com', sipDomains: ['example.com'], appearAs: new Map([['example.com', 'x.example.com']]) }) };

  test.each([
    ['bob@example.com', 'ann@x.example.com', undefined],
    ['bob@example.com', 'nobody@x.example.com', undefined], // the server's error tells
    ['bob@example.com', 'ann@example.com', 404],
    ['eve@elsewhere.example', 'ann@x.example.com', 'foreign'],
  ])('SEC-3: %s to %s: %s', async (from, to, expected) => {
    expect(await status(admit(from, to, over))).toBe(expected);
  });

  test('SEC-8: a request of ours that comes back is a loop, whatever it says', async () => {
    expect(await status(admit('ann@x.example.com', 'bob@example.com', over, 'own'))).toBe(482);
    expect(await status(admit('bob@example.com', 'ann@x.example.com', over, 'own'))).toBe(482);
  });
});
