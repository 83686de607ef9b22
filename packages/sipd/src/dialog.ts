/** Dialogs (RFC 3261 section 12). drachtio.md sections 2.4, 3 and 4.1 say where this one is simpler. */
import { parseNameAddr, parseSipUri, splitList, tagIn, type SipUri } from './message/address';
import { type Essentials, parseCSeq } from './message/essentials';
import type { Headers } from './message/headers';
import type { SipRequest, SipResponse } from './message/message';
import type { Endpoint, Flow } from './transport/flow';

/** Everything needed to send in a dialog and to recognise its requests. */
export interface Dialog<Owner> {
  /** `Call-ID;from-tag=X`, X being the From tag of the request that made the dialog. */
  readonly id: string;
  readonly callId: string;
  readonly method: 'INVITE' | 'SUBSCRIBE';
  /** Whether the far end sent the request that made the dialog. */
  readonly uas: boolean;
  /** CSeq of the request that made it. */
  readonly createdBy: number;
  readonly localTag: string;
  readonly remoteTag: string;
  /** From and To values for requests of ours, tags included. */
  readonly local: string;
  readonly remote: string;
  /** Both are fixed when the dialog is made; no later request refreshes them. */
  readonly remoteTarget: string;
  readonly routeSet: readonly string[];
  /** The only connection that gets the requests of this dialog. */
  readonly owner: Owner;
  /** The far end's connection, used while it is open and then let go. */
  flow: Flow | undefined;
  /** Next hop guessed from the source of the creating message; see `natTarget`. */
  readonly natTarget: SipUri | undefined;
  /** The far end as it was reached over TLS; undefined for a dialog that was made by another transport. */
  readonly securePeer: Endpoint | undefined;
  /** Last CSeq number that we sent. */
  localCSeq: number;
  /** CSeq of our last INVITE, for its ACK. */
  inviteCSeq: number;
  /** Our ACK of a 2xx, sent again when the 2xx comes again. */
  lastAck: (() => void) | undefined;
}

export function dialogIdOf(callId: string, fromTag: string): string {
  return `${callId};from-tag=${fromTag}`;
}

