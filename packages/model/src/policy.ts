/**
 * Who may see an XMPP user (manual "Availability Subscriptions and Policy"): the lists of one user, or the administrator's
 * for everyone. An entry is a bare JID, `*@domain` or `*`, prepared.
 */
export interface PolicyLists {
  /** Undefined: nothing is said about it. */
  readonly autoAuthorize?: boolean;
  readonly allow: readonly string[];
  readonly block: readonly string[];
}
