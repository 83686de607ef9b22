import { fault, type Fault, type TextMessage } from '@isthmus/model';
import { isLinkTarget } from '../body/link';
import { utcTime } from '../presence/fields';
import { attributeOf, type Element } from '../xml/element';
import { cleanXmlText } from '../xml/text';
import { hasChildOf, ownText, type OwnText } from './children';
import { readHops } from './hops';
import { NS } from './namespaces';
import type { StanzaContext } from './reading';

/**
 * What the SIP user gets to read of a message, and what becomes of the extensions that SIP lacks. docs/message-fallbacks.md
 * has a row for each.
 */
export type MessageContent =
  | { readonly is: 'text'; readonly message: TextMessage }
  | { readonly is: 'refuse'; readonly fault: Fault }
  | { readonly is: 'ignore'; readonly why: string }
  /** Nothing to read. */
  | { readonly is: 'none' };

/** Bounds of what is kept of a message besides its text, characters. A longer subject is cut, a longer thread is not used. */
const MAX_SUBJECT = 1000;
const MAX_THREAD = 1000;
/** A longer address is no use in a text, characters. */
const MAX_URL = 2000;
/** Files of one message, reactions to one message, characters of a reaction: all that are more are not told. */
const MAX_FILES = 10;
const MAX_REACTIONS = 20;
const MAX_REACTION = 32;

/** What tells a correction from a new text, as people write it by hand (docs/decisions/024-fallbacks-of-xmpp-extensions.md). */
const CORRECTION_MARK = '* ';

const ENCRYPTED: readonly string[] = [NS.encryption, NS.omemoLegacy, NS.omemoOld, NS.omemo, NS.openpgp, NS.openpgpLegacy, NS.esession, NS.e2e];
/** Messages of Off-the-Record (XEP-0364): there the ciphertext, or the wish to encrypt, is the body. */
const OTR = /^\?OTR[:,|?v]/;

export function readContent(stanza: Element, context: StanzaContext): MessageContent {
  if (isInvitation(stanza)) return { is: 'refuse', fault: fault('groupchat.unsupported') };
  const body = bodyOf(stanza);
  if (body === undefined && isKeyTransport(stanza)) return { is: 'ignore', why: 'key exchange' };
  if (!isReadable(stanza, body, context)) return { is: 'refuse', fault: fault('body.encrypted') };
  if (isUnwantedReaction(stanza, body, context)) return { is: 'ignore', why: 'reaction' };
  const text = withFiles(stanza, corrected(stanza, body?.text ?? '')) || reactionsOf(stanza);
  if (text !== '' && readHops(stanza) === 0) return { is: 'refuse', fault: fault('hops.exhausted') };
  if (text !== '') return { is: 'text', message: { text, ...detailsOf(stanza, body, context) } };
  // The sender must not think that the text is gone, or that somebody's telephone rings.
  if (hasChildOf(stanza, NS.retract)) return { is: 'refuse', fault: fault('retraction.unsupported') };
  if (stanza.getChild('propose', NS.jingleMessage) !== undefined) return { is: 'refuse', fault: fault('request.unsupported') };
  return { is: 'none' };
}

function bodyOf(stanza: Element): OwnText | undefined {
  const body = ownText(stanza, 'body');
  return body === undefined ? undefined : { ...body, text: cleanXmlText(body.text) };
}

/** An invitation to a room says to join it, whatever its body says. */
function isInvitation(stanza: Element): boolean {
  return stanza.getChild('x', NS.mucUser)?.getChild('invite') !== undefined || stanza.getChild('x', NS.conference) !== undefined;
}

/** OMEMO elements without a payload carry keys only, no text (XEP-0384). */
function isKeyTransport(stanza: Element): boolean {
  const encrypted = [NS.omemoLegacy, NS.omemoOld, NS.omemo].map((namespace) => stanza.getChild('encrypted', namespace));
  const found = encrypted.find((each) => each !== undefined);
  return found !== undefined && found.getChild('payload') === undefined;
}

/** SEC-16: ciphertext never crosses, and its sender must not think that what he wrote did. */
function isReadable(stanza: Element, body: OwnText | undefined, context: StanzaContext): boolean {
  if (body !== undefined && OTR.test(body.text)) return false;
  if (!ENCRYPTED.some((namespace) => hasChildOf(stanza, namespace))) return true;
  return context.encrypted === 'fallback' && body !== undefined;
}

/** XEP-0308: to the SIP user it is one more text. */
function corrected(stanza: Element, text: string): string {
  const isCorrection = stanza.getChild('replace', NS.correction) !== undefined;
  return isCorrection && text !== '' ? CORRECTION_MARK + text : text;
}

/** XEP-0066: addresses that the text does not name already, a line each. */
function withFiles(stanza: Element, text: string): string {
  const files = stanza.getChildren('x', NS.outOfBand).slice(0, MAX_FILES);
  return files.reduce((all, file) => {
    const url = cleanXmlText(file.getChildText('url') ?? '').trim();
    if (!isLinkTarget(url) || url.length > MAX_URL || /\s/.test(url) || all.includes(url)) return all;
    return all === '' ? url : `${all}\n${url}`;
  }, text);
}

/** XEP-0444: the reactions themselves, for want of a body. None: all are taken back, of which SIP users learn nothing. */
function reactionsOf(stanza: Element): string {
  const reactions = stanza.getChild('reactions', NS.reactions)?.getChildren('reaction') ?? [];
  const texts = reactions.slice(0, MAX_REACTIONS).map((each) => oneLine(each.getText().slice(0, MAX_REACTION)));
  return texts.filter((each) => each !== '').join(' ');
}

function oneLine(text: string): string {
  return cleanXmlText(text).replace(/\s+/g, ' ').trim();
}

/** A body that is not marked as the reaction's fallback (XEP-0428) is a text of its own. */
function isUnwantedReaction(stanza: Element, body: OwnText | undefined, context: StanzaContext): boolean {
  if (context.reactions !== 'ignore' || stanza.getChild('reactions', NS.reactions) === undefined) return false;
  const fallbacks = stanza.getChildren('fallback', NS.fallback);
  return body === undefined || fallbacks.some((each) => attributeOf(each, 'for') === NS.reactions);
}

function detailsOf(stanza: Element, body: OwnText | undefined, context: StanzaContext): Omit<TextMessage, 'text'> {
  const subject = cleanXmlText((ownText(stanza, 'subject')?.text ?? '').slice(0, MAX_SUBJECT));
  const thread = cleanXmlText(ownText(stanza, 'thread')?.text ?? '');
  const sent = sentAt(stanza, context.at);
  const hops = readHops(stanza);
  return {
    ...(subject !== '' && { subject }),
    ...(body?.language !== undefined && { language: body.language }),
    ...(thread !== '' && thread.length <= MAX_THREAD && { thread }),
    ...(sent !== undefined && { sent }),
    ...(hops !== undefined && { hops }),
  };
}

/** XEP-0203: when the text was written, if it has been held back since; never in the future. */
function sentAt(stanza: Element, now: number): string | undefined {
  const stamp = stanza.getChild('delay', NS.delay);
  const time = stamp === undefined ? undefined : utcTime(attributeOf(stamp, 'stamp'));
  return time !== undefined && Date.parse(time) <= now ? time : undefined;
}