/** A copy that does not keep the whole message alive: V8 slices of strings hold on to their parent. */
export function detached(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** Record-Route elements, byte for byte, in the order of the message. */
export function recordRoute(headers: Headers): string[] {
  return headers.all('record-route').flatMap((field) => splitList(field.value).map(detached));
}

/** Most bytes of Contact and Record-Route that a dialog keeps for its life: with the limit on dialogs it bounds their memory. */
const MAX_ROUTE_BYTES = 8192;

/** Whether a message would make a dialog that keeps too much. */
export function isTooLongForDialog(headers: Headers): boolean {
  const kept = [...headers.all('record-route'), ...headers.all('contact')];
  return kept.reduce((sum, { value }) => sum + value.length, 0) > MAX_ROUTE_BYTES;
}

/** The URI of the (first) Contact. */
export function contactUri(headers: Headers): string | undefined {
  const value = headers.get('contact');
  const first = value === undefined ? undefined : splitList(value)[0];
  return first === undefined ? undefined : parseNameAddr(first)?.uri;
}

const PRIVATE = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/;

/**
 * drachtio-server's guess about NAT (drachtio.md section 4.5): the source of the creating message as next hop, when the
 * first route is a private address, or when there is no route and the Contact does not agree with the source.
 */
export function natTarget(
  role: { readonly uas: boolean; readonly method: string },
  flow: Flow,
  contact: string,
  routeSet: readonly string[],
): SipUri | undefined {
  const source = flow.remote;
  const asTarget: SipUri = { scheme: 'sip', user: undefined, host: source.address, port: source.port, transport: flow.protocol };
  const first = routeSet[0];
  if (first !== undefined) {
    const host = parseSipUri(parseNameAddr(first)?.uri ?? '')?.host ?? '';
    return !role.uas && PRIVATE.test(host) ? asTarget : undefined;
  }
  const uri = parseSipUri(contact);
  const sameHost = uri?.host === source.address;
  if (role.uas) return flow.protocol === 'udp' && !(sameHost && (uri?.port ?? 5060) === source.port) ? asTarget : undefined;
  return role.method === 'INVITE' && !sameHost ? asTarget : undefined;
}

function securePeer({ protocol, remote }: Flow): Endpoint | undefined {
  return protocol === 'tls' ? remote : undefined;
}

/**
 * Where a dialog goes on that was made over TLS: to the same place over TLS, whatever transport its URI names. Proxies that
 * write one Record-Route for two sides name that of the other side.
 */
export function keptSecure(uri: SipUri, { securePeer: peer }: { readonly securePeer: Endpoint | undefined }): SipUri {
  const isPeer = peer !== undefined && uri.host === peer.address && (uri.port ?? 5061) === peer.port;
  return isPeer ? { ...uri, transport: 'tls' } : uri;
}

/** Whether a NOTIFY ends its subscription (RFC 6665 section 4.1.3). */
export function endsSubscription(request: { readonly method: string; readonly headers: Headers }): boolean {
  return request.method === 'NOTIFY' && /^terminated\b/i.test(request.headers.get('subscription-state') ?? '');
}

function kindOf(method: string): 'INVITE' | 'SUBSCRIBE' {
  return method === 'INVITE' ? 'INVITE' : 'SUBSCRIBE';
}

/** What a dialog is made of besides the messages that made it. */
interface Making<Owner> {
  readonly owner: Owner;
  /** By which the far end's message came. */
  readonly flow: Flow;
  readonly natDetection: boolean;
}

/** The dialog that our 2xx to a request of the far end makes (RFC 3261 section 12.1.1). */
export function uasDialog<Owner>(
  request: { readonly method: string; readonly headers: Headers; readonly essentials: Essentials },
  response: SipResponse,
  { owner, flow, natDetection }: Making<Owner>,
): Dialog<Owner> {
  const { method, headers, essentials } = request;
  const contact = detached(contactUri(headers) ?? parseNameAddr(essentials.from)?.uri ?? '');
  const routeSet = recordRoute(headers);
  const callId = detached(essentials.callId);
  const remoteTag = detached(essentials.fromTag ?? '');
  const local = detached(response.headers.get('to') ?? '');
  return {
    id: dialogIdOf(callId, remoteTag),
    callId,
    method: kindOf(method),
    uas: true,
    createdBy: essentials.cseq,
    localTag: tagIn(local),
    remoteTag,
    local,
    remote: detached(essentials.from),
    remoteTarget: contact,
    routeSet,
    owner,
    flow: flow.reusable ? flow : undefined,
    natTarget: natDetection ? natTarget({ uas: true, method }, flow, contact, routeSet) : undefined,
    securePeer: securePeer(flow),
    localCSeq: essentials.cseq,
    inviteCSeq: essentials.cseq,
    lastAck: undefined,
  };
}

/** The dialog that the far end's 2xx to a request of ours makes (RFC 3261 section 12.1.2). */
export function uacDialog<Owner>(
  request: SipRequest,
  response: SipResponse,
  { owner, flow, natDetection }: Making<Owner>,
): Dialog<Owner> {
  const { method, headers } = request;
  const contact = detached(contactUri(response.headers) ?? request.uri);
  const routeSet = recordRoute(response.headers).reverse();
  const cseq = parseCSeq(headers.get('cseq') ?? '')?.number ?? 1;
  const callId = detached(headers.get('call-id') ?? '');
  const local = detached(headers.get('from') ?? '');
  const remote = detached(response.headers.get('to') ?? '');
  const localTag = tagIn(local);
  return {
    id: dialogIdOf(callId, localTag),
    callId,
    method: kindOf(method),
    uas: false,
    createdBy: cseq,
    localTag,
    remoteTag: tagIn(remote),
    local,
    remote,
    remoteTarget: contact,
    routeSet,
    owner,
    flow: undefined,
    natTarget: natDetection ? natTarget({ uas: false, method }, flow, contact, routeSet) : undefined,
    securePeer: securePeer(flow),
    localCSeq: cseq,
    inviteCSeq: cseq,
    lastAck: undefined,
  };
}
