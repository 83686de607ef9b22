/** Which presence document a SIP watcher is sent. RFC 6665 section 4.4.1: never one that its Accept does not allow. */

import type { Dialect, Variant } from '@isthmus/model';

/** By what they can say, from the richest: [MS-PRES], [MS-SIP] 2.2.1, RFC 3863, [MS-SIP] 2.2.2. */
export const MEDIA_TYPES = {
  categories: 'application/msrtc-event-categories+xml',
  msrtc: 'text/xml+msrtc.pidf',
  pidf: 'application/pidf+xml',
  xpidf: 'application/xpidf+xml',
} as const;
type Document = keyof typeof MEDIA_TYPES;

/** The richest document that the watchers behind a route are sent. */
export const DOCUMENTS = ['categories', 'msrtc', 'pidf'] as const;
export type Documents = (typeof DOCUMENTS)[number];

/** What the clients of each Microsoft server call their own (docs/decisions/016). */
export const DOCUMENTS_OF_VARIANT: Readonly<Record<Variant, Documents>> = { lcs: 'msrtc', ocs: 'categories', lync: 'categories' };

/** In this order, up to what is wanted; what is richer only goes to those who accept nothing else. */
const ORDER: Readonly<Record<Documents, readonly Document[]>> = {
  categories: ['categories', 'msrtc', 'pidf', 'xpidf'],
  msrtc: ['msrtc', 'pidf', 'xpidf', 'categories'],
  pidf: ['pidf', 'xpidf', 'msrtc', 'categories'],
};

export interface Watcher {
  /** Media ranges of Accept in lower case, without parameters. Empty: no header, which means PIDF (RFC 3856 section 6.7). */
  readonly accept: readonly string[];
  readonly dialect: Dialect;
  /** Default: pidf. */
  readonly documents?: Documents;
}

/**
 * The media type of the documents for this watcher. Undefined: it accepts nothing that can be written. A Microsoft client
 * then gets PIDF: to it a refusal is final (microsoft-observed A6).
 */
export function documentFor({ accept, dialect, documents = 'pidf' }: Watcher): string | undefined {
  if (accept.length === 0) return MEDIA_TYPES.pidf;
  const accepted = ORDER[documents].map((document) => MEDIA_TYPES[document]).find((type) => accept.some((range) => covers(range, type)));
  return accepted ?? (dialect === 'microsoft' ? MEDIA_TYPES.pidf : undefined);
}

/** What is not named is not wanted: a range asks for the package's own format where it can, and that is PIDF. */
const OF_RANGE: Readonly<Record<string, string>> = {
  '*/*': MEDIA_TYPES.pidf,
  'application/*': MEDIA_TYPES.pidf,
  'text/*': MEDIA_TYPES.msrtc,
};

function covers(range: string, type: string): boolean {
  return range === type || (Object.hasOwn(OF_RANGE, range) && OF_RANGE[range] === type);
}
