import { readLanguage } from '../body/language';
import { attributeOf, type Element } from '../xml/element';

/** Children in the stanza's own namespace. */
function ownChildren(stanza: Element, name: string): readonly Element[] {
  const namespace = stanza.getNS();
  return stanza.getChildren(name).filter((child) => child.getNS() === namespace);
}

/** The text of a child in the stanza's own namespace, with its language. */
export interface OwnText {
  readonly text: string;
  readonly language?: string;
}

/**
 * Of the children of one name (RFC 6121 section 5.2.3: one for each language) the one in the stanza's own language, else
 * the first. Undefined: there is none, or it is empty.
 */
export function ownText(stanza: Element, name: string): OwnText | undefined {
  const children = ownChildren(stanza, name);
  const chosen = children.find((child) => attributeOf(child, 'xml:lang') === undefined) ?? children[0];
  const text = chosen?.getText() ?? '';
  if (chosen === undefined || text === '') return undefined;
  const language = readLanguage(attributeOf(chosen, 'xml:lang') ?? attributeOf(stanza, 'xml:lang'));
  return language === undefined ? { text } : { text, language };
}

/** Has the stanza a child in this namespace, whatever its name? */
export function hasChildOf(stanza: Element, namespace: string): boolean {
  return stanza.getChildElements().some((child) => child.getNS() === namespace);
}
