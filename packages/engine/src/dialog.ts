/**
 * A SIP dialog as the pair's record keeps it (RFC 3261 section 12, DESIGN section 5). drachtio is used as a transaction
 * layer: this record is what lets any worker go on in a dialog that another one made.
 */
export interface Dialog {
  readonly callId: string;
  readonly localTag: string;
  /** Absent until the far side has answered. */
  readonly remoteTag?: string;
  /** The far side's Contact URI: the Request-URI of hand-made requests (drachtio.md DR-8). */
  readonly remoteTarget?: string;
  /** Highest CSeq that we are known to have used; a hand-made request must exceed it (DR-36). 0 = none yet. */
  readonly localCSeq: number;
  /** Highest CSeq that the far side is known to have used. */
  readonly remoteCSeq: number;
  /** The server's id of the dialog: `Call-ID;from-tag=<From tag of the creating request>`. */
  readonly stackId: string;
  /** Name of the drachtio server that knows the dialog. */
  readonly server: string;
  /** The connection that receives the far side's requests in this dialog (`worker/connection number`). */
  readonly owner: string;
  /** True once the server has lost the dialog: from then on requests are hand-made, never by id again (DR-9). */
  readonly handMade?: true;
}

/** The id under which the server keeps a dialog (drachtio.md section 2.4). */
export function stackId(callId: string, creatorTag: string): string {
  return `${callId};from-tag=${creatorTag}`;
}
