/** application/pidf+xml in the form of the RFCs, and in Microsoft's draft form (requirements PRES-40 to PRES-44). */

import { createHash } from 'node:crypto';
import type { Presence, Show } from '@isthmus/model';
import { draftPidfOfSetting, priorityToPidf, rpidOfSetting, type RpidRow } from '@isthmus/rules';
import { readLanguage } from '../body/language';
import { type Element, element } from '../xml/element';
import { displayNameOf, noteText, utcTime } from './fields';
import { NS } from './namespaces';

/** Whose document it is, and what RFC 3863 recommends beside the state. */
export interface PresenceDocumentOptions {
  /** The presentity: a `sip:` or `pres:` URI. */
  readonly entity: string;
  /** What the tuple stands for, such as a resource: it goes hashed into the tuple's id. Default: the entity. */
  readonly tuple?: string;
  /** The address to reach the user at. Default: the entity. */
  readonly contact?: string;
  /** The XMPP priority, 0 to 127; a negative one is not told. */
  readonly priority?: number;
  /** RFC 3339; of two documents of one user never the same (RFC 3863 section 4.1.7). */
  readonly timestamp?: string;
}

const ID_LENGTH = 16;

/** RFC 3863, with RFC 4480 person, RFC 4482 name and RFC 8048 show. */
export function pidf(presence: Presence, options: PresenceDocumentOptions): Element {
  const row = rpidOfSetting(presence.setting);
  const id = idOf(options.tuple ?? options.entity);
  return element(
    'presence',
    { xmlns: NS.pidf, 'xmlns:dm': NS.dataModel, 'xmlns:rpid': NS.rpid, 'xmlns:ci': NS.cipid, entity: options.entity },
    tuple(`ID-${id}`, statusOf(row.basic, row.show), presence, options),
    person(`P-${id}`, row, presence),
  );
}

/** PRES-41: an xs:ID, whatever the resource looks like. */
function idOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, ID_LENGTH);
}

function statusOf(basic: string, show: Show | undefined): Element {
  const copied = show === undefined ? undefined : element('show', { xmlns: NS.client }, show);
  return element('status', {}, element('basic', {}, basic), copied);
}

function tuple(id: string, status: Element, presence: Presence, options: PresenceDocumentOptions): Element {
  const priority = options.priority === undefined ? undefined : priorityToPidf(options.priority);
  const note = noteText(presence.note ?? '');
  const timestamp = utcTime(options.timestamp);
  return element(
    'tuple',
    { id },
    status,
    element('contact', { priority }, options.contact ?? options.entity),
    note === '' ? undefined : element('note', { 'xml:lang': readLanguage(presence.noteLanguage) }, note),
    timestamp === undefined ? undefined : element('timestamp', {}, timestamp),
  );
}

/** RFC 4480: the activity and the input; RFC 4482: the name. Nothing to say, no person. */
function person(id: string, row: RpidRow, presence: Presence): Element | undefined {
  const { displayName } = displayNameOf(presence.displayName);
  const children = [
    row.activity === undefined ? undefined : element('rpid:activities', {}, element(`rpid:${row.activity}`)),
    userInput(row, presence),
    displayName === undefined ? undefined : element('ci:display-name', {}, displayName),
  ];
  return children.every((child) => child === undefined) ? undefined : element('dm:person', { id }, ...children);
}

/** RFC 4480 section 3.13. Who is told available with an old input is `active`: the setting is the user's word. */
function userInput(row: RpidRow, presence: Presence): Element | undefined {
  const since = utcTime(presence.idleSince);
  if (row.basic === 'closed' || (row.userInput === undefined && since === undefined)) {
    return undefined;
  }
  const value = presence.setting === 'available' ? 'active' : 'idle';
  return element('rpid:user-input', { 'last-input': since }, value);
}

/**
 * The form that Microsoft servers write and read: one tuple, the activity as text inside the status, four states. A
 * note is left out: nothing shows that a Microsoft client reads one here.
 */
export function draftPidf(presence: Presence, options: PresenceDocumentOptions): Element {
  const { basic, token } = draftPidfOfSetting(presence.setting);
  const { displayName } = displayNameOf(presence.displayName);
  const activities =
    token === undefined ? undefined : element('ep:activities', {}, element('ep:activity', {}, token));
  return element(
    'presence',
    { xmlns: NS.pidf, 'xmlns:ep': NS.rpidDraft, 'xmlns:ci': NS.cipid, entity: options.entity },
    element('tuple', { id: '0' }, element('status', {}, element('basic', {}, basic), activities)),
    displayName === undefined ? undefined : element('ci:display-name', {}, displayName),
  );
}
