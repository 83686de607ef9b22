import type { SipAnswerOut, SipHeaders, SipRequestOut } from './wire';

/**
 * The one gate through which all that we send to the SIP side passes. The server splits headers at any CR or LF and its
 * own first line at `|` (drachtio.md DR-11), and text from XMPP must not be able to add a header (SEC-9).
 */

const CONTROLS = /[\u0000-\u0008\u000a-\u001f\u007f]+/g;
const CONTROLS_AND_SPACE = /[\u0000-\u0020\u007f]+/g;
/** A header longer than that is no use: servers drop the message (DR-18). */
const MAX_HEADER = 8000;

/** One line: each run of control characters becomes a space. */
export function headerValue(text: string): string {
  return text.replace(CONTROLS, ' ').trim().slice(0, MAX_HEADER);
}

/** A piece of the start line, or of the server's own first line: no blanks and no controls. */
function startLinePiece(text: string): string {
  return text.replace(CONTROLS_AND_SPACE, '');
}

function hop(text: string): string {
  return startLinePiece(text).replaceAll('|', '');
}

/** Header names are ours; the values are made safe, and those that are empty or undefined left out. */
function headers(all: Readonly<Record<string, string | undefined>>): SipHeaders {
  const safe: Record<string, string> = {};
  for (const [name, value] of Object.entries(all)) {
    const line = headerValue(value ?? '');
    if (line !== '') safe[name] = line;
  }
  return safe;
}

export type LooseHeaders = Readonly<Record<string, string | undefined>>;

export function safeRequest(out: Omit<SipRequestOut, 'headers'> & { readonly headers: LooseHeaders }): SipRequestOut {
  return {
    ...out,
    method: startLinePiece(out.method),
    uri: startLinePiece(out.uri),
    headers: headers(out.headers),
    ...(out.proxy !== undefined && { proxy: hop(out.proxy) }),
    ...(out.stackId !== undefined && { stackId: hop(out.stackId) }),
  };
}

export function safeAnswer(out: Omit<SipAnswerOut, 'headers'> & { readonly headers: LooseHeaders }): SipAnswerOut {
  return {
    ...out,
    headers: headers(out.headers),
    ...(out.reason !== undefined && { reason: headerValue(out.reason) }),
  };
}
