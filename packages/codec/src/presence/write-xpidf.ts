/** application/xpidf+xml ([MS-SIP] sections 2.2.2 and 4.11), for watchers that accept nothing else. Without the DOCTYPE of the example. */

import type { Presence } from '@isthmus/model';
import { xpidfOfSetting } from '@isthmus/rules';
import { type Element, element } from '../xml/element';
import { displayNameOf } from './fields';
import type { PresenceDocumentOptions } from './write-pidf';

/** One address with its status. A note has no place. */
export function xpidf(presence: Presence, { entity }: PresenceDocumentOptions): Element {
  const { status, substatus } = xpidfOfSetting(presence.setting);
  const { displayName } = displayNameOf(presence.displayName);
  return element(
    'presence',
    {},
    element('presentity', { uri: `${entity};method=SUBSCRIBE` }),
    displayName === undefined ? undefined : element('display', { name: displayName }),
    element(
      'atom',
      { id: '1' },
      element(
        'address',
        { uri: entity },
        element('status', { status }),
        substatus === undefined ? undefined : element('msnsubstatus', { substatus }),
      ),
    ),
  );
}
