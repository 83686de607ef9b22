import { readJid } from '@isthmus/codec';

/** The domain of an address, or the domain itself, as prepared addresses have it: in lower case, with U-labels. */
export function preparedDomain(text: string): string {
  const jid = readJid(text);
  return jid.ok ? jid.value.domain : text.toLowerCase();
}

export function isDomain(text: string): boolean {
  const jid = readJid(text);
  return jid.ok && jid.value.local === '' && jid.value.resource === undefined;
}
