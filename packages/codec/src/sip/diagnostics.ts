import { headerValue } from './safe';
import type { SipHeaders } from './wire';

/** What an answer says about its cause, besides status and reason phrase. */

const MAX_DIAGNOSTICS = 300;

/** For the log: Microsoft's own codes and RFC 3261's Warning. Not for users: they name hosts (microsoft-dialect.md section 3.5). */
export function readDiagnostics(headers: SipHeaders): string | undefined {
  const told = ['ms-diagnostics', 'ms-diagnostics-public', 'warning'].flatMap((name) => headers[name] ?? []);
  return told.length === 0 ? undefined : headerValue(told.join(' | ')).slice(0, MAX_DIAGNOSTICS);
}

/** The text of a Warning, which is for users (RFC 3261 section 20.43): 606 with 309 says that content was blocked. */
export function readWarning(headers: SipHeaders): string | undefined {
  return /^\s*\d{3}\s+\S+\s+"((?:[^"\\]|\\.)*)"/.exec(headers['warning'] ?? '')?.[1]?.replace(/\\(.)/g, '$1');
}
