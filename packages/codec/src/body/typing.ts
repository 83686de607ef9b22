import { fail, fault, succeed, type Result } from '@isthmus/model';
import { childrenOf, firstText, parseXml, type XmlNode } from '../presence/xml-tree';

/**
 * Typing indications: Microsoft's KeyboardActivity (microsoft-observed.md part B) and isComposing (RFC 3994).
 */
export interface Typing {
  readonly composing: boolean;
  /** RFC 3994 section 3.2, seconds. */
  readonly refreshSeconds?: number;
}

export const KEYBOARD_ACTIVITY_TYPE = 'application/xml';
export const IS_COMPOSING_TYPE = 'application/im-iscomposing+xml';
const IS_COMPOSING_NS = 'urn:ietf:params:xml:ns:im-iscomposing';

/** Real documents have a hundred characters or three. */
const MAX_DOCUMENT = 4096;
/** RFC 3994 section 3.2 knows no longer time than this, and no shorter refresh than 60 s. */
const MAX_REFRESH_SECONDS = 3600;
/** The refresh that we promise: RFC 3994 section 3.2 demands 60 s at least. */
const REFRESH_SECONDS = 90;

/** Faults: `body.malformed` for what is no XML or neither document. An unknown state means idle (RFC 3994 section 3.5). */
export function readTyping(document: string): Result<Typing> {
  const root = document.length > MAX_DOCUMENT ? undefined : parseXml(document.trim());
  if (root?.ok !== true) return fail(fault('body.malformed'));
  if (root.value.name === 'KeyboardActivity') return succeed(readKeyboardActivity(root.value));
  return root.value.name === 'isComposing' ? succeed(readIsComposing(root.value)) : fail(fault('body.malformed'));
}

function readKeyboardActivity(root: XmlNode): Typing {
  const status = childrenOf(root, 'status')[0]?.attributes.get('status');
  return { composing: status?.toLowerCase() === 'type' };
}

function readIsComposing(root: XmlNode): Typing {
  const composing = firstText(childrenOf(root, 'state')) === 'active';
  const refresh = firstText(childrenOf(root, 'refresh')) ?? '';
  if (!/^\d{1,9}$/.test(refresh)) return { composing };
  return { composing, refreshSeconds: Math.min(Number(refresh), MAX_REFRESH_SECONDS) };
}

export function writeKeyboardActivity(composing: boolean): string {
  return `<?xml version="1.0"?><KeyboardActivity><status status="${composing ? 'type' : 'idle'}"/></KeyboardActivity>`;
}

export function writeIsComposing(composing: boolean): string {
  const state = composing
    ? `<state>active</state><contenttype>text/plain</contenttype><refresh>${REFRESH_SECONDS}</refresh>`
    : '<state>idle</state>';
  return `<?xml version="1.0" encoding="UTF-8"?><isComposing xmlns="${IS_COMPOSING_NS}">${state}</isComposing>`;
}
