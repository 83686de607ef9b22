/**
 * Expected failures are values. A fault can be shown to either side: as a stanza error (RFC 6120 section 8.3) or as a
 * SIP status (RFC 3261 section 21).
 */

/** RFC 6120 section 8.3.3. */
export const CONDITIONS = [
  'bad-request',
  'conflict',
  'feature-not-implemented',
  'forbidden',
  'gone',
  'internal-server-error',
  'item-not-found',
  'jid-malformed',
  'not-acceptable',
  'not-allowed',
  'not-authorized',
  'policy-violation',
  'recipient-unavailable',
  'redirect',
  'registration-required',
  'remote-server-not-found',
  'remote-server-timeout',
  'resource-constraint',
  'service-unavailable',
  'subscription-required',
  'undefined-condition',
  'unexpected-request',
] as const;
export type Condition = (typeof CONDITIONS)[number];

/** RFC 6120 section 8.3.2. */
export type ErrorType = 'auth' | 'cancel' | 'continue' | 'modify' | 'wait';

/** Whose fault it is: decides the log level and who must act. */
export type Blame = 'peer' | 'us' | 'network';

export interface Fault {
  readonly type: ErrorType;
  readonly condition: Condition;
  /** The SIP status that says the same; 300 to 699. */
  readonly sip: number;
  readonly blame: Blame;
  /** For the user: SIP's reason phrase or XMPP's text. At most 200 characters, no CR or LF. */
  readonly text?: string;
  /** For `gone` and `redirect`: where the user is now, as a URI (RFC 6120 sections 8.3.3.5 and 8.3.3.14). */
  readonly newAddress?: string;
  /** After which the sender may try again; told to SIP peers (RFC 3261 section 20.33). */
  readonly retryAfterSeconds?: number;
}

type FaultRow = readonly [type: ErrorType, condition: Condition, sip: number, blame: Blame, text: string];

/** The failures that isthmus finds by itself. Those that a far side reports are mapped by `rules` (ERR tables). */
export const FAULTS = {
  'address.malformed': ['modify', 'jid-malformed', 400, 'peer', 'This address cannot be carried to the other side'],
  'recipient.unknown': ['cancel', 'item-not-found', 404, 'peer', 'No such user on either side'],
  'route.none': ['cancel', 'item-not-found', 404, 'us', 'No route to this domain'],
  'sender.local': ['auth', 'forbidden', 403, 'peer', 'This sender has an account on the XMPP server'],
  'sender.foreign': ['auth', 'forbidden', 403, 'peer', 'This sender does not belong to the served domain'],
  'peer.unlisted': ['auth', 'forbidden', 403, 'peer', 'This host is not listed as a peer'],
  'scheme.sips': ['cancel', 'not-acceptable', 488, 'peer', 'sips: addresses are not carried'],
  'session.unsupported': ['cancel', 'not-acceptable', 488, 'peer', 'Only one-to-one text sessions are carried'],
  'session.unknown': ['cancel', 'item-not-found', 481, 'peer', 'No such session'],
  'body.unsupported': ['modify', 'not-acceptable', 415, 'peer', 'This kind of content is not carried'],
  'body.malformed': ['modify', 'bad-request', 400, 'peer', 'The content cannot be read'],
  'body.encrypted': ['modify', 'policy-violation', 415, 'peer', 'Encrypted messages cannot be read on the other side'],
  'retraction.unsupported': ['cancel', 'feature-not-implemented', 501, 'peer', 'A message cannot be taken back on the other side'],
  'body.too-large': ['modify', 'policy-violation', 413, 'peer', 'The message is too large for the other side'],
  'queue.full': ['wait', 'resource-constraint', 500, 'us', 'Too many messages wait for this recipient'],
  'rate.peer': ['wait', 'resource-constraint', 503, 'peer', 'Too many new requests of this peer; try again in a moment'],
  'rate.user': ['wait', 'policy-violation', 500, 'peer', 'Too many requests of this user; try again in a moment'],
  'worker.busy': ['wait', 'resource-constraint', 503, 'us', 'The gateway is too busy; try again in a moment'],
  'watches.full': ['wait', 'policy-violation', 500, 'peer', 'This user takes part in too many subscriptions'],
  'groupchat.unsupported': ['cancel', 'service-unavailable', 405, 'peer', 'Group chat does not cross to the other side'],
  'request.unsupported': ['cancel', 'service-unavailable', 405, 'peer', 'Not offered for this user'],
  'event.unsupported': ['cancel', 'feature-not-implemented', 489, 'peer', 'Only the event package presence is offered'],
  'request.looped': ['cancel', 'item-not-found', 482, 'peer', 'The request came back: no such user on either side'],
  'recipient.moving': ['wait', 'recipient-unavailable', 480, 'peer', 'This user is being moved; try again'],
  'hops.exhausted': ['cancel', 'not-acceptable', 483, 'peer', 'Too many hops'],
  'recipient.concealed': ['cancel', 'service-unavailable', 480, 'peer', 'The message could not be delivered'],
  'message.expired': ['cancel', 'recipient-unavailable', 480, 'peer', 'The message has expired on its way'],
  'message.late': ['wait', 'remote-server-timeout', 408, 'network', 'The message could not be delivered in time'],
  'network.timeout': ['wait', 'remote-server-timeout', 408, 'network', 'The other side did not answer in time'],
  'network.unreachable': ['wait', 'remote-server-timeout', 503, 'network', 'The other side cannot be reached'],
  'server.stopping': ['wait', 'remote-server-timeout', 503, 'us', 'The gateway is being stopped; try again'],
  'server.unavailable': ['wait', 'resource-constraint', 503, 'us', 'The gateway cannot reach its store; try again'],
  'xmpp.away': ['wait', 'remote-server-timeout', 503, 'network', 'The XMPP server cannot be reached; try again'],
  'server.error': ['cancel', 'internal-server-error', 500, 'us', 'The gateway failed on this request'],
} as const satisfies Record<string, FaultRow>;

export type FaultName = keyof typeof FAULTS;

/** The fault of a row, with `text` in place of the row's own where given. */
export function fault(name: FaultName, text?: string): Fault {
  const [type, condition, sip, blame, own] = FAULTS[name];
  return { type, condition, sip, blame, text: text ?? own };
}

/** Carries a fault through code that can only throw. Used at the edges only. */
export class FaultError extends Error {
  constructor(
    readonly fault: Fault,
    options?: { readonly cause?: unknown },
  ) {
    super(fault.text ?? fault.condition, options);
    this.name = 'FaultError';
  }
}
