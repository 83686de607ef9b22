/** First lines of the control protocol (drachtio.md sections 2.2 to 2.4). */
import { randomUUID } from 'node:crypto';
import type { Endpoint } from '../transport/flow';

/** Where a message came from or went to; `protocol` is `unknown` while a name is looked up. */
export interface Hop {
  readonly protocol: string;
  readonly remote: Endpoint;
}

/** `HH:MM:SS.uuuuuu` UTC. */
export function timeOfDay(): string {
  return `${new Date().toISOString().slice(11, 23)}000`;
}

function meta(source: 'network' | 'application', bytes: number, hop: Hop): string {
  return `${source}|${bytes}|${hop.protocol}|${hop.remote.address}|${hop.remote.port}|${timeOfDay()}`;
}

/**
 * The names that the peer's certificate has proven, in field 13, which drachtio-server does not have: only the server writes
 * this line, so neither a peer nor that server can be taken for one that proves names.
 */
function proven(names: readonly string[], separators: string): string {
  return names.length === 0 ? '' : `${separators}tls=${names.join(',')}`;
}

/** A request out of dialog from the network. */
export function newRequestLine(bytes: number, hop: Hop, local: Endpoint, transactionId: string, names: readonly string[]): string {
  const line = `${randomUUID()}|sip|${meta('network', bytes, hop)}|${transactionId}||${local.address}|${local.port}|`;
  return `${line}${proven(names, '|')}`;
}

/** A request in a dialog from the network. */
export function dialogRequestLine(bytes: number, hop: Hop, transactionId: string, dialogId: string, names: readonly string[]): string {
  return `${networkLine(bytes, hop, transactionId, dialogId)}${proven(names, '|||')}`;
}

/** A response from the network. */
export function networkLine(bytes: number, hop: Hop, transactionId: string, dialogId: string): string {
  return `${randomUUID()}|sip|${meta('network', bytes, hop)}|${transactionId}|${dialogId}|`;
}

/** A request that this server made itself. */
export function unsolicitedLine(bytes: number, hop: Hop, dialogId: string): string {
  return `${randomUUID()}|sip|${meta('application', bytes, hop)}|unsolicited|${dialogId}|`;
}

/** A reply to a client message: `OK`, `NOK` or `NO`, and what follows. */
export function replyLine(messageId: string, ...fields: readonly string[]): string {
  return `${randomUUID()}|response|${messageId}|${fields.join('|')}`;
}

/** The API reply for a request that is being sent. */
export function requestSentLine(messageId: string, bytes: number, hop: Hop, transactionId: string): string {
  return replyLine(messageId, 'OK', meta('application', bytes, hop), transactionId, 'Msg sent:', '');
}

/** The API reply for a response that has been sent. */
export function responseSentLine(messageId: string, bytes: number, hop: Hop, transactionId: string, dialogId: string): string {
  return replyLine(messageId, 'OK', meta('application', bytes, hop), transactionId, dialogId, '', 'Msg sent:');
}
