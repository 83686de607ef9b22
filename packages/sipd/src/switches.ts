/**
 * The nasty limits of drachtio-server 0.9, one switch each; all off by default. A test suite turns them on, so that code
 * which would fail against the real server fails here first.
 */
export interface Switches {
  /** A client message over {@link RING_BYTES}: no reply, and the connection is deaf from then on. */
  readonly ring: boolean;
  /** Anything that follows a client message over {@link PIPELINE_BYTES} before its API reply: connection closed. */
  readonly pipeline: boolean;
  /** A SIP message with a line over {@link LINE_BYTES}: 400 for a request, silence for a response. */
  readonly longLine: boolean;
  /** A body over {@link BODY_BYTES}: 413; a header field over {@link LINE_BYTES}: 400. */
  readonly bodyMax: boolean;
  /** The API reply and the SIP response that follows it leave in one write. */
  readonly coalesce: boolean;
  /** Frames to clients are cut at every byte, also inside UTF-8 characters. */
  readonly split: boolean;
  /** Every n-th new request: its client's socket is closed as soon as the request is handed over. 0 is never. */
  readonly dropClient: number;
  /** After every n-th new request all dialogs and transactions are forgotten, as by a restart. 0 is never. */
  readonly restart: number;
  /** The real 0.5, 32 and 64 s, whatever `timers` says. */
  readonly slowTimers: boolean;
}

export const NO_SWITCHES: Switches = {
  ring: false,
  pipeline: false,
  longLine: false,
  bodyMax: false,
  coalesce: false,
  split: false,
  dropClient: 0,
  restart: 0,
  slowTimers: false,
};

/** Size of drachtio's client input buffer. */
export const RING_BYTES = 12_228;
/** What may be left over from the read before: 12,228 - 8,192. */
export const PIPELINE_BYTES = 4_036;
/** Longest text line that drachtio's logging takes. */
export const LINE_BYTES = 8_191;
/** Largest SIP message of sofia-sip. */
export const BODY_BYTES = 2 * 1024 * 1024;

/** Whether any line of the bytes is longer than {@link LINE_BYTES}. */
export function hasLongLine(bytes: Buffer): boolean {
  let start = 0;
  while (bytes.length - start > LINE_BYTES) {
    const end = bytes.indexOf(0x0a, start);
    const length = (end < 0 ? bytes.length : end) - start;
    if (length > LINE_BYTES) return true;
    start += length + 1;
  }
  return false;
}
