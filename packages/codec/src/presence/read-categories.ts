/** application/msrtc-event-categories+xml ([MS-PRES]): the categories state, note and contactCard. */

import { type Presence, type Result, type Setting, succeed } from '@isthmus/model';
import { settingOfStateNumber } from '@isthmus/rules';
import { displayNameOf, noteOf } from './fields';
import { NS } from './namespaces';
import { numberIn } from './read-msrtc';
import { childrenOf, findAll, firstText, parseXml, type XmlNode } from './xml-tree';

const XSI_TYPE = `${NS.xsi} type`;

/** The user's state; undefined where no category tells one (a document may bring a note alone). */
export function readCategories(body: string): Result<Presence | undefined> {
  const root = parseXml(body);
  if (!root.ok) {
    return root;
  }
  const setting = settingIn(categoriesOf(root.value, 'state').flatMap((category) => childrenOf(category, 'state')));
  if (setting === undefined) {
    return succeed(undefined);
  }
  const bodies = categoriesOf(root.value, 'note').flatMap((category) => findAll(category, 'body'));
  const cards = categoriesOf(root.value, 'contactCard').flatMap((category) => findAll(category, 'displayName'));
  return succeed({ setting, ...noteOf(bodies), ...displayNameOf(firstText(cards)) });
}

function categoriesOf(root: XmlNode, name: string): readonly XmlNode[] {
  return findAll(root, 'category').filter((category) => category.attributes.get('name') === name);
}

/** The server's aggregate where it is there, else the first state. */
function settingIn(states: readonly XmlNode[]): Setting | undefined {
  const state = states.find((candidate) => candidate.attributes.get(XSI_TYPE) === 'aggregateState') ?? states[0];
  if (state === undefined) {
    return undefined;
  }
  const number = numberIn(firstText(childrenOf(state, 'availability')));
  return settingOfStateNumber(number, childrenOf(state, 'activity')[0]?.attributes.get('token'));
}
