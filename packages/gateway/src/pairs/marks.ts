/** A mark among an instance's connections: its XMPP link is up. */
export const XMPP_UP = 'xmpp:up';
/** The same of an instance that has just come: it does not stand for a link that was there. */
export const XMPP_JOINING = 'xmpp:joining';
/** How the mark of a next hop begins that an instance finds dead. */
export const HOP_DOWN = 'hop-down:';
/** How the mark begins that says up to which schema of records an instance goes. */
export const SPEAKS_SCHEMA = 'schema:';

export const isMark = (name: string): boolean => name === XMPP_UP || name === XMPP_JOINING || name.startsWith(HOP_DOWN) || name.startsWith(SPEAKS_SCHEMA);

/** Up to which schema of records an instance with these marks goes. One that does not say goes up to the first. */
export function schemaIn(names: readonly string[]): number {
  const mark = names.find((name) => name.startsWith(SPEAKS_SCHEMA));
  return mark === undefined ? 1 : Number(mark.slice(SPEAKS_SCHEMA.length));
}

/** The worker's name, of an instance. */
export function nameOf(instance: string): string {
  return instance.slice(0, instance.lastIndexOf('#'));
}
