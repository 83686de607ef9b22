/** XEP-0108: what a user does, such as `talking/on_the_phone`. */

import type { Element } from '../xml/element';
import { attributeOf } from '../xml/element';
import { NS } from './namespaces';

/** A contact's capabilities ask for the news of this node (XEP-0163 section 4.2): clients publish activities there. */
export const ACTIVITY_WANTED = `${NS.activity}+notify`;

/** Others of the node's events say nothing about what is in it: its settings have changed, for one. */
const ABOUT_ITEMS: ReadonlySet<string> = new Set(['items', 'purge', 'delete']);

const NAME = /^[a-z_]{1,64}$/;

/** The activity inside of a presence or of an item: the general one, and the specific one where given. */
export function activityIn(parent: Element): string | undefined {
  const general = parent.getChild('activity', NS.activity)?.getChildElements()[0];
  if (general === undefined) return undefined;
  const names = [general.getName(), general.getChildElements()[0]?.getName()].filter((name) => name !== undefined);
  return names.every((name) => NAME.test(name)) ? names.join('/') : undefined;
}

/** What the user's server says about that node; undefined: the message is about something else. */
export interface ActivityNews {
  /** Absent: he does nothing in particular any more. */
  readonly activity?: string;
}

/** An item with an activity, or with none (XEP-0108 example 3), or the item, all items or the node are gone (XEP-0060). */
export function readActivityNews(stanza: Element): ActivityNews | undefined {
  const [news] = stanza.getChild('event', NS.pubsubEvent)?.getChildElements() ?? [];
  if (news === undefined || !ABOUT_ITEMS.has(news.getName()) || attributeOf(news, 'node') !== NS.activity) return undefined;
  const item = news.getChild('item');
  const activity = item === undefined ? undefined : activityIn(item);
  return activity === undefined ? {} : { activity };
}
