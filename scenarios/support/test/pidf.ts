/** A small PIDF document (RFC 3863), with one RPID activity (RFC 4480) when given. */
export const pidf = (entity: string, basic: 'open' | 'closed', activity?: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="${entity}">
  <tuple id="t1"><status><basic>${basic}</basic></status></tuple>
  <dm:person id="p1">${activity === undefined ? '' : `<rpid:activities><rpid:${activity}/></rpid:activities>`}</dm:person>
</presence>
`;
