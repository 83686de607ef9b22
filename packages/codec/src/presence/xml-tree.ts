/**
 * A bounded tree of an XML document from the wire (requirements PRES-45, SEC-10). No DTD is read and no entity but the
 * five of XML is known; comments and processing instructions are dropped; size, depth, elements and attributes have
 * limits, so that memory is bounded by the limits and not by the sender.
 */

import { fail, fault, type Result, succeed } from '@isthmus/model';
import { SaxesParser, type SaxesTagNS } from 'saxes';
import { cleanXmlText } from '../xml/text';

export interface XmlNode {
  /** Local name; the prefix is the sender's choice and means nothing. */
  readonly name: string;
  readonly namespace: string;
  /** By local name; those with a prefix by namespace, a space, and local name. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlNode[];
  /** The element's own character data. */
  text: string;
}

export const XML_LANG = 'http://www.w3.org/XML/1998/namespace lang';
/** UTF-16 units, that is, at most three times as many octets. */
const MAX_LENGTH = 65_536;
const MAX_DEPTH = 32;
const MAX_ELEMENTS = 1_000;
const MAX_ATTRIBUTES = 32;
/** A DOCTYPE of application/xpidf+xml, as found in the wild: a name and an external identifier, no internal subset. */
const EXTERNAL_DOCTYPE = /^\s*[A-Za-z]+\s+(?:SYSTEM|PUBLIC)\s[^[\]<>]*$/;

export interface XmlOptions {
  /** Skip (never fetch, never expand) a DOCTYPE that has no internal subset. All others are refused. */
  readonly externalDoctype?: boolean;
}

/**
 * The root element. Characters that XML does not allow are left out first: one of them in a note must not cost the state
 * that the document tells (SEC-10). Faults: `body.too-large` above the size limit, `body.malformed` for everything else.
 */
export function parseXml(text: string, options: XmlOptions = {}): Result<XmlNode> {
  if (text.length > MAX_LENGTH) {
    return fail(fault('body.too-large', 'The presence document is too large'));
  }
  const builder = new TreeBuilder(options);
  try {
    return builder.parse(text);
  } catch (error) {
    if (error instanceof Refusal) return fail(fault('body.malformed', error.message));
    throw error;
  }
}

/** Stops the parser at the first trouble: on the rest of a hostile document it would spend seconds (SEC-10). */
class Refusal extends Error {}

function refuse(reason: string): never {
  throw new Refusal(reason);
}

class TreeBuilder {
  private readonly open: XmlNode[] = [];
  private result: Result<XmlNode> = fail(fault('body.malformed', 'The presence document has no element'));
  private elements = 0;

  constructor(private readonly options: XmlOptions) {}

  parse(text: string): Result<XmlNode> {
    const parser = new SaxesParser({ xmlns: true, position: false, defaultXMLVersion: '1.0', forceXMLVersion: true });
    parser.on('error', () => refuse('The presence document is not well-formed XML'));
    parser.on('doctype', (doctype) => this.onDoctype(doctype));
    parser.on('opentag', (tag) => this.onOpen(tag));
    parser.on('closetag', () => this.onClose());
    parser.on('text', (data) => this.onText(data));
    parser.on('cdata', (data) => this.onText(data));
    parser.write(cleanXmlText(text)).close();
    return this.result;
  }

  private onDoctype(doctype: string): void {
    if (this.options.externalDoctype !== true || !EXTERNAL_DOCTYPE.test(doctype)) {
      refuse('A document type declaration is not accepted');
    }
  }

  private onOpen(tag: SaxesTagNS): void {
    this.elements += 1;
    const attributes = Object.values(tag.attributes);
    if (this.elements > MAX_ELEMENTS || this.open.length >= MAX_DEPTH || attributes.length > MAX_ATTRIBUTES) {
      refuse('The presence document has too many elements, levels or attributes');
    }
    const named = attributes.map(({ uri, local, value }) => [uri === '' ? local : `${uri} ${local}`, value] as const);
    const node: XmlNode = { name: tag.local, namespace: tag.uri, attributes: new Map(named), children: [], text: '' };
    const parent = this.open.at(-1);
    if (parent === undefined) {
      this.result = succeed(node);
    } else {
      parent.children.push(node);
    }
    this.open.push(node);
  }

  private onClose(): void {
    this.open.pop();
  }

  private onText(data: string): void {
    const node = this.open.at(-1);
    if (node !== undefined) {
      node.text += data;
    }
  }
}

/** The children of a name, in any namespace of the list. */
export function childrenOf(node: XmlNode, name: string, namespaces?: readonly string[]): readonly XmlNode[] {
  return node.children.filter(
    (child) => child.name === name && (namespaces === undefined || namespaces.includes(child.namespace)),
  );
}

/** All elements of a local name, at any depth, in document order: for Microsoft's documents, whose namespaces vary. */
export function findAll(node: XmlNode, name: string): readonly XmlNode[] {
  return node.children.flatMap((child) => [...(child.name === name ? [child] : []), ...findAll(child, name)]);
}

/** The trimmed text of the first element of the list that has some. */
export function firstText(nodes: readonly XmlNode[]): string | undefined {
  return nodes.map((node) => node.text.trim()).find((text) => text !== '');
}
