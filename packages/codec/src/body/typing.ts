import { fail, fault, succeed, type Result } from '@isthmus/model';
import { SaxesParser } from 'saxes';

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

/** The characters and the `status` attributes of a document, by the local name of the element. */
interface Flat {
  root: string;
  readonly texts: Map<string, string>;
  readonly status: Map<string, string>;
}

/** Faults: `body.malformed` for what is no XML or neither document. An unknown state means idle (RFC 3994 section 3.5). */
export function readTyping(document: string): Result<Typing> {
  const flat = flatten(document);
  if (flat?.root === 'KeyboardActivity') return succeed({ composing: flat.status.get('status')?.toLowerCase() === 'type' });
  if (flat?.root !== 'isComposing') return fail(fault('body.malformed'));
  const composing = flat.texts.get('state')?.trim() === 'active';
  const refresh = flat.texts.get('refresh')?.trim() ?? '';
  if (!/^\d{1,9}$/.test(refresh)) return succeed({ composing });
  return succeed({ composing, refreshSeconds: Math.min(Number(refresh), MAX_REFRESH_SECONDS) });
}

function flatten(document: string): Flat | undefined {
  if (document.length > MAX_DOCUMENT) return undefined;
  const flat: Flat = { root: '', texts: new Map(), status: new Map() };
  const path: string[] = [];
  let broken = false;
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', () => {
    broken = true;
  });
  parser.on('doctype', () => {
    broken = true;
  });
  parser.on('opentag', (tag) => {
    if (path.length === 0) flat.root = tag.local;
    path.push(tag.local);
    const status = tag.attributes['status'];
    if (status !== undefined) flat.status.set(tag.local, status.value);
  });
  parser.on('text', (text) => {
    const name = path.at(-1) ?? '';
    flat.texts.set(name, (flat.texts.get(name) ?? '') + text);
  });
  parser.on('closetag', () => {
    path.pop();
  });
  parser.write(document.trim()).close();
  return broken ? undefined : flat;
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
