/** Domainparts and hosts (RFC 7622 section 3.2, RFC 3261 section 25.1, RFC 5891; requirement ADDR-11). */

import { toALabels, toULabels } from '@isthmus/model';
import { precisProperty } from './precis-classes';

/** One domain, as the two sides write it. For IP literals and plain ASCII names both are the same text. */
export interface Domain {
  /** Lower case, U-labels, no final dot: for JIDs. */
  readonly unicode: string;
  /** Lower case, A-labels: for SIP URIs. */
  readonly ascii: string;
}

const IP_V6 = /^\[[0-9a-f:.]+\]$/;
/** Of any script, with the three dots that UTS 46 takes for a full stop. Keeps `%`, `/` and the like from the URL mapping. */
const NAME = /^[\p{L}\p{M}\p{Nd}\-.\u3002\uFF0E\uFF61]+$/u;
const ASCII_ONLY = /^[\x21-\x7E]+$/;
const LDH_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** The common case, decided at once: no A-label among the labels, and no last label that may be part of an IPv4 address. */
const PLAIN_NAME = /^(?!.*xn--)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const MAX_OCTETS = 1023;

/** The domain in both forms, or undefined where `text` is no domain name and no IP literal. */
export function readDomain(text: string): Domain | undefined {
  const lower = text.toLowerCase();
  if (text.length > MAX_OCTETS) {
    return undefined;
  }
  return lower.startsWith('[') ? readLiteral(lower) : readName(lower.replace(/[.\u3002\uFF0E\uFF61]$/u, ''));
}

function readLiteral(text: string): Domain | undefined {
  const canonical = IP_V6.test(text) ? toALabels(text) : '';
  return canonical === '' ? undefined : { unicode: canonical, ascii: canonical };
}

function readName(name: string): Domain | undefined {
  if (PLAIN_NAME.test(name)) {
    return { unicode: name, ascii: name };
  }
  if (!NAME.test(name)) {
    return undefined;
  }
  const ascii = toALabels(name);
  const unicode = toULabels(ascii);
  // A name such as 127.1 is taken for an IPv4 address and rewritten: two spellings of one host, refused
  const rewritten = ASCII_ONLY.test(name) && ascii !== name;
  const fits = unicode !== '' && Buffer.byteLength(unicode) <= MAX_OCTETS;
  return fits && !rewritten && ascii.split('.').every(isLdh) && unicode.split('.').every(isULabel)
    ? { unicode, ascii }
    : undefined;
}

function isLdh(label: string): boolean {
  return LDH_LABEL.test(label);
}

/** UTS 46 lets symbols through that RFC 5892 does not allow. */
function isULabel(label: string): boolean {
  return [...label].every((character) => ['valid', 'context'].includes(precisProperty(character)));
}
