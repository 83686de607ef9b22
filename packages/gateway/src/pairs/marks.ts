/** A mark among an instance's connections: its XMPP link is up. */
export const XMPP_UP = 'xmpp:up';
/** The same of an instance that has just come: it does not stand for a link that was there. */
export const XMPP_JOINING = 'xmpp:joining';
/** How the mark of a next hop begins that an instance finds dead. */
export const HOP_DOWN = 'hop-down:';

export const isMark = (name: string): boolean => name === XMPP_UP || name === XMPP_JOINING || name.startsWith(HOP_DOWN);

/** The worker's name, of an instance. */
export function nameOf(instance: string): string {
  return instance.slice(0, instance.lastIndexOf('#'));
}
