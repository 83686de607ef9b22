import { fault, type BareJid, type Pair } from '@isthmus/model';
import { readJid } from '../address/jid';
import { jidToSipUri } from '../address/jid-to-sip';
import { attributeOf, type Element } from '../xml/element';
import { readMessage } from './read-message';
import { readPresence } from './read-presence';
import { ignore, refuse, type StanzaContext, type StanzaReading } from './reading';

/**
 * What a stanza of the XMPP side means. Never throws, whatever the stanza holds. The sender is taken from `from`, which
 * the server has stamped; whether he may speak here at all is not decided here (SEC-4).
 */
export function readStanza(stanza: Element, context: StanzaContext): StanzaReading {
  const name = stanza.getName();
  if (name === 'iq') return readIqType(stanza);
  if (name !== 'message' && name !== 'presence') return ignore('not a stanza');
  const from = attributeOf(stanza, 'from');
  const user = readAddress(from);
  const contact = readAddress(attributeOf(stanza, 'to'));
  if (from === undefined || user?.isUser === false) return ignore('the sender is no user');
  // An address that the XMPP server allows and SIP cannot have: its user must learn that nothing crosses (promise 1).
  if (user === undefined || contact === undefined) return refuse(fault('address.malformed'));
  if (!contact.isUser) return name === 'message' ? refuse(fault('request.unsupported')) : ignore('presence for the gateway');
  const pair: Pair = { user: user.bare, contact: contact.bare };
  return name === 'message'
    ? readMessage(stanza, pair, user.resource, context)
    : readPresence(stanza, pair, user.resource, context);
}

function readIqType(stanza: Element): StanzaReading {
  const type = attributeOf(stanza, 'type');
  if (type === 'get' || type === 'set' || type === 'result' || type === 'error') return { is: 'iq', type };
  return refuse(fault('body.malformed', 'An IQ needs a type'));
}

interface Address {
  readonly bare: BareJid;
  readonly isUser: boolean;
  readonly resource?: string;
}

/**
 * Undefined: no address, or none that SIP could have. The resource stays as the server gave it: what we send back must find it again, even where its own preparation differs
 * from ours.
 */
function readAddress(text: string | undefined): Address | undefined {
  if (text === undefined) return undefined;
  const slash = text.indexOf('/');
  const read = readJid(slash < 0 ? text : text.slice(0, slash));
  if (!read.ok) return undefined;
  if (read.value.local !== '' && !jidToSipUri(read.value).ok) return undefined;
  const resource = slash < 0 ? '' : text.slice(slash + 1);
  return { bare: read.value.bare, isUser: read.value.local !== '', ...(resource !== '' && { resource }) };
}
