/** How a SIP peer speaks: a setting of its route. */
export type Dialect = 'microsoft' | 'simple';

/** Which Microsoft server; only `lcs` differs on the wire of this release (its SDP says `m=x-ms-message`). */
export type Variant = 'lcs' | 'ocs' | 'lync';

export type Transport = 'udp' | 'tcp' | 'tls';
