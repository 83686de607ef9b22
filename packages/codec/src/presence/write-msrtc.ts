/** text/xml+msrtc.pidf ([MS-SIP] sections 2.2.1 and 4.4), for routes that are told to use it. */

import type { Presence } from '@isthmus/model';
import { msrtcOfSetting } from '@isthmus/rules';
import { type Element, element } from '../xml/element';
import { escapeXml } from '../xml/text';
import { displayNameOf, noteText } from './fields';
import { NS } from './namespaces';
import type { PresenceDocumentOptions } from './write-pidf';

/** `userInfo` is at most 1024 characters, markup included: what the note may take of it. */
const MAX_USER_INFO_NOTE = 900;

/** One document; `presentity@uri` goes without its scheme. */
export function msrtcPidf(presence: Presence, options: PresenceDocumentOptions): Element {
  const { availability, activity, state } = msrtcOfSetting(presence.setting);
  const { displayName } = displayNameOf(presence.displayName);
  return element(
    'presentity',
    { xmlns: NS.msrtc, uri: options.entity.replace(/^sips?:/i, '') },
    element('availability', { aggregate: String(availability), description: '' }),
    element('activity', { aggregate: String(activity), description: '' }),
    displayName === undefined ? undefined : element('displayName', { displayName }),
    userInfo(state, presence),
  );
}

function userInfo(state: number | undefined, presence: Presence): Element | undefined {
  const note = fitting(noteText(presence.note ?? ''));
  if (state === undefined && note === '') {
    return undefined;
  }
  const states = state === undefined ? undefined : element('states', {}, element('state', { avail: String(state) }));
  return element('userInfo', {}, states, note === '' ? undefined : element('note', {}, note));
}

/** As many characters as fit when escaped. */
function fitting(note: string): string {
  let size = 0;
  let kept = '';
  for (const character of note) {
    size += escapeXml(character).length;
    if (size > MAX_USER_INFO_NOTE) {
      return `${kept}…`;
    }
    kept += character;
  }
  return kept;
}
