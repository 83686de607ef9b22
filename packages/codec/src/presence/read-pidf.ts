/**
 * application/pidf+xml (RFC 3863) with RPID in either form, the data model's person, CIPID's name and RFC 8048's show
 * (requirements PRES-45 to PRES-47).
 */

import { OFFLINE, type Presence, type Result, type Setting, type Show, succeed } from '@isthmus/model';
import { priorityFromPidf, rankOf, settingOf, settingOfActivity, settingOfDraftToken } from '@isthmus/rules';
import { displayNameOf, noteOf, utcTime } from './fields';
import { NS, RPID } from './namespaces';
import { childrenOf, findAll, firstText, parseXml, type XmlNode } from './xml-tree';

/** One tuple with what it says, in the order of preference. */
interface Reading {
  readonly setting: Setting;
  readonly priority: number;
  readonly tuple: XmlNode;
}

/** The one state of the user; undefined where no tuple tells a basic status (no tuple at all is legal: unknown). */
export function readPidf(body: string): Result<Presence | undefined> {
  const root = parseXml(body);
  if (!root.ok) {
    return root;
  }
  const persons = childrenOf(root.value, 'person', [NS.dataModel]);
  const [best] = childrenOf(root.value, 'tuple', [NS.pidf])
    .flatMap((tuple) => readTuple(tuple, persons))
    .sort(compare);
  return succeed(best === undefined ? undefined : presenceOf(best, root.value, persons));
}

/** The highest priority among the open tuples, then the most available (PRES-47). */
function compare(a: Reading, b: Reading): number {
  const closed = Number(a.setting === 'offline') - Number(b.setting === 'offline');
  return closed || b.priority - a.priority || rankOf(a.setting) - rankOf(b.setting);
}

function readTuple(tuple: XmlNode, persons: readonly XmlNode[]): readonly Reading[] {
  const [status] = childrenOf(tuple, 'status', [NS.pidf]);
  const basic = status === undefined ? undefined : firstText(childrenOf(status, 'basic', [NS.pidf]));
  const [contact] = childrenOf(tuple, 'contact', [NS.pidf]);
  const priority = priorityFromPidf(contact?.attributes.get('priority') ?? '') ?? 0;
  if (status === undefined || (basic !== 'open' && basic !== 'closed')) {
    return [];
  }
  const setting = basic === 'closed' ? 'offline' : settingOfOpen(status, [status, tuple, ...persons]);
  return [{ setting, priority, tuple }];
}

/** `show` is the user's own word and counts before an activity, but for an activity that says dnd more precisely. */
function settingOfOpen(status: XmlNode, places: readonly XmlNode[]): Setting {
  const activity = activityOf(places);
  const said = settingOf(showOf(status));
  if (said === 'do-not-disturb') {
    return activity === 'on-the-phone' || activity === 'meeting' ? activity : said;
  }
  if (said !== 'available') {
    return said;
  }
  return activity ?? (userInputs(places).some((input) => input.text.trim() === 'idle') ? 'idle' : 'available');
}

function showOf(status: XmlNode): Show | undefined {
  const text = firstText(childrenOf(status, 'show', [NS.client]));
  return text === 'away' || text === 'chat' || text === 'dnd' || text === 'xa' ? text : undefined;
}

/** The first activity that says something of availability. RFC 4480 names it by an element, the draft by text. */
function activityOf(places: readonly XmlNode[]): Setting | undefined {
  return places
    .flatMap((place) => childrenOf(place, 'activities', RPID))
    .flatMap((activities) => activities.children)
    .map((child) => (child.name === 'activity' ? child.text.trim().toLowerCase() : child.name))
    .map((token) => settingOfDraftToken(token) ?? settingOfActivity(token))
    .find((setting) => setting !== undefined);
}

function userInputs(places: readonly XmlNode[]): readonly XmlNode[] {
  return places.flatMap((place) => childrenOf(place, 'user-input', RPID));
}

function presenceOf(reading: Reading, root: XmlNode, persons: readonly XmlNode[]): Presence {
  const places = [reading.tuple, ...persons];
  const notes = [
    ...childrenOf(reading.tuple, 'note', [NS.pidf]),
    ...childrenOf(root, 'note', [NS.pidf]),
    ...persons.flatMap((person) => childrenOf(person, 'note')),
  ];
  const name = findAll(root, 'display-name').filter((node) => node.namespace === NS.cipid);
  const idleSince = utcTime(userInputs(places).map((input) => input.attributes.get('last-input')).find(Boolean));
  return {
    ...(reading.setting === 'offline' ? OFFLINE : { setting: reading.setting }),
    ...noteOf(notes),
    ...(idleSince === undefined || reading.setting === 'offline' ? {} : { idleSince }),
    ...displayNameOf(firstText(name)),
  };
}
