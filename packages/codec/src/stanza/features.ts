import { createHash } from 'node:crypto';
import { ACTIVITY_WANTED } from './activity';
import { NS } from './namespaces';

/** What the gateway and the contacts answer to service discovery (XEP-0030), and its digest (XEP-0115). */
export interface Identity {
  readonly category: string;
  readonly type: string;
}
export interface Entity {
  readonly identity: Identity;
  readonly features: readonly string[];
}

export const GATEWAY: Entity = {
  identity: { category: 'gateway', type: 'simple' },
  features: [NS.commands, NS.discoInfo, NS.discoItems, NS.version, 'jid\\20escaping', NS.ping],
};
/** The node that lists commands, and the node of one (XEP-0050 section 2). */
export const COMMAND_LIST: Entity = { identity: { category: 'automation', type: 'command-list' }, features: [NS.discoInfo, NS.discoItems] };
export const COMMAND_NODE: Entity = { identity: { category: 'automation', type: 'command-node' }, features: [NS.commands, NS.dataForms] };
/** A SIP user under the bare JID. */
export const ACCOUNT: Entity = {
  identity: { category: 'account', type: 'registered' },
  features: [NS.discoInfo, NS.discoItems, NS.ping, NS.vcard],
};
/** A SIP user's one resource: all contacts of a route are alike, so that a client asks once for all of them. */
const CLIENT: Entity = {
  identity: { category: 'client', type: 'pc' },
  features: [NS.chatStates, NS.discoInfo, NS.ping, ACTIVITY_WANTED],
};
/** The same where the route learns of a text that it has arrived (XEP-0184). */
const CONFIRMING_CLIENT: Entity = { ...CLIENT, features: [...CLIENT.features, NS.receipts] };

const CAPS_NODE = 'urn:isthmus:contact';

export function clientOf(confirms: boolean): Entity {
  return confirms ? CONFIRMING_CLIENT : CLIENT;
}

/** Attributes of the `c` element of such a contact. */
export function capsOf(confirms: boolean): { readonly node: string; readonly ver: string } {
  return confirms ? CONFIRMING_CAPS : CAPS;
}

/** The client whose `c` element names this node, also one from before a change of the route: a digest says one thing for ever. */
export function clientAt(name: string): Entity | undefined {
  return [false, true].filter((confirms) => nodeOf(capsOf(confirms)) === name).map(clientOf)[0];
}

function nodeOf({ node, ver }: { readonly node: string; readonly ver: string }): string {
  return `${node}#${ver}`;
}

/** XEP-0115 section 5.1, for one identity without a name or a language, and no forms. */
function capsVersion(entity: Entity): string {
  const { category, type } = entity.identity;
  const features = [...entity.features].sort().map((feature) => `${feature}<`);
  return createHash('sha1').update(`${category}/${type}//<${features.join('')}`).digest('base64');
}

const CAPS = { node: CAPS_NODE, ver: capsVersion(CLIENT) };
const CONFIRMING_CAPS = { node: CAPS_NODE, ver: capsVersion(CONFIRMING_CLIENT) };
