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
/** A SIP user's one resource: all contacts are alike, so that a client asks once for all of them. */
export const CLIENT: Entity = {
  identity: { category: 'client', type: 'pc' },
  features: [NS.chatStates, NS.discoInfo, NS.ping, ACTIVITY_WANTED],
};

const CAPS_NODE = 'urn:isthmus:contact';

/** Attributes of the `c` element of every contact. */
export const CONTACT_CAPS = { node: CAPS_NODE, ver: capsVersion(CLIENT) };

/** XEP-0115 section 5.1, for one identity without a name or a language, and no forms. */
function capsVersion(entity: Entity): string {
  const { category, type } = entity.identity;
  const features = [...entity.features].sort().map((feature) => `${feature}<`);
  return createHash('sha1').update(`${category}/${type}//<${features.join('')}`).digest('base64');
}
