import { partitioned } from '@isthmus/codec';
import { Federation } from '../../src/federation';
import type { AdmissionOptions } from '../../src/sides/admission';

/** Who may have to do with whom where nothing is configured: partitioned mode, basic routing, the served domains alone. */
export function trust(domain = 'example.com', ...further: readonly string[]): Pick<AdmissionOptions, 'federation' | 'addressing' | 'partitioned' | 'sipUsers' | 'unlistedSenders' | 'isKnownPair'> & { readonly sipDomains: readonly [string, ...string[]] } {
  const domains = [domain, ...further] as const;
  return {
    sipDomains: domains,
    partitioned: true,
    addressing: partitioned(domains),
    federation: new Federation({ domains, xmppDomains: [], sipToXmpp: [] }),
    unlistedSenders: 'refuse',
    isKnownPair: () => Promise.resolve(false),
  };
}
