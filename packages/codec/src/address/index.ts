export { partitioned, subdomain, type Addressing, type SubdomainOptions } from './addressing';
export { readDomain, type Domain } from './domain';
export { escapeLocalpart, unescapeLocalpart } from './escape';
export { readJid, writeJid } from './jid';
export { jidToSip, jidToSipUri, type JidToSipOptions } from './jid-to-sip';
export { formatNameAddr, readNameAddr, splitNameAddrs, type NameAddr } from './name-addr';
export { readPolicyEntry } from './policy-entry';
export { sipToJid, type SipAddress, type SipToJidOptions } from './sip-to-jid';
export { readSipUri, type Scheme, type SipUriParts } from './sip-uri';
