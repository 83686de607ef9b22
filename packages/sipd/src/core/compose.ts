/** Completes requests of clients: drachtio.md MIM-29 to MIM-38. Failures are the reasons that the client reads. */
import { randomUUID } from 'node:crypto';
import type { Client } from '../control/client';
import type { ClientSip } from '../control/sip-text';
import type { Dialog } from '../dialog';
import { clientHeaders, clockCSeq, contentType, newTag, ownContact, type OwnPlace, withTag } from '../filling';
import { parseNameAddr } from '../message/address';
import { parseCSeq } from '../message/essentials';
import { headerField, type HeaderField, Headers } from '../message/headers';
import type { SipRequest } from '../message/message';

/** A reason for `NOK`. */
export interface Refusal {
  readonly refused: string;
}

const REQUEST_LINE = /^([A-Z]+) (\S+) SIP\/2\.0$/;
const WITH_CONTACT: ReadonlySet<string> = new Set(['INVITE', 'SUBSCRIBE']);
const WITH_CONTACT_IN_DIALOG: ReadonlySet<string> = new Set(['INVITE', 'SUBSCRIBE', 'REFER']);
const OWN_OUT_OF_DIALOG: ReadonlySet<string> = new Set(['from', 'to', 'call-id', 'cseq', 'max-forwards', 'contact']);
/** In a dialog these come from the dialog, whatever the client says. */
const OWN_IN_DIALOG: ReadonlySet<string> = new Set([...OWN_OUT_OF_DIALOG, 'route']);
/** What a client may send in a dialog; CANCEL has a transaction instead. */
const IN_DIALOG_METHODS: ReadonlySet<string> = new Set([
  'INVITE', 'ACK', 'BYE', 'MESSAGE', 'INFO', 'NOTIFY', 'SUBSCRIBE', 'OPTIONS', 'UPDATE', 'REFER', 'PUBLISH',
]);
const OUT_OF_DIALOG_METHODS: ReadonlySet<string> = new Set([
  'INVITE', 'BYE', 'MESSAGE', 'INFO', 'NOTIFY', 'SUBSCRIBE', 'OPTIONS', 'UPDATE', 'REFER', 'PUBLISH', 'REGISTER',
]);
const MISSING_CONTENT_TYPE = 'missing content-type';

/** Method and Request-URI of a client's start line; undefined when it is no request that can be sent there. */
export function readStartLine(startLine: string, inDialog: boolean): { method: string; uri: string } | undefined {
  const found = REQUEST_LINE.exec(startLine);
  const method = found?.[1] ?? '';
  if (found === null || !(inDialog ? IN_DIALOG_METHODS : OUT_OF_DIALOG_METHODS).has(method)) return undefined;
  return { method, uri: found[2] ?? '' };
}

function optional(field: HeaderField | undefined): HeaderField[] {
  return field === undefined ? [] : [field];
}

function contactFields(headers: Headers, needed: boolean, place: OwnPlace): HeaderField[] {
  const given = headers.all('contact');
  return given.length > 0 || !needed ? given : [headerField('contact', ownContact(place))];
}

/** A request out of dialog; ids that the client gives are kept. */
export function composeOutOfDialog(method: string, uri: string, sip: ClientSip, place: OwnPlace): SipRequest | Refusal {
  const headers = clientHeaders(sip.headers, place);
  const type = contentType(headers, sip.body);
  if (type === undefined) return { refused: MISSING_CONTENT_TYPE };
  const from = headers.get('from') ?? ownContact(place);
  if (parseNameAddr(from) === undefined) return { refused: `invalid from value provided by client: ${from}` };
  const cseq = parseCSeq(headers.get('cseq') ?? '')?.number ?? clockCSeq();
  const fields = [
    headerField('from', withTag(from, newTag())),
    headerField('to', headers.get('to') ?? `<${uri}>`),
    headerField('call-id', headers.get('call-id') ?? randomUUID()),
    headerField('cseq', `${cseq} ${method}`),
    headerField('max-forwards', headers.get('max-forwards') ?? '70'),
    ...contactFields(headers, WITH_CONTACT.has(method), place),
    ...headers.without(OWN_OUT_OF_DIALOG).fields,
    ...type,
  ];
  return { is: 'request', method, uri, headers: new Headers(fields), body: sip.body };
}

/** Request-URI and Route headers of RFC 3261 section 12.2.1.1; a first route without `lr` is a strict router. */
function routed(dialog: Dialog<Client>, uri: string): { uri: string; routes: string[] } {
  const [first, ...rest] = dialog.routeSet;
  if (first === undefined) return { uri, routes: [] };
  const firstUri = parseNameAddr(first)?.uri ?? '';
  if (/;lr(?=[;=?]|$)/i.test(firstUri)) return { uri, routes: [...dialog.routeSet] };
  return { uri: firstUri, routes: [...rest, `<${uri}>`] };
}

/**
 * A request in a dialog: ids, route set and CSeq are the dialog's.
 * @param target Request-URI before routing
 * @param cseq number to use
 */
export function composeInDialog(
  dialog: Dialog<Client>,
  method: string,
  target: string,
  cseq: number,
  sip: ClientSip,
  place: OwnPlace,
): SipRequest | Refusal {
  const headers = clientHeaders(sip.headers, place);
  const type = contentType(headers, sip.body);
  if (type === undefined) return { refused: MISSING_CONTENT_TYPE };
  const { uri, routes } = routed(dialog, target);
  const fields = [
    ...routes.map((route) => headerField('route', route)),
    headerField('from', dialog.local),
    headerField('to', dialog.remote),
    headerField('call-id', dialog.callId),
    headerField('cseq', `${cseq} ${method}`),
    headerField('max-forwards', headers.get('max-forwards') ?? '70'),
    ...contactFields(headers, WITH_CONTACT_IN_DIALOG.has(method), place),
    ...headers.without(OWN_IN_DIALOG).fields,
    ...optional(type[0]),
  ];
  return { is: 'request', method, uri, headers: new Headers(fields), body: sip.body };
}
