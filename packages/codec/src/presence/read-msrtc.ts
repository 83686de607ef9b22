/** text/xml+msrtc.pidf ([MS-SIP] sections 2.2.1 and 4.4). Names are matched without namespaces: the schema and the examples differ. */

import { type Presence, type Result, type Setting, succeed } from '@isthmus/model';
import { settingOfAggregates, settingOfStateNumber, stateOf } from '@isthmus/rules';
import { displayNameOf, noteOf } from './fields';
import { childrenOf, findAll, parseXml, type XmlNode } from './xml-tree';

/** The user's state; undefined where the two aggregate numbers are missing or none of the table. */
export function readMsrtcPidf(body: string): Result<Presence | undefined> {
  const root = parseXml(body);
  if (!root.ok) {
    return root;
  }
  const setting = settingIn(root.value);
  if (setting === undefined) {
    return succeed(undefined);
  }
  const [name] = childrenOf(root.value, 'displayName');
  const userInfo = childrenOf(root.value, 'userInfo');
  return succeed({
    setting,
    ...noteOf(userInfo.flatMap((info) => findAll(info, 'note'))),
    ...displayNameOf(name?.attributes.get('displayName')),
  });
}

/** Of the aggregate and the user's own state the larger number counts, as Microsoft's clients do; offline stays offline. */
function settingIn(root: XmlNode): Setting | undefined {
  const aggregate = settingOfAggregates(aggregateOf(root, 'availability'), aggregateOf(root, 'activity'));
  if (aggregate === undefined || aggregate === 'offline') {
    return aggregate;
  }
  const numbers = childrenOf(root, 'userInfo')
    .flatMap((info) => findAll(info, 'state'))
    .map((state) => numberIn(state.attributes.get('avail')))
    .filter((number) => number > stateOf(aggregate).number);
  return numbers.length === 0 ? aggregate : settingOfStateNumber(Math.max(...numbers));
}

function aggregateOf(root: XmlNode, name: string): number {
  return numberIn(childrenOf(root, name)[0]?.attributes.get('aggregate'));
}

/** A decimal number of at most six digits; NaN for anything else, which no row of a table matches. */
export function numberIn(text: string | undefined): number {
  return /^\s*[0-9]{1,6}\s*$/.test(text ?? '') ? Number(text) : Number.NaN;
}
