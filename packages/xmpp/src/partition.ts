import xml from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

/** Namespace of the partition plug-in: what the link itself says to it when it comes and goes. */
const PARTITION_NS = 'urn:isthmus:partition:0';
/** XEP-0199. */
const PING_NS = 'urn:xmpp:ping';

export interface Parties {
  /** The component's domain. */
  readonly domain: string;
  /** The domain whose users live on both sides. */
  readonly userDomain: string;
}

function iq(type: 'get' | 'set', from: string, to: string, child: Element): Element {
  return xml('iq', { type, from, to }, child);
}

/**
 * Tells the plug-in this worker's name, by which it chooses the connection of a pair; that what it hands over is to be
 * reported; and whether the worker can do what it is given. One that is not ready is chosen last.
 */
export function workerAnnouncement({ domain, userDomain }: Parties, workerName: string, ready: boolean): Element {
  const attrs = { xmlns: PARTITION_NS, name: workerName, acknowledge: 'true', ...(!ready && { ready: 'false' }) };
  return iq('set', domain, userDomain, xml('worker', attrs));
}

/** What a plug-in answers to that: an older one nothing. */
export function readAnnounced(answer: Element): { readonly acknowledges: boolean; readonly moved: number | undefined } {
  const { acknowledge, moved } = answer.getChild('worker', PARTITION_NS)?.attrs ?? {};
  return { acknowledges: acknowledge === 'true', moved: readCount(moved) };
}

/** Tells the plug-in that all it has handed over on this connection, up to this number, is handled. */
export function handledReport({ domain, userDomain }: Parties, upto: number): Element {
  return iq('set', domain, userDomain, xml('handled', { xmlns: PARTITION_NS, upto: String(upto) }));
}

/** Has the plug-in given the stanza a number? Only its last child can be one: a client may have put others there. */
export function isNumbered(stanza: Element): boolean {
  const last = stanza.children.at(-1);
  return typeof last === 'object' && last.is('number', PARTITION_NS);
}

/** Takes the number out of a stanza; undefined where there is none, or none that can be read. */
export function takeNumber(stanza: Element): { readonly epoch: string; readonly n: number } | undefined {
  if (!isNumbered(stanza)) return undefined;
  const { epoch, n } = (stanza.children.pop() as Element).attrs;
  const count = readCount(n);
  return typeof epoch === 'string' && /^\S{1,64}$/.test(epoch) && count !== undefined ? { epoch, n: count } : undefined;
}

/** A whole number from 1 as the plug-in writes it; undefined for anything else. */
function readCount(text: unknown): number | undefined {
  return typeof text === 'string' && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : undefined;
}

/** Asks for no more new stanzas on this connection (XD-10). */
export function drainRequest({ domain, userDomain }: Parties): Element {
  return iq('set', domain, userDomain, xml('drain', { xmlns: PARTITION_NS }));
}

/** Asks whether an address has an account. The self-test's address need not exist: any answer proves the plug-in. */
export function accountProbe({ domain, userDomain }: Parties): Element {
  const jid = `isthmus-self-test@${userDomain}`;
  return iq('get', domain, userDomain, xml('account', { xmlns: PARTITION_NS, jid }));
}

/** Sign of life of the server: any answer will do, an error too. */
export function heartbeat({ domain, userDomain }: Parties): Element {
  return iq('get', domain, userDomain, xml('ping', { xmlns: PING_NS }));
}

/**
 * A stanza in a name that is not ours to use: the user domain's own. The guard must refuse it. A ping from the domain to
 * itself was chosen because it does no harm if it gets through: it changes nothing, no user sees it, and the answer goes
 * to the domain, which ignores it. It needs no local account, and being an IQ get its refusal must be told (RFC 6120
 * section 8.2.3).
 */
export function spoofedPing({ userDomain }: Parties): Element {
  return iq('get', userDomain, userDomain, xml('ping', { xmlns: PING_NS }));
}

/** The condition of a stanza error (RFC 6120 section 8.3.2); undefined when the stanza is none. */
export function errorCondition(stanza: Element): string | undefined {
  if (stanza.attrs['type'] !== 'error') return undefined;
  const condition = stanza.getChild('error')?.getChildElements().find((child) => child.name !== 'text');
  return condition?.name ?? 'undefined-condition';
}

/** Does the plug-in answer the question about an account? */
export function isAccountAnswer(stanza: Element): boolean {
  return stanza.attrs['type'] === 'result' && stanza.getChild('account', PARTITION_NS) !== undefined;
}
