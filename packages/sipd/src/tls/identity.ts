/** Which names a certificate stands for: RFC 5922 section 7. */
import { isIP } from 'node:net';
import type { PeerCertificate } from 'node:tls';

/** A DNS name as SIP compares it: RFC 5922 section 7.2 allows no wildcard in any form. */
const NAME = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?$/i;
const MAX_NAME = 253;
/** Enough for the pools of one server; the rest of a longer list is left out. */
const MAX_NAMES = 32;
/** A SIP URI without a user: with one it names a person, not a domain (section 7.1). */
const DOMAIN_URI = /^sip:([^@;?]+?)(?::\d+)?(?:[;?].*)?$/i;

type Names = Partial<Pick<PeerCertificate, 'subject' | 'subjectaltname'>>;

/** Lower case, without the final dot: as names are compared. */
export function comparable(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** `TYPE:value` entries; a value that Node has put in quotes holds characters that no name may have, and keeps its quotes. */
function entries(subjectAltName: string): readonly (readonly [type: string, value: string])[] {
  return [...subjectAltName.matchAll(/([A-Za-z ]+):((?:"(?:[^"\\]|\\.)*"|[^,"])*)(?:, |$)/g)].map(
    ([, type = '', value = '']) => [type, value] as const,
  );
}

function usable(names: readonly string[]): readonly string[] {
  const good = names.filter((name) => name.length <= MAX_NAME && NAME.test(name) && isIP(name) === 0).map(comparable);
  return [...new Set(good)].slice(0, MAX_NAMES);
}

/**
 * The SIP domain identities of a certificate (RFC 5922 section 7.1): the domains of its `sip:` URIs; if it has none, its DNS
 * names; only if it has no subjectAltName at all, its common name.
 */
export function identitiesOf({ subject, subjectaltname }: Names): readonly string[] {
  if (subjectaltname === undefined) {
    const commonName: string | readonly string[] | undefined = subject?.CN;
    return usable(commonName === undefined ? [] : [commonName].flat());
  }
  const listed = entries(subjectaltname);
  const uris = listed.flatMap(([type, value]) => (type === 'URI' ? (DOMAIN_URI.exec(value)?.[1] ?? []) : []));
  return usable(uris.length > 0 ? uris : listed.flatMap(([type, value]) => (type === 'DNS' ? value : [])));
}

/** The addresses that a certificate names, for peers that are known by no name. */
function addressesOf({ subjectaltname = '' }: Names): readonly string[] {
  return entries(subjectaltname).flatMap(([type, value]) => (type === 'IP Address' ? value.toLowerCase() : []));
}

/** Does a certificate stand for this name, or for this IP address? */
export function standsFor(certificate: Names, name: string): boolean {
  if (isIP(name) !== 0) return addressesOf(certificate).some((address) => sameAddress(address, name));
  return identitiesOf(certificate).includes(comparable(name));
}

/** Node writes IPv6 addresses of certificates without `::`. */
function sameAddress(one: string, other: string): boolean {
  return canonical(one) === canonical(other);
}

function canonical(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]`).hostname : address;
}

/** What a certificate is for, in words. */
export function namesInWords(certificate: Names): string {
  const names = [...identitiesOf(certificate), ...addressesOf(certificate)];
  if (names.length > 0) return names.slice(0, 5).join(', ');
  const wildcard = /DNS:(\*[^,]*)/.exec(certificate.subjectaltname ?? '')?.[1];
  return wildcard === undefined ? 'no name' : `${wildcard} only, and SIP allows no wildcard`;
}
