type Write = (fields: Readonly<Record<string, unknown>>, event: string) => void;

/** Where the link reports: fields first, then a constant event name (a pino logger fits). */
export interface XmppLinkLog {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}
