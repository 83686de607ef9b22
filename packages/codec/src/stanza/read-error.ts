import { CONDITIONS, type Condition, type ErrorType, type Fault } from '@isthmus/model';
import { sipFromFault } from '@isthmus/rules';
import { attributeOf, type Element } from '../xml/element';
import { faultText } from './fault-text';
import { NS } from './namespaces';

const TYPES: ReadonlySet<string> = new Set<ErrorType>(['auth', 'cancel', 'continue', 'modify', 'wait']);
const KNOWN: ReadonlySet<string> = new Set<Condition>(CONDITIONS);

/** A stanza error (RFC 6120 section 8.3) as id and fault. An unknown condition is read as undefined-condition. */
export function readErrorFault(stanza: Element): { readonly id?: string; readonly fault: Fault } {
  const error = stanza.getChild('error');
  const type = (error === undefined ? undefined : attributeOf(error, 'type')) ?? '';
  const children = error?.getChildElements().filter((child) => child.getNS() === NS.stanzaErrors) ?? [];
  const name = children.map((child) => child.getName()).find((each) => KNOWN.has(each));
  const condition = (name ?? 'undefined-condition') as Condition;
  const text = faultText(children.find((child) => child.getName() === 'text')?.getText());
  const id = attributeOf(stanza, 'id');
  const fault: Fault = {
    type: TYPES.has(type) ? (type as ErrorType) : 'cancel',
    condition,
    sip: sipFromFault(condition),
    blame: 'peer',
    ...(text !== undefined && { text }),
  };
  return { fault, ...(id !== undefined && { id }) };
}
