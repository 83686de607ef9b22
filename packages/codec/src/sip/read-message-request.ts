import type { EngineEvent } from '@isthmus/engine';
import { fault, type Fault, type TextMessage } from '@isthmus/model';
import { emojiFromCodes } from '@isthmus/rules';
import { readContentType } from '../body/content-type';
import { CPIM_TYPE, readCpim } from '../body/cpim';
import { IMDN_TYPE, readReport, readReportWish, type Report, type ReportWish } from '../body/imdn';
import { readLanguage } from '../body/language';
import { readText } from '../body/text';
import { IS_COMPOSING_TYPE, KEYBOARD_ACTIVITY_TYPE, readTyping } from '../body/typing';
import { utcOf } from '../presence/fields';
import { cleanXmlText } from '../xml/text';
import { readDate, readList, readMaxForwards, readSeconds } from './fields';
import type { Envelope } from './read-envelope';
import { answerRequest, type RequestReading, type SipReadContext } from './reading';
import type { SipRequestIn } from './wire';

/** A longer subject is cut, characters. */
const MAX_SUBJECT = 1000;
/** The subject of a conversation, which nobody is told (microsoft-dialect.md section 2.5). */
const CONVERSATION_INFO_TYPE = 'application/xml+conversationinfo';

/** MESSAGE: a text, a typing indication (RFC 3994), or nothing (200, as Microsoft's clients answer). */
export function readMessageRequest(request: SipRequestIn, envelope: Envelope, context: SipReadContext): RequestReading {
  if (request.body === '') return answerRequest(request);
  if (isEncoded(request)) return refused(request, envelope, context, fault('body.unsupported'));
  const type = mediaTypeOf(request);
  if (type === IS_COMPOSING_TYPE) return readTypingRequest(request, envelope, context);
  if (type === IMDN_TYPE) return readReportRequest(request, request.body, envelope, context);
  if (type === CPIM_TYPE) return readCpimRequest(request, envelope, context);
  return readTextRequest(request, { contentType: request.headers['content-type'], body: request.body }, envelope, context);
}

interface TextContent {
  readonly contentType: string | undefined;
  readonly body: string;
  readonly report?: ReportWish | undefined;
}

function readTextRequest(request: SipRequestIn, content: TextContent, envelope: Envelope, context: SipReadContext): RequestReading {
  const { contentType, body, report } = content;
  if (isExpired(request, context.at)) return refused(request, envelope, context, fault('message.expired'));
  const text = readText(contentType, body);
  if (!text.ok) return refused(request, envelope, context, text.fault);
  if (text.value.trim() === '') return answerRequest(request);
  if (Buffer.byteLength(text.value) > context.maxTextBytes) {
    return refused(request, envelope, context, fault('body.too-large'));
  }
  return event(request, envelope, context, { on: 'sip.message', message: messageOf(request, envelope, text.value, context), ...(report !== undefined && { report }) });
}

/** A text, or a report about one, in CPIM format (RFC 3862, RFC 5438). */
function readCpimRequest(request: SipRequestIn, envelope: Envelope, context: SipReadContext): RequestReading {
  const cpim = readCpim(request.body);
  if (!cpim.ok) return refused(request, envelope, context, cpim.fault);
  const { content, body } = cpim.value;
  const coding = content.get('content-transfer-encoding')?.toLowerCase() ?? '8bit';
  if (!/^(7bit|8bit|binary)$/.test(coding)) return refused(request, envelope, context, fault('body.unsupported'));
  const contentType = content.get('content-type');
  const type = readContentType(contentType ?? 'text/plain')?.type;
  if (type === IMDN_TYPE) return readReportRequest(request, body, envelope, context);
  return readTextRequest(request, { contentType, body, report: readReportWish(cpim.value) }, envelope, context);
}

/** A report that is of no use (what was read, what was processed) is answered 200 like any other. */
function readReportRequest(request: SipRequestIn, document: string, envelope: Envelope, context: SipReadContext): RequestReading {
  const report = readReport(document);
  return report === undefined ? answerRequest(request) : event(request, envelope, context, { on: 'sip.report', ...report });
}

