import type { Fault } from '@isthmus/model';
import { attributeOf, element, type Element } from '../xml/element';
import { faultText } from './fault-text';
import { NS } from './namespaces';

/** The `error` child of a fault (RFC 6120 section 8.3). */
export function errorElement(fault: Fault): Element {
  const text = faultText(fault.text);
  const moved = fault.condition === 'gone' || fault.condition === 'redirect';
  return element(
    'error',
    { type: fault.type },
    element(fault.condition, { xmlns: NS.stanzaErrors }, moved ? fault.newAddress : undefined),
    text === undefined ? undefined : element('text', { xmlns: NS.stanzaErrors }, text),
  );
}

/**
 * The error that answers a stanza: id copied, from and to swapped, nothing else taken over. Undefined for errors and
 * results, which are never answered (ERR-5).
 */
export function writeError(stanza: Element, fault: Fault): Element | undefined {
  const type = attributeOf(stanza, 'type');
  if (type === 'error' || type === 'result') return undefined;
  return element(
    stanza.getName(),
    { type: 'error', id: attributeOf(stanza, 'id'), from: attributeOf(stanza, 'to'), to: attributeOf(stanza, 'from') },
    errorElement(fault),
  );
}
