/** application/pidf+xml in the form of the RFCs, and in Microsoft's draft form (requirements PRES-40 to PRES-44). */

import { createHash } from 'node:crypto';
import type { Presence, Show, TuplePresence } from '@isthmus/model';
import { draftPidfOfSetting, priorityToPidf, rpidOfSetting, type RpidRow } from '@isthmus/rules';
import { readLanguage } from '../body/language';
import { type Element, element } from '../xml/element';
import { displayNameOf, noteText, utcTime } from './fields';
import { NS } from './namespaces';

/** Whose document it is, and what RFC 3863 recommends beside the state. */
export interface PresenceDocumentOptions {
  /** The presentity: a `sip:` or `pres:` URI. */
  readonly entity: string;
  /** The user's devices one by one, where the form has room for them: PIDF of the RFCs. Default: the user as one tuple. */
  readonly tuples?: readonly TuplePresence[];
  /** RFC 3339; of two documents of one user never the same (RFC 3863 section 4.1.7). */
  readonly timestamp?: string;
  /** Grows from document to document of one subscription: the version of Microsoft's categories. */
  readonly version?: number;
}

const ID_LENGTH = 16;

/**
 * RFC 3863, with RFC 4480 person, RFC 4482 name and RFC 8048 show. A tuple for each device (PRES-43); who is offline has
 * one that is closed, whatever his devices (PRES-44).
 */
export function pidf(presence: Presence, options: PresenceDocumentOptions): Element {
  const { entity, tuples = [] } = options;
  const row = rpidOfSetting(presence.setting);
  const devices = row.basic === 'closed' || tuples.length === 0 ? [tuple(entity, presence, options)] : tuples.map((one) => device(one, options));
  return element(
    'presence',
    { xmlns: NS.pidf, 'xmlns:dm': NS.dataModel, 'xmlns:rpid': NS.rpid, 'xmlns:ci': NS.cipid, entity },
    ...devices,
    person(`P-${idOf(entity)}`, row, presence),
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

/** RFC 4480 section 3.13: the input of one device is told in its tuple, that of the user in the person. */
function device({ resource, presence, priority }: TuplePresence, options: PresenceDocumentOptions): Element {
  return tuple(resource, presence, options, priorityToPidf(priority), userInput(rpidOfSetting(presence.setting), presence));
}

/** The contact is the user himself: what is sent there reaches him at the device that he uses. */
function tuple(name: string, presence: Presence, options: PresenceDocumentOptions, priority?: string, input?: Element): Element {
  const { basic, show } = rpidOfSetting(presence.setting);
  const note = noteText(presence.note ?? '');
  const timestamp = utcTime(options.timestamp);
  return element(
    'tuple',
    { id: `ID-${idOf(name)}` },
    statusOf(basic, show),
    input,
    element('contact', { priority }, options.entity),
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
