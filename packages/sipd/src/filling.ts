/** What the server adds to, and takes from, messages of its clients (drachtio.md MIM-29 to MIM-36). */
import { randomBytes } from 'node:crypto';
import { hostText, parseNameAddr, tagOf } from './message/address';
import { headerField, type HeaderField, Headers } from './message/headers';
import type { Endpoint } from './transport/flow';
import type { Protocol } from './options';

/** Headers that clients may not set: dropped without a word. */
export const DROPPED: ReadonlySet<string> = new Set(['via', 'route', 'record-route', 'rseq', 'content-length']);
/** Headers in which `@localhost` stands for our host and port. */
const LOCALHOST: ReadonlySet<string> = new Set(['from', 'to', 'contact', 'p-asserted-identity']);
const AT_LOCALHOST = /@localhost(?=[>;,\s]|$)/gi;

/** Our own place, as peers see it. */
export interface OwnPlace {
  readonly protocol: Protocol;
  readonly local: Endpoint;
}

export function newTag(): string {
  return randomBytes(8).toString('hex');
}

function hostPort({ local }: OwnPlace): string {
  return `${hostText(local.address)}:${local.port}`;
}

/** Our Contact; the transport is named unless it is UDP, the default. */
export function ownContact(place: OwnPlace): string {
  return `<sip:${hostPort(place)}${place.protocol === 'udp' ? '' : `;transport=${place.protocol}`}>`;
}

function fillLocalhost(field: HeaderField, place: OwnPlace): HeaderField {
  if (!LOCALHOST.has(field.key)) return field;
  return { ...field, value: field.value.replace(AT_LOCALHOST, `@${hostPort(place)}`) };
}

/** The client's headers without those it may not set, canonically spelt, `@localhost` replaced. */
export function clientHeaders(given: Headers, place: OwnPlace): Headers {
  const kept = given.fields.filter((field) => !DROPPED.has(field.key));
  return new Headers(kept.map((field) => fillLocalhost(respelt(field), place)));
}

/** drachtio-srf sends most names in lower case; mixed case is the application's own wish. */
function respelt(field: HeaderField): HeaderField {
  return field.name === field.name.toLowerCase() ? headerField(field.key, field.value) : field;
}

/** A From or To value with a tag: its own, or `tag` added. */
export function withTag(value: string, tag: string): string {
  const address = parseNameAddr(value);
  if (address === undefined || tagOf(address) !== undefined) return value;
  return `${value};tag=${tag}`;
}

/**
 * The Content-Type of a body: the one given, `application/sdp` for a body that starts with `v=0`, none without a body;
 * undefined when it is missing.
 */
export function contentType(headers: Headers, body: Buffer): readonly HeaderField[] | undefined {
  if (body.length === 0 || headers.has('content-type')) return [];
  if (body.toString('latin1', 0, 3) === 'v=0') return [headerField('content-type', 'application/sdp')];
  return undefined;
}

/** A CSeq number from the clock: grows from one process to the next, and leaves room below 2^31 (RFC 3261 section 8.1.1.5). */
export function clockCSeq(): number {
  return Math.floor(Date.now() / 1000) & 0x3fffffff;
}
