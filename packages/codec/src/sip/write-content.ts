import { createHash } from 'node:crypto';
import type { InviteEffect, NotifyEffect, RequestEffect, SipMessageEffect, SipTypingEffect, SubscribeEffect } from '@isthmus/engine';
import type { Presence } from '@isthmus/model';
import { codesFromEmoji, toMicrosoft, toMicrosoftInFull, type Tables } from '@isthmus/rules';
import { readLanguage } from '../body/language';
import { writeReport, writeWithReportWish, type TypedBody } from '../body/imdn';
import { textToWire } from '../body/lines';
import { mediaOf, writeTextSession } from '../body/session-description';
import { IS_COMPOSING_TYPE, KEYBOARD_ACTIVITY_TYPE, writeIsComposing, writeKeyboardActivity } from '../body/typing';
import { formatOf, writePresenceDocument, type PresenceFormat } from '../presence';
import { cleanXmlText } from '../xml/text';
import { ALLOW, EVENT_PACKAGE } from './offer';
import type { LooseHeaders } from './safe';
import { methodOf, type SipParties, type SipWriteContext } from './writing';

/** What a request carries besides its place in a dialog. */
interface Content {
  readonly headers: LooseHeaders;
  readonly body?: string;
}

const TEXT_TYPE = 'text/plain; charset=UTF-8';
/** A longer first text is left out of INVITE: it comes as MESSAGE anyway, and headers have an end (DR-18). Bytes. */
const MAX_FIRST_TEXT = 3000;
/** A longer subject is cut, characters. */
const MAX_SUBJECT = 250;

export function writeContent(effect: RequestEffect, parties: SipParties, context: SipWriteContext): Content {
  switch (effect.do) {
    case 'sip.invite':
      return inviteContent(effect, context);
    case 'sip.message':
      return messageContent(effect, parties, context);
    case 'sip.typing':
      return typingContent(effect, context);
    case 'sip.bye':
      return { headers: {} };
    case 'sip.subscribe':
      return subscribeContent(effect, context);
    case 'sip.notify':
      return notifyContent(effect, parties, context);
  }
}

/** No `Supported`: what we would advertise there we would have to do (trap T2, microsoft-dialect.md section 2.7). */
function inviteContent(effect: InviteEffect, context: SipWriteContext): Content {
  const headers = {
    Contact: `<${context.contactUri}>`,
    Allow: ALLOW,
    'Content-Type': 'application/sdp',
    'Ms-Conversation-ID': conversationId(effect.dialog.callId),
    'ms-text-format': firstText(effect.firstText, context),
  };
  return { headers, body: writeTextSession(context.session, mediaOf(context.variant)) };
}

/** Opaque, and never the same for two sessions: clients refuse a second session under one id (microsoft-dialect.md section 2.3). */
function conversationId(callId: string): string {
  return createHash('sha256').update(callId).digest('base64').slice(0, 24);
}

/** The text that the far user's client shows before it has been answered (microsoft-dialect.md section 2.2). */
function firstText(text: string | undefined, context: SipWriteContext): string | undefined {
  const octets = Buffer.from(bodyOf(text ?? '', context), 'utf8');
  if (octets.length === 0 || octets.length > MAX_FIRST_TEXT) return undefined;
  return `${TEXT_TYPE};ms-body=${octets.toString('base64')}`;
}

/** RFC 7572 Table 1. Never a Contact (IM-7). */
function messageContent(effect: SipMessageEffect, parties: SipParties, context: SipWriteContext): Content {
  const { subject, language, sent, hops } = effect.message;
  const { contentType, body } = typedBody(effect, parties, context);
  const headers = {
    'Content-Type': contentType,
    Subject: cleanXmlText((subject ?? '').slice(0, MAX_SUBJECT)),
    'Content-Language': readLanguage(language),
    Date: sent === undefined ? undefined : new Date(sent).toUTCString(),
    'Max-Forwards': hops?.toString(),
  };
  return { headers, body };
}

/** Plain text; in CPIM format where the far side is to report its arrival, or is told of one (RFC 5438). */
function typedBody({ key, message, reportId, report }: SipMessageEffect, parties: SipParties, context: SipWriteContext): TypedBody {
  if (report !== undefined) return writeReport(report, key, parties);
  const text = { contentType: TEXT_TYPE, body: bodyOf(message.text, context) };
  return reportId === undefined ? text : writeWithReportWish(text, reportId, parties);
}

function bodyOf(text: string, context: SipWriteContext): string {
  return textToWire(context.emoticons === 'emoji' ? codesFromEmoji(text) : text);
}

function typingContent(effect: SipTypingEffect, context: SipWriteContext): Content {
  if (methodOf(effect, context.dialect) === 'INFO') {
    return { headers: { 'Content-Type': KEYBOARD_ACTIVITY_TYPE }, body: writeKeyboardActivity(effect.composing) };
  }
  return { headers: { 'Content-Type': IS_COMPOSING_TYPE }, body: writeIsComposing(effect.composing) };
}

/** No ms- options: plain RFC 6665 is what comes back then (microsoft-dialect.md section 1.2, DR-20). */
function subscribeContent(effect: SubscribeEffect, context: SipWriteContext): Content {
  const rich = context.dialect === 'microsoft' && context.presence === 'msrtc';
  const headers = {
    Contact: `<${context.contactUri}>`,
    Event: EVENT_PACKAGE,
    Accept: rich ? 'text/xml+msrtc.pidf, application/pidf+xml' : 'application/pidf+xml',
    Expires: String(effect.expiresSeconds),
  };
  return { headers };
}

function notifyContent(effect: NotifyEffect, parties: SipParties, context: SipWriteContext): Content {
  const headers = {
    Contact: `<${context.contactUri}>`,
    Event: effect.eventId === undefined ? EVENT_PACKAGE : `${EVENT_PACKAGE};id=${effect.eventId}`,
    'Subscription-State': subscriptionState(effect),
  };
  if (effect.presence === undefined) return { headers };
  const format = formatOf(effect.format, context.dialect);
  const presence = context.dialect === 'microsoft' ? asMicrosoft(effect.presence, format, context.tables) : effect.presence;
  const { tuples, timestamp, dialog } = effect;
  const options = { entity: parties.user, version: dialog.localCSeq + 1, ...(tuples !== undefined && { tuples }), ...(timestamp !== undefined && { timestamp }) };
  const document = writePresenceDocument(format, presence, options);
  return { headers: { ...headers, 'Content-Type': document.contentType }, body: document.body };
}

/** Tables 1-6 to 1-8 say what of four states comes nearest; a document that has a word for every setting needs no table. */
function asMicrosoft(presence: Presence, format: PresenceFormat, tables: Tables | undefined): Presence {
  const { family = 'third-party', setting } = presence;
  const map = format === 'pidf-microsoft' ? toMicrosoft : toMicrosoftInFull;
  return { ...presence, setting: map(family, setting, tables) };
}

/** RFC 6665 section 4.2.2: a state that goes on says how long; one that ends says why. */
function subscriptionState(effect: NotifyEffect): string {
  if (effect.substate === 'terminated') return effect.reason === undefined ? 'terminated' : `terminated;reason=${effect.reason}`;
  return effect.expiresSeconds === undefined ? effect.substate : `${effect.substate};expires=${effect.expiresSeconds}`;
}
