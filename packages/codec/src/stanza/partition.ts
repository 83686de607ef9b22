import { fail, fault, succeed, type BareJid, type Pair, type Result } from '@isthmus/model';
import { readJid } from '../address/jid';
import { attributeOf, element, type Element } from '../xml/element';
import { NS } from './namespaces';

/** The IQs that isthmus sends to the partition plug-in (xmpp-servers.md section 2.3). */

export interface IqEnvelope {
  readonly id: string;
  /** The component's own domain. */
  readonly from: string;
  /** The user domain. */
  readonly to: string;
}

/** Has this user an account, and is any resource of it online? */
export function writeAccountQuery(envelope: IqEnvelope, jid: BareJid): Element {
  return iq('get', envelope, element('account', { xmlns: NS.partition, jid }));
}

/** Let the contact see the user as if the user had granted it. The answer is empty, or an error: the user must be asked. */
export function writeApproval(envelope: IqEnvelope, { user, contact }: Pair): Element {
  return iq('set', envelope, element('approve', { xmlns: NS.partition, user, contact }));
}

/** Give this connection no further stanzas (XD-10). */
export function writeDrain(envelope: IqEnvelope): Element {
  return iq('set', envelope, element('drain', { xmlns: NS.partition }));
}

/** The name by which this connection takes part in the choice of a worker for a pair. */
export function writeWorkerName(envelope: IqEnvelope, name: string): Element {
  return iq('set', envelope, element('worker', { xmlns: NS.partition, name }));
}

function iq(type: 'get' | 'set', envelope: IqEnvelope, child: Element): Element {
  return element('iq', { type, id: envelope.id, from: envelope.from, to: envelope.to }, child);
}

/**
 * Does the plug-in's ping say that it has shown all our contacts as offline while it had no word from us, or that it has dropped
 * presence which we should have had? In either case all is to be asked and told anew.
 */
export function tellsLoss(iq: Element, domain: string): boolean {
  const ping = iq.getChild('ping', NS.partition);
  if (attributeOf(iq, 'from') !== domain || ping === undefined) return false;
  return attributeOf(ping, 'contacts') === 'withdrawn' || attributeOf(ping, 'presence') === 'missed';
}

export interface AccountAnswer {
  readonly jid: BareJid;
  readonly local: boolean;
  readonly online: boolean;
}

/** Fault `body.malformed`: no result of `writeAccountQuery`, or one that cannot be read. */
export function readAccountAnswer(stanza: Element): Result<AccountAnswer> {
  const account = stanza.getChild('account', NS.partition);
  if (attributeOf(stanza, 'type') !== 'result' || account === undefined) return malformed();
  const jid = readJid(attributeOf(account, 'jid') ?? '');
  const local = readBoolean(attributeOf(account, 'local'));
  const online = readBoolean(attributeOf(account, 'online'));
  if (!jid.ok || local === undefined || online === undefined) return malformed();
  return succeed({ jid: jid.value.bare, local, online });
}

function malformed(): Result<never> {
  return fail(fault('body.malformed', 'The XMPP server gave no answer about an account'));
}

/** xs:boolean. */
function readBoolean(text: string | undefined): boolean | undefined {
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : undefined;
}
