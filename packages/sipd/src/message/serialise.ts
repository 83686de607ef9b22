import type { Headers } from './headers';
import type { SipMessage } from './message';

/** The start line of a message. */
export function startLine(message: SipMessage): string {
  if (message.is === 'request') return `${message.method} ${message.uri} SIP/2.0`;
  return `SIP/2.0 ${message.status} ${message.reason}`;
}

function headerBlock(headers: Headers): string {
  let text = '';
  for (const field of headers.fields) {
    if (field.key !== 'content-length') text += `${field.name}: ${field.value}\r\n`;
  }
  return text;
}

/** Start line, headers with a recomputed Content-Length, and the empty line; Latin-1 text. */
export function serialiseHead(message: SipMessage): string {
  return `${startLine(message)}\r\n${headerBlock(message.headers)}Content-Length: ${message.body.length}\r\n\r\n`;
}

/** The bytes of a message. */
export function serialise(message: SipMessage): Buffer {
  const head = serialiseHead(message);
  const bytes = Buffer.allocUnsafe(head.length + message.body.length);
  bytes.write(head, 0, 'latin1');
  message.body.copy(bytes, head.length);
  return bytes;
}
