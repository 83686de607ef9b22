import type { Dialog, RequestEffect } from '@isthmus/engine';
import type { Dialect, Jid, Result, SipUri, Variant } from '@isthmus/model';
import type { Tables } from '@isthmus/rules';
import { jidToSipUri } from '../address';
import type { SessionAddress } from '../body/session-description';

/** The two users of a pair as the SIP side knows them. */
export interface SipParties {
  /** The XMPP user: From of all our requests. */
  readonly user: SipUri;
  /** The SIP user: To of all our requests. */
  readonly contact: SipUri;
}

/**
 * The parties of a pair. `known`: the SIP user's own URI where he has been seen (ADDR-10).
 * Fault: `address.malformed` for a JID that is no SIP address.
 */
export function partiesOf(user: Jid, contact: Jid, known?: SipUri): Result<SipParties> {
  const from = jidToSipUri(user);
  if (!from.ok) return from;
  const to = known === undefined ? jidToSipUri(contact) : ({ ok: true, value: known } as const);
  return to.ok ? { ok: true, value: { user: from.value, contact: to.value } } : to;
}

/** What the writers need besides effect and parties: the route's settings and our own address. */
export interface SipWriteContext {
  readonly dialect: Dialect;
  readonly variant: Variant;
  /** Our Contact: the URI under which the SIP server reaches us, transport named. */
  readonly contactUri: string;
  /** The address in our session descriptions. */
  readonly session: SessionAddress;
  /** The next hop of requests outside the server's own dialogs: `sip:host:port;transport=tcp` (DR-8, DR-19). */
  readonly proxy?: string;
  /** Which document we ask a Microsoft server for. */
  readonly presence: 'msrtc' | 'pidf';
  /** `emoji`: emoji of the user become text codes. */
  readonly emoticons?: 'emoji' | 'unchanged';
  /** Is every hop to the SIP users' devices TCP or TLS? Otherwise what goes out of dialog must be small (IM-5). */
  readonly streamOnly?: boolean;
  /** The largest request that the SIP server takes from us, bytes (DR-16); absent: it has no such limit. */
  readonly maxRequestBytes?: number;
  /** The deployment's own rows of the tables. */
  readonly tables?: Tables;
  /** Our own mark on what opens something: by it a request that comes back is known (SEC-8). */
  readonly loopMark?: string;
  /** Deadlines for the final answer, milliseconds. */
  readonly inviteTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** The same for a text in a session that counts as sent without an answer; absent or 0: none does. */
  readonly assumeSentMs?: number;
}

export type RequestMethod = 'INVITE' | 'MESSAGE' | 'INFO' | 'BYE' | 'SUBSCRIBE' | 'NOTIFY';

/** By which request the effect is done. */
export function methodOf(effect: RequestEffect, dialect: Dialect): RequestMethod {
  switch (effect.do) {
    case 'sip.invite':
      return 'INVITE';
    case 'sip.message':
      return 'MESSAGE';
    case 'sip.typing':
      // Microsoft's clients read typing from INFO, and INFO needs a dialog (microsoft-dialect.md section 2.5).
      return dialect === 'microsoft' && isEstablished(effect.dialog) ? 'INFO' : 'MESSAGE';
    case 'sip.bye':
      return 'BYE';
    case 'sip.subscribe':
      return 'SUBSCRIBE';
    case 'sip.notify':
      return 'NOTIFY';
  }
}

/** Both sides' tags are known: a request in it is an in-dialog request (RFC 3261 section 12.2). */
export function isEstablished(dialog: Dialog | undefined): boolean {
  return dialog?.remoteTag !== undefined;
}
