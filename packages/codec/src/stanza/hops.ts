import type { TextMessage } from '@isthmus/model';
import { MAX_HOPS } from '../sip/fields';
import { attributeOf, element, type Element } from '../xml/element';
import { NS } from './namespaces';

/**
 * Max-Forwards on its way through XMPP (SEC-8, RFC 7247 section 8): `<hops xmlns="urn:isthmus:hops:0" left="69"/>`. What
 * XEP-0131 has for that hardly anybody writes, so this is said between gateways of this kind only, and clients pass it over.
 */
export function writeHops({ hops }: TextMessage): Element | undefined {
  return hops === undefined ? undefined : element('hops', { xmlns: NS.hops, left: String(hops) });
}

/** Undefined: nobody has counted. */
export function readHops(stanza: Element): number | undefined {
  const hops = stanza.getChild('hops', NS.hops);
  const left = hops === undefined ? undefined : attributeOf(hops, 'left');
  return left !== undefined && /^\d{1,10}$/.test(left) ? Math.min(Number(left), MAX_HOPS) : undefined;
}
