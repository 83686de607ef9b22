import type { Element } from '@xmpp/xml';

import type { XmppUser } from './xmpp-user';

const STANZA_ERRORS = 'urn:ietf:params:xml:ns:xmpp-stanzas';

/** The condition of a stanza error (RFC 6120 section 8.3.3). */
export const conditionOf = (stanza: Element): string | undefined =>
  stanza
    .getChild('error')
    ?.getChildElements()
    .find((child) => child.getNS() === STANZA_ERRORS)?.name;

export interface Bounce {
  readonly from: unknown;
  readonly condition: string | undefined;
  readonly body: string | null;
}

/** The error that comes back for a message with this id. */
export async function bounceOf(user: XmppUser, id: string): Promise<Bounce> {
  const stanza = await user.take(`error for ${id}`, (each) => each.is('message') && each.attrs['type'] === 'error' && each.attrs['id'] === id);
  return { from: stanza.attrs['from'], condition: conditionOf(stanza), body: stanza.getChildText('body') };
}

/** The condition with which an IQ is refused; fails when it is answered. */
export async function refusalOf(answer: Promise<Element>): Promise<string> {
  try {
    return `a result: ${String(await answer)}`;
  } catch (error) {
    return error instanceof Error && 'condition' in error ? String(error.condition) : String(error);
  }
}
