import { fault } from '@isthmus/model';
import { attributeOf, element, type Element } from '../xml/element';
import { ACCOUNT, clientAt, clientOf, COMMAND_LIST, COMMAND_NODE, GATEWAY, type Entity } from './features';
import { CONTACT_RESOURCE, NS } from './namespaces';
import { writeError } from './write-error';

/** Who answers. */
export interface IqIdentity {
  /** The component's own domain: the address of the gateway itself. */
  readonly gateway: string;
  /** Shown in service discovery and as XEP-0092 name. */
  readonly name: string;
  /** The program's version. */
  readonly version: string;
  /** Name of the contact that is asked, where known. */
  readonly displayName?: string;
  /** Does the SIP side say of a text for the contact that is asked that it has arrived (XEP-0184)? */
  readonly receipts?: boolean;
  /** What the asker may execute (XEP-0050). */
  readonly commands?: readonly CommandItem[];
}

/** A command as service discovery shows it. */
export interface CommandItem {
  readonly node: string;
  readonly name: string;
}

type Answerer = (query: Element, to: Address, identity: IqIdentity) => Element | 'empty' | 'no such node' | undefined;

/** The part of the gateway that is asked. */
interface Address {
  readonly bare: string;
  readonly kind: 'gateway' | 'account' | 'client';
}

/** By the child's name and namespace, for type get. What is not here, and every set, is refused once (XD-5). */
const ANSWERERS: Readonly<Record<string, Answerer>> = {
  [`query ${NS.discoInfo}`]: answerInfo,
  [`query ${NS.discoItems}`]: answerItems,
  [`query ${NS.version}`]: answerVersion,
  [`ping ${NS.ping}`]: () => 'empty',
  [`ping ${NS.partition}`]: () => 'empty',
  [`vCard ${NS.vcard}`]: answerVcard,
};

/**
 * The one answer to an IQ for the gateway or for a SIP user. Undefined for results and errors (ERR-5). Nothing that is
 * answered here tells whether a SIP user exists or is online (SEC-7).
 */
export function answerIq(iq: Element, identity: IqIdentity): Element | undefined {
  const type = attributeOf(iq, 'type');
  if (type === 'result' || type === 'error') return undefined;
  const [child, ...more] = iq.getChildElements();
  if ((type !== 'get' && type !== 'set') || child === undefined || more.length > 0) {
    return writeError(iq, fault('body.malformed', 'An IQ of type get or set has one child'));
  }
  const to = addressed(attributeOf(iq, 'to') ?? '', identity.gateway);
  const name = `${child.getName()} ${child.getNS() ?? ''}`;
  const answerer = type === 'get' && Object.hasOwn(ANSWERERS, name) ? ANSWERERS[name] : undefined;
  const answer = to === undefined ? undefined : answerer?.(child, to, identity);
  if (answer === undefined) return writeError(iq, fault('request.unsupported'));
  if (answer === 'no such node') return writeError(iq, fault('recipient.unknown', 'There is no such node'));
  return result(iq, answer === 'empty' ? undefined : answer);
}

function addressed(to: string, gateway: string): Address | undefined {
  if (to === gateway || to === '') return { bare: gateway, kind: 'gateway' };
  const [bare = '', ...rest] = to.split('/');
  if (!bare.includes('@')) return undefined;
  if (rest.length === 0) return { bare, kind: 'account' };
  return rest.join('/') === CONTACT_RESOURCE ? { bare, kind: 'client' } : undefined;
}

function result(iq: Element, child: Element | undefined): Element {
  const addresses = { id: attributeOf(iq, 'id'), from: attributeOf(iq, 'to'), to: attributeOf(iq, 'from') };
  return element('iq', { type: 'result', ...addresses }, child);
}

/** A node that is not there is not found (XEP-0030 section 7), here as with every other address (SEC-7). */
function answerInfo(query: Element, to: Address, identity: IqIdentity): Element | 'no such node' {
  const node = attributeOf(query, 'node');
  const entity = node === undefined ? entityOf(to, identity) : entityAt(node, to, identity);
  if (entity === undefined) return 'no such node';
  const { identity: own, features } = entity;
  const command = identity.commands?.find((each) => each.node === node);
  const name = to.kind === 'gateway' ? (command?.name ?? identity.name) : undefined;
  return element(
    'query',
    { xmlns: NS.discoInfo, node },
    element('identity', { category: own.category, type: own.type, name }),
    ...features.map((feature) => element('feature', { var: feature })),
  );
}

function entityOf({ kind }: Address, { receipts = false }: IqIdentity): Entity {
  if (kind === 'client') return clientOf(receipts);
  return kind === 'gateway' ? GATEWAY : ACCOUNT;
}

/** The nodes: that of the contacts' capabilities (XEP-0115 section 6.2), and those of commands, for who may execute them. */
function entityAt(node: string, { kind }: Address, { commands = [] }: IqIdentity): Entity | undefined {
  if (kind === 'client') return clientAt(node);
  if (kind !== 'gateway') return undefined;
  if (node === NS.commands) return COMMAND_LIST;
  return commands.some((each) => each.node === node) ? COMMAND_NODE : undefined;
}

/** Commands are the only items that are shown: users are not listed (SEC-7). */
function answerItems(query: Element, to: Address, { gateway, commands = [] }: IqIdentity): Element {
  const node = attributeOf(query, 'node');
  const items = to.kind === 'gateway' && node === NS.commands ? commands : [];
  return element('query', { xmlns: NS.discoItems, node }, ...items.map((item) => element('item', { jid: gateway, ...item })));
}

function answerVersion(_query: Element, to: Address, identity: IqIdentity): Element | undefined {
  if (to.kind !== 'gateway') return undefined;
  return element(
    'query',
    { xmlns: NS.version },
    element('name', {}, identity.name),
    element('version', {}, identity.version),
  );
}

/** The least of a card, until a directory knows more. */
function answerVcard(_query: Element, to: Address, identity: IqIdentity): Element | undefined {
  if (to.kind !== 'account') return undefined;
  const { displayName } = identity;
  return element(
    'vCard',
    { xmlns: NS.vcard },
    displayName === undefined ? undefined : element('FN', {}, displayName),
    element('JABBERID', {}, to.bare),
  );
}
