/** A SIP address as the JID that XMPP users see (RFC 7247 section 6.4; requirements ADDR-1, 2, 5 to 8, 10 to 15). */

import { createHash } from 'node:crypto';
import { fail, fault, type Jid, type Result, succeed } from '@isthmus/model';
import { faultFromSip } from '@isthmus/rules';
import { escapeLocalpart, hasSpaceAtEdge } from './escape';
import { hasWideDelimiter, makeJid, malformedJid } from './jid';
import { type NameAddr, readNameAddr } from './name-addr';
import { percentDecode } from './percent';
import { mapUsername } from './precis';
import { readSipUri, type SipUriParts } from './sip-uri';

export interface SipAddress {
  readonly jid: Jid;
  /** As written: the user part of a SIP URI is case-sensitive, a JID is not (ADDR-10). */
  readonly uri: string;
  readonly displayName?: string;
}

export interface SipToJidOptions {
  /** What to do with `sips:` (RFC 7247 section 8). The default, `carry`, is for places where it does no harm. */
  readonly sips?: 'carry' | 'refuse';
  /** The domain that telephone numbers belong to; without it `tel:` is refused (ADDR-12). */
  readonly telephoneDomain?: string;
}

/** RFC 3966 section 5.1.1: the separators that carry no meaning. */
const VISUAL_SEPARATOR = /[-.()]/g;
const GLOBAL_NUMBER = /^\+[0-9]+$/;
const MICROSOFT_DEVICE = /^user:epid:/i;
const RESOURCE_HASH_LENGTH = 20;

/**
 * Reads a URI, or the value of a From, To or Contact header. A public GRUU's `gr` becomes the resource; Microsoft's
 * device (`;gruu;opaque=user:epid:…`, or the header parameter `epid`) becomes a stable hash of itself.
 * Faults: `address.malformed`; `scheme.sips` where asked for; 416 for a `tel:` that has no domain.
 */
export function sipToJid(text: string, options: SipToJidOptions = {}): Result<SipAddress> {
  const header = text.includes('<') ? readNameAddr(text) : bareUri(text);
  if (!header.ok) {
    return header;
  }
  const uri = readSipUri(header.value.uri);
  if (!uri.ok) {
    return uri;
  }
  const jid = uriToJid(uri.value, header.value, options);
  if (!jid.ok) {
    return jid;
  }
  const { displayName } = header.value;
  return succeed({ jid: jid.value, uri: header.value.uri, ...(displayName === undefined ? {} : { displayName }) });
}

function bareUri(text: string): Result<NameAddr> {
  return succeed({ uri: text.trim(), params: new Map() });
}

function uriToJid(uri: SipUriParts, header: NameAddr, options: SipToJidOptions): Result<Jid> {
  if (uri.scheme === 'sips' && options.sips === 'refuse') {
    return fail(fault('scheme.sips'));
  }
  if (uri.user === undefined) {
    return malformedJid();
  }
  if (uri.scheme === 'tel') {
    return telephoneToJid(uri.user, options.telephoneDomain);
  }
  const local = localpartOf(uri.user);
  const resource = resourceOf(uri, header);
  if (local === undefined || resource === undefined) {
    return malformedJid();
  }
  return makeJid({ local, domain: uri.host, ...(resource === '' ? {} : { resource }) });
}

function telephoneToJid(number: string, domain: string | undefined): Result<Jid> {
  if (domain === undefined) {
    return fail(faultFromSip(416, 'Telephone numbers are not carried'));
  }
  const local = number.replace(VISUAL_SEPARATOR, '');
  return GLOBAL_NUMBER.test(local) ? makeJid({ local, domain }) : malformedJid();
}

/** Decode, map, escape: mapped first, so that no mapping can make an escape sequence out of what was none. */
function localpartOf(user: string): string | undefined {
  const decoded = percentDecode(user);
  if (decoded === undefined || hasWideDelimiter(decoded)) {
    return undefined;
  }
  const local = escapeLocalpart(mapUsername(decoded));
  return hasSpaceAtEdge(local) ? undefined : local;
}

/** The resource; '' where the address names no device; undefined where it cannot be read. */
function resourceOf(uri: SipUriParts, header: NameAddr): string | undefined {
  const gr = uri.params.get('gr');
  if (gr !== undefined && gr !== '') {
    return percentDecode(gr);
  }
  const opaque = uri.params.get('opaque') ?? '';
  const device = uri.params.has('gruu') && MICROSOFT_DEVICE.test(opaque) ? opaque : header.params.get('epid');
  return device === undefined || device === '' ? '' : hashOf(device);
}

function hashOf(device: string): string {
  return createHash('sha256').update(device).digest('hex').slice(0, RESOURCE_HASH_LENGTH);
}
