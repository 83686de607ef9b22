import { readJid } from '@isthmus/codec';

/** The domain of an address, or the domain itself, as prepared addresses have it: in lower case, with U-labels. */
export function preparedDomain(text: string): string {
  const jid = readJid(text);
  return jid.ok ? jid.value.domain : text.toLowerCase();
}

/** All domains that both servers serve, prepared; `domain` is the first. */
export function servedDomains({ domain, domains }: { readonly domain: string; readonly domains: readonly string[] }): readonly string[] {
  return [domain, ...domains].map(preparedDomain);
}

export function isDomain(text: string): boolean {
  const jid = readJid(text);
  return jid.ok && jid.value.local === '' && jid.value.resource === undefined;
}
