/** Says how much is taken from whom. Asked for each message, so it must be quick. */
export interface Intake {
  /**
   * A message has come from this address, `proven` by whom has shown a certificate that was verified. 0: it is taken. Otherwise the milliseconds after which it may be: a datagram is
   * dropped, a stream is read on later and then asked for again.
   */
  message(address: string, proven: boolean): number;
  /** Seconds after which a request that begins something may come again (503, Retry-After); 0: it is taken. */
  request(address: string, method: string): number;
  /** Whether nobody is expected at this address. Those who have shown no certificate either share a quarter of the connections. */
  isStranger(address: string): boolean;
}

/** Takes all that comes. */
export const TAKE_ALL: Intake = { message: () => 0, request: () => 0, isStranger: () => false };
