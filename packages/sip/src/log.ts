type Write = (fields: Readonly<Record<string, unknown>>, event: string) => void;

/** Where the links report: fields first, then a constant event name (a pino logger fits). */
export interface SipLinkLog {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}
