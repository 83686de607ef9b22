/** XML namespaces of the extensions that are read or written. */
export const NS = {
  /** RFC 6120 section 8.3. */
  stanzaErrors: 'urn:ietf:params:xml:ns:xmpp-stanzas',
  /** XEP-0085. */
  chatStates: 'http://jabber.org/protocol/chatstates',
  /** XEP-0108. */
  activity: 'http://jabber.org/protocol/activity',
  /** XEP-0060 section 12.2: what a node of a user's server tells those who asked for it (XEP-0163). */
  pubsubEvent: 'http://jabber.org/protocol/pubsub#event',
  /** XEP-0115. */
  caps: 'http://jabber.org/protocol/caps',
  /** XEP-0172. */
  nick: 'http://jabber.org/protocol/nick',
  /** XEP-0184. */
  receipts: 'urn:xmpp:receipts',
  /** XEP-0280. */
  carbons: 'urn:xmpp:carbons:2',
  /** XEP-0319. */
  idle: 'urn:xmpp:idle:1',
  /** XEP-0334. */
  hints: 'urn:xmpp:hints',
  /** XEP-0045. */
  muc: 'http://jabber.org/protocol/muc',
  mucUser: 'http://jabber.org/protocol/muc#user',
  /** XEP-0249. */
  conference: 'jabber:x:conference',
  /** XEP-0380. */
  encryption: 'urn:xmpp:eme:0',
  /** XEP-0384, in its versions before 0.4, from there and since 0.8. */
  omemoLegacy: 'eu.siacs.conversations.axolotl',
  omemoOld: 'urn:xmpp:omemo:1',
  omemo: 'urn:xmpp:omemo:2',
  /** XEP-0373 and XEP-0027. */
  openpgp: 'urn:xmpp:openpgp:0',
  openpgpLegacy: 'jabber:x:encrypted',
  /** XEP-0004. */
  dataForms: 'jabber:x:data',
  /** XEP-0050. */
  commands: 'http://jabber.org/protocol/commands',
  /** XEP-0200 and RFC 3923. */
  esession: 'http://www.xmpp.org/extensions/xep-0200.html#ns',
  e2e: 'urn:ietf:params:xml:ns:xmpp-e2e',
  /** XEP-0308. */
  correction: 'urn:xmpp:message-correct:0',
  /** XEP-0424. */
  retract: 'urn:xmpp:message-retract:1',
  /** XEP-0428. */
  fallback: 'urn:xmpp:fallback:0',
  /** XEP-0444. */
  reactions: 'urn:xmpp:reactions:0',
  /** XEP-0066. */
  outOfBand: 'jabber:x:oob',
  /** XEP-0203. */
  delay: 'urn:xmpp:delay',
  /** XEP-0353. */
  jingleMessage: 'urn:xmpp:jingle-message:0',
  /** XEP-0030. */
  discoInfo: 'http://jabber.org/protocol/disco#info',
  discoItems: 'http://jabber.org/protocol/disco#items',
  /** XEP-0199. */
  ping: 'urn:xmpp:ping',
  /** XEP-0092. */
  version: 'jabber:iq:version',
  /** XEP-0054. */
  vcard: 'vcard-temp',
  /** What isthmus and the partition plug-in say to each other. */
  partition: 'urn:isthmus:partition:0',
  /** What gateways of this kind say to each other through XMPP: how many more hops a message may take. */
  hops: 'urn:isthmus:hops:0',
} as const;

/** The one resource under which every SIP user appears: SIP devices are aggregated (PRES-46). */
export const CONTACT_RESOURCE = 'sip';
