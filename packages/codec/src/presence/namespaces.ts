/** The namespaces of presence documents. */
export const NS = {
  /** RFC 3863. */
  pidf: 'urn:ietf:params:xml:ns:pidf',
  /** RFC 4479. */
  dataModel: 'urn:ietf:params:xml:ns:pidf:data-model',
  /** RFC 4480. */
  rpid: 'urn:ietf:params:xml:ns:pidf:rpid',
  /** The draft before RFC 4480, which Microsoft kept. */
  rpidDraft: 'urn:ietf:params:xml:ns:pidf:status:rpid-status',
  /** RFC 4482. */
  cipid: 'urn:ietf:params:xml:ns:pidf:cipid',
  /** RFC 6120, for `show` inside a PIDF status (RFC 8048 Table 1). */
  client: 'jabber:client',
  /** [MS-SIP] section 4.4. */
  msrtc: 'http://schemas.microsoft.com/2002/09/sip/presence',
  /** [MS-PRES]: the categories, and what is inside of each. */
  categories: 'http://schemas.microsoft.com/2006/09/sip/categories',
  state: 'http://schemas.microsoft.com/2006/09/sip/state',
  note: 'http://schemas.microsoft.com/2006/09/sip/note',
  contactCard: 'http://schemas.microsoft.com/2006/09/sip/contactcard',
  xsi: 'http://www.w3.org/2001/XMLSchema-instance',
} as const;

/** Both forms of RPID. */
export const RPID = [NS.rpid, NS.rpidDraft] as const;
