import { partitioned } from '@isthmus/codec';
import { Federation } from '../../src/federation';
import type { AdmissionOptions } from '../../src/sides/admission';
import type { StanzaAdmissionOptions } from '../../src/sides/stanza-admission';

/** Who may have to do with whom where nothing is configured: partitioned mode, basic routing, the served domains alone. */
export function trust(domain = 'example.com', ...further: readonly string[]): Pick<AdmissionOptions & StanzaAdmissionOptions, 'userWatches' | 'federation' | 'addressing' | 'partitioned' | 'sipUsers' | 'unlistedSenders' | 'isKnownPair'> & { readonly sipDomains: readonly [string, ...string[]] } {
  const domains = [domain, ...further] as const;
  return {
    sipDomains: domains,
    partitioned: true,
    addressing: partitioned(domains),
    federation: new Federation({ domains, xmppDomains: [], sipToXmpp: [] }),
    unlistedSenders: 'refuse',
    userWatches: { inward: () => Promise.resolve(undefined), outward: () => Promise.resolve(undefined), ended: () => undefined, decided: () => undefined },
    isKnownPair: () => Promise.resolve(false),
  };
}
