import xml from '@xmpp/xml';
import { cleanXmlText } from './text';

export type Element = xml.Element;

/**
 * Builds an element. Every attribute value and text is cleaned (SEC-10: one character that XML does not allow would close
 * the shared stream); attributes and children that are undefined, and empty texts, are left out.
 */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | undefined>> = {},
  ...children: readonly (Element | string | undefined)[]
): Element {
  const cleaned: Record<string, string> = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) cleaned[key] = cleanXmlText(value);
  }
  const built = new xml.Element(name, cleaned);
  for (const child of children) {
    const node = typeof child === 'string' ? cleanXmlText(child) : child;
    if (node !== undefined && node !== '') built.append(node);
  }
  return built;
}

/** The value of an attribute; undefined where it is missing. */
export function attributeOf(el: Element, name: string): string | undefined {
  const value: unknown = el.attrs[name];
  return typeof value === 'string' ? value : undefined;
}

/** An attribute of the child of that name and namespace; undefined where either is missing. */
export function childAttribute(el: Element, name: string, namespace: string, attribute: string): string | undefined {
  const child = el.getChild(name, namespace);
  return child === undefined ? undefined : attributeOf(child, attribute);
}
