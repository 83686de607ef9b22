/** application/xpidf+xml ([MS-SIP] sections 2.2.2, 4.11). It starts with a DOCTYPE in the wild, which is skipped. */

import { type Presence, type Result, type Setting, succeed } from '@isthmus/model';
import { rankOf, settingOfXpidf } from '@isthmus/rules';
import { displayNameOf } from './fields';
import { findAll, parseXml, type XmlNode } from './xml-tree';

/** The most available of the addresses; undefined where none tells a status. */
export function readXpidf(body: string): Result<Presence | undefined> {
  const root = parseXml(body, { externalDoctype: true });
  if (!root.ok) {
    return root;
  }
  const [setting] = findAll(root.value, 'address')
    .flatMap(settingOfAddress)
    .sort((a, b) => rankOf(a) - rankOf(b));
  const [name] = findAll(root.value, 'display');
  return succeed(setting === undefined ? undefined : { setting, ...displayNameOf(name?.attributes.get('name')) });
}

/** Microsoft's own example writes `msnstatus` for `msnsubstatus`. */
function settingOfAddress(address: XmlNode): readonly Setting[] {
  const [status] = findAll(address, 'status');
  const [substatus] = [...findAll(address, 'msnsubstatus'), ...findAll(address, 'msnstatus')];
  const setting = settingOfXpidf(status?.attributes.get('status'), substatus?.attributes.get('substatus'));
  return setting === undefined ? [] : [setting];
}
