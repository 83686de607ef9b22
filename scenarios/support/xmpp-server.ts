/** What a scenario needs of an XMPP server, whichever it is. */
export interface XmppServer {
  /** Port for clients, without TLS. */
  readonly c2sPort: number;
  /** Port for components (XEP-0114). */
  readonly componentPort: number;
  stop(): Promise<unknown>;
}
