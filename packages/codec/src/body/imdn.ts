import { childrenOf, firstText, parseXml } from '../presence/xml-tree';
import { CPIM_TYPE, writeCpim, type Cpim } from './cpim';

/** Instant message disposition notifications (RFC 5438): delivery notifications only, nobody is told what was read. */

export const IMDN_TYPE = 'message/imdn+xml';
const IMDN_NS = 'urn:ietf:params:xml:ns:imdn';
/** The namespace of the CPIM headers (RFC 5438 section 6). */
const IMDN_HEADERS = 'urn:ietf:params:imdn';

/** RFC 5438 section 6.3: a token; real ones have 8 to 40 characters. */
const MESSAGE_ID = /^[A-Za-z0-9!%*_+`'~@.-]{1,128}$/;
const DATE_TIME = /^[0-9T:.+Z-]{10,40}$/;
/** Real documents have some hundred characters. */
const MAX_DOCUMENT = 4096;

/** The sender of a text wants to know that it has been delivered. */
export interface ReportWish {
  readonly messageId: string;
  /** When he sent it, as he wrote it (RFC 3339). */
  readonly at?: string;
}

/** What the far side says about a text of ours. */
export interface Report {
  readonly messageId: string;
  readonly delivered: boolean;
}

/** Undefined: no delivery notification is asked for. */
export function readReportWish({ headers }: Cpim): ReportWish | undefined {
  const wishes = (headers.get(`${IMDN_HEADERS} Disposition-Notification`) ?? '').split(',').map((wish) => wish.trim());
  const messageId = headers.get(`${IMDN_HEADERS} Message-ID`) ?? '';
  const at = headers.get('DateTime') ?? '';
  if (!wishes.includes('positive-delivery') || !MESSAGE_ID.test(messageId)) return undefined;
  return { messageId, ...(DATE_TIME.test(at) && { at }) };
}

/** RFC 5438 section 7.1. Undefined: no delivery notification (a display notification, for one), or not readable. */
export function readReport(document: string): Report | undefined {
  const root = document.length > MAX_DOCUMENT ? undefined : parseXml(document.trim());
  if (root?.ok !== true || root.value.name !== 'imdn') return undefined;
  const messageId = firstText(childrenOf(root.value, 'message-id')) ?? '';
  const status = childrenOf(root.value, 'delivery-notification').flatMap((each) => childrenOf(each, 'status'))[0];
  if (status === undefined || !MESSAGE_ID.test(messageId)) return undefined;
  return { messageId, delivered: childrenOf(status, 'delivered').length > 0 };
}

/** Whom a message in CPIM format is from and to. */
export interface CpimParties {
  readonly user: string;
  readonly contact: string;
}

/** A body with its media type. */
export interface TypedBody {
  readonly contentType: string;
  readonly body: string;
}

/** A text whose delivery the far side is asked to report (RFC 5438 section 7.1.1.1). */
export function writeWithReportWish(content: TypedBody, messageId: string, parties: CpimParties): TypedBody {
  const wish = { NS: `imdn <${IMDN_HEADERS}>`, 'imdn.Message-ID': messageId, 'imdn.Disposition-Notification': 'positive-delivery' };
  return { contentType: CPIM_TYPE, body: writeCpim({ ...partiesOf(parties), ...wish }, { 'Content-Type': content.contentType }, content.body) };
}

/** The report that a text of the far side has been delivered. It asks for none itself (RFC 5438 section 7.1.1.2). */
export function writeReport({ messageId, at }: Required<ReportWish>, ownId: string, parties: CpimParties): TypedBody {
  const body =
    `<?xml version="1.0" encoding="UTF-8"?><imdn xmlns="${IMDN_NS}"><message-id>${messageId}</message-id><datetime>${at}</datetime>` +
    `<delivery-notification><status><delivered/></status></delivery-notification></imdn>`;
  const headers = { ...partiesOf(parties), NS: `imdn <${IMDN_HEADERS}>`, 'imdn.Message-ID': ownId };
  return { contentType: CPIM_TYPE, body: writeCpim(headers, { 'Content-Type': IMDN_TYPE, 'Content-Disposition': 'notification' }, body) };
}

function partiesOf({ user, contact }: CpimParties): Readonly<Record<'From' | 'To', string>> {
  return { From: `<${user}>`, To: `<${contact}>` };
}
