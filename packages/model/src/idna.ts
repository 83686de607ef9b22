import { domainToASCII, domainToUnicode } from 'node:url';

/**
 * Domain names in the two forms that the two sides use: U-labels in JIDs (RFC 7622 section 3.2), A-labels in SIP URIs
 * (RFC 3261 section 25.1). The mapping is UTS 46's, non-transitional, as Node's own resolver sees names; it also
 * canonicalises IP literals (RFC 5952). Callers check the syntax first: these functions repair, they do not judge.
 */

/** The A-label form, or an empty string where there is none. */
export function toALabels(domain: string): string {
  return domainToASCII(domain);
}

/** The U-label form, or an empty string where there is none. */
export function toULabels(domain: string): string {
  return domainToUnicode(domain);
}