/** INFO: a typing indication in one of its two forms. Everything else in INFO is of no use to us. */
export function readInfo(request: SipRequestIn, envelope: Envelope, context: SipReadContext): RequestReading {
  const type = mediaTypeOf(request);
  if (request.body === '' || type === CONVERSATION_INFO_TYPE) return answerRequest(request);
  const isTyping = type === KEYBOARD_ACTIVITY_TYPE || type === IS_COMPOSING_TYPE;
  if (!isTyping || isEncoded(request)) return refused(request, envelope, context, fault('body.unsupported'));
  return readTypingRequest(request, envelope, context);
}

function readTypingRequest(request: SipRequestIn, envelope: Envelope, context: SipReadContext): RequestReading {
  const typing = readTyping(request.body);
  if (!typing.ok) return refused(request, envelope, context, typing.fault);
  return event(request, envelope, context, { on: 'sip.typing', ...typing.value });
}

/** RFC 7572 Table 2; Date and delay as in IM-10. */
function messageOf(request: SipRequestIn, envelope: Envelope, text: string, context: SipReadContext): TextMessage {
  const subject = cleanXmlText((request.headers['subject'] ?? '').slice(0, MAX_SUBJECT)).replace(/\s+/g, ' ').trim();
  const language = readLanguage(readList(request.headers['content-language'])[0]);
  return {
    text: context.emoticons === 'emoji' ? emojiFromCodes(text) : text,
    thread: envelope.ref.callId,
    ...(subject !== '' && { subject }),
    ...(language !== undefined && { language }),
    ...sentBefore(request.headers['date'], context.at),
    ...hopsLeft(request),
  };
}

/** RFC 3428 section 7: Expires counts from Date; without one from now, and then it has not passed (IM-10). */
function isExpired({ headers }: SipRequestIn, now: number): boolean {
  const expires = readSeconds(headers['expires']);
  const date = readDate(headers['date']);
  return expires !== undefined && date !== undefined && date + expires * 1000 < now;
}

/** Clocks differ: only what is older than that has been held back on its way. */
const DELAYED_AFTER_MS = 60_000;

function sentBefore(date: string | undefined, now: number): Pick<TextMessage, 'sent'> {
  const time = readDate(date);
  return time === undefined || now - time < DELAYED_AFTER_MS ? {} : { sent: utcOf(time) };
}

/** SEC-8: we are a hop too. */
function hopsLeft(request: SipRequestIn): Pick<TextMessage, 'hops'> {
  const hops = readMaxForwards(request.headers['max-forwards']);
  return hops === undefined ? {} : { hops: hops - 1 };
}

function mediaTypeOf(request: SipRequestIn): string | undefined {
  return readContentType(request.headers['content-type'] ?? '')?.type;
}

/** RFC 3261 section 20.12: compressed, for one. */
function isEncoded(request: SipRequestIn): boolean {
  return readList(request.headers['content-encoding']).some((coding) => coding.toLowerCase() !== 'identity');
}

type Content =
  | { readonly on: 'sip.message'; readonly message: TextMessage; readonly report?: ReportWish }
  | ({ readonly on: 'sip.report' } & Report)
  | { readonly on: 'sip.typing'; readonly composing: boolean; readonly refreshSeconds?: number }
  | { readonly on: 'sip.refused'; readonly fault: Fault };

function event(request: SipRequestIn, envelope: Envelope, context: SipReadContext, content: Content): RequestReading {
  const { sipUser, xmppUser, ref } = envelope;
  const { method, transaction } = request;
  const whole: EngineEvent = { method, ref, transaction, at: context.at, trace: context.trace, ...content };
  return { is: 'event', sipUser, xmppUser, event: whole };
}

/** An event and not an answer: in a dialog that no longer exists the answer must be 481 (microsoft-observed.md part B). */
function refused(request: SipRequestIn, envelope: Envelope, context: SipReadContext, why: Fault): RequestReading {
  return event(request, envelope, context, { on: 'sip.refused', fault: why });
}
