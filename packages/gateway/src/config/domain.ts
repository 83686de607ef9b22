import { partitioned, readJid, subdomain, type Addressing } from '@isthmus/codec';

/** The domain of an address, or the domain itself, as prepared addresses have it: in lower case, with U-labels. */
export function preparedDomain(text: string): string {
  const jid = readJid(text);
  return jid.ok ? jid.value.domain : text.toLowerCase();
}

/** All domains that both servers serve, prepared; `domain` is the first. */
export function servedDomains({ domain, domains }: { readonly domain: string; readonly domains: readonly string[] }): readonly string[] {
  return [domain, ...domains].map(preparedDomain);
}

/** The domains of SIP users, prepared. In partitioned mode they are the served ones. */
export function sipDomains(config: DomainSettings): readonly [string, ...string[]] {
  const { mode, component } = config.xmpp;
  const [own, ...further] = mode === 'partitioned' ? [config.domain, ...config.domains] : (config.subdomain.sipDomains ?? []);
  return [preparedDomain(own ?? component.replace(/^[^.]*\./, '')), ...further.map(preparedDomain)];
}

/** How users appear to the other side. */
export function addressingOf(config: DomainSettings): Addressing {
  if (config.xmpp.mode === 'partitioned') return partitioned(servedDomains(config));
  const appearAs = new Map(Object.entries(config.subdomain.appearAs).map(([xmpp, sip]) => [preparedDomain(xmpp), preparedDomain(sip)]));
  return subdomain({ component: preparedDomain(config.xmpp.component), sipDomains: sipDomains(config), appearAs });
}

/** The part of the configuration that says which domains there are. */
export interface DomainSettings {
  readonly domain: string;
  readonly domains: readonly string[];
  readonly xmpp: { readonly mode: 'partitioned' | 'subdomain'; readonly component: string };
  readonly subdomain: { readonly sipDomains?: readonly string[] | undefined; readonly appearAs: Readonly<Record<string, string>> };
}

export function isDomain(text: string): boolean {
  const jid = readJid(text);
  return jid.ok && jid.value.local === '' && jid.value.resource === undefined;
}
