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
  /** Name of the peer whose requests are taken in it, where one holds it (SEC-12). */
  readonly peer?: string;
  /** The next hop that took the request which opened it, a SIP URI of the configuration: requests made by hand go there too. */
  readonly hop?: string;
  /** True once the server has lost the dialog: from then on requests are hand-made, never by id again (DR-9). */
  readonly handMade?: true;
}

/** An incoming SIP request's place among the dialogs. */
export interface DialogRef {
  readonly callId: string;
  /** The tag of From: the far side's. */
  readonly remoteTag: string;
  /** The tag of To: ours. Absent in a request that opens a dialog, and in some broken ones (microsoft-observed A3). */
  readonly localTag?: string;
  readonly cseq: number;
  /** Name of the peer that it comes from. */
  readonly peer?: string;
  /** Names of the other peers: what one of them holds is not this one's. A peer that is configured no more holds nothing. */
  readonly others?: readonly string[];
}

/** The id under which the server keeps a dialog (drachtio.md section 2.4). */
export function stackId(callId: string, creatorTag: string): string {
  return `${callId};from-tag=${creatorTag}`;
}

/** A dialog that a request of ours is about to open. The SIP link fills in server and owner with the first answer. */
export function newDialog(newId: () => string): Dialog {
  const callId = newId();
  const localTag = newId();
  return { callId, localTag, localCSeq: 0, remoteCSeq: 0, stackId: stackId(callId, localTag), server: '', owner: '' };
}

/** Are these two states of one dialog of ours? Our tag is fresh for each, so Call-ID and our tag are enough. */
export function isSame(one: Dialog, other: Dialog): boolean {
  return one.callId === other.callId && one.localTag === other.localTag;
}

/**
 * Does a request of the far side belong to this dialog (RFC 3261 section 12.2.2)? Call-ID alone will not do: a real client
 * uses the Call-ID of an ended dialog again (microsoft-observed A4). A missing To tag is forgiven (A3).
 */
export function isIn(dialog: Dialog, ref: DialogRef): boolean {
  if (dialog.callId !== ref.callId) return false;
  if (ref.localTag !== undefined && ref.localTag !== dialog.localTag) return false;
  return dialog.remoteTag === undefined || dialog.remoteTag === ref.remoteTag;
}

/** Does the dialog that a request names belong to another peer than the one that the request comes from (SEC-12)? */
export function isAnothers(dialog: Dialog, { callId, others }: DialogRef): boolean {
  return dialog.callId === callId && dialog.peer !== undefined && others !== undefined && others.includes(dialog.peer);
}

/** Has the far side gone past this CSeq already: a repetition, or a request overtaken by a later one? */
export function isStale(dialog: Dialog, ref: DialogRef): boolean {
  return dialog.remoteCSeq > 0 && ref.cseq <= dialog.remoteCSeq;
}

/** The dialog after a request of the far side. */
export function heard(dialog: Dialog, ref: DialogRef): Dialog {
  return { ...dialog, remoteTag: ref.remoteTag, remoteCSeq: Math.max(dialog.remoteCSeq, ref.cseq) };
}

/**
 * The dialog after a request of ours that was sent when the dialog was as in `sent`. Of the outcome only that counts which
 * is news since then: meanwhile the far side may have refreshed the dialog through another connection. Without an outcome
 * nobody knows whether the request has arrived: its number counts as used, or the next one might be taken for it.
 */
export function answered(dialog: Dialog, sent: Dialog | undefined, outcome: Dialog | undefined): Dialog {
  if (sent === undefined || !isSame(dialog, sent)) return dialog;
  if (outcome === undefined) return { ...dialog, localCSeq: Math.max(dialog.localCSeq, sent.localCSeq + 1) };
  if (dialog.remoteTag !== undefined && dialog.remoteTag !== outcome.remoteTag) return outcome;
  return {
    ...dialog,
    ...news(sent, outcome),
    localCSeq: Math.max(dialog.localCSeq, outcome.localCSeq),
    remoteCSeq: Math.max(dialog.remoteCSeq, outcome.remoteCSeq),
  };
}

/** What is different in `outcome`. */
function news(sent: Dialog, outcome: Dialog): Partial<Dialog> {
  const before = new Map<string, unknown>(Object.entries(sent));
  return Object.fromEntries(Object.entries(outcome).filter(([name, value]) => before.get(name) !== value));
}
