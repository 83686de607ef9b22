import type { Variant } from '@isthmus/model';

/**
 * Session descriptions (RFC 4566) of Microsoft's text sessions: the media is MESSAGE within the INVITE's dialog, so address
 * and port mean nothing (microsoft-dialect.md section 2.1). MSRP sessions are not among them.
 */

export interface SessionAddress {
  /** An IP address, or a host name. */
  readonly host: string;
  readonly port: number;
}

const MEDIA = /^m=(\S+)[ \t]+\S+[ \t]+(\S+)/;

/** Does this offer exactly one medium, and is it such a text session? */
export function offersTextSession(sdp: string): boolean {
  const media = sdp.split(/\r\n|\r|\n/).filter((line) => line.startsWith('m='));
  const [, name = '', protocol = ''] = MEDIA.exec(media[0] ?? '') ?? [];
  if (media.length !== 1) return false;
  if (name.toLowerCase() === 'x-ms-message') return true;
  return name.toLowerCase() === 'message' && protocol.toLowerCase() === 'sip';
}

/** Offer or answer: only text/plain, so that everything comes as plain text (microsoft-dialect.md section 2.4). */
export function writeTextSession(address: SessionAddress, variant: Variant): string {
  const family = address.host.includes(':') ? 'IP6' : 'IP4';
  const host = address.host.replace(/[[\]]/g, '');
  const media = variant === 'lcs' ? 'x-ms-message' : 'message';
  const lines = [
    'v=0',
    `o=- 0 0 IN ${family} ${host}`,
    's=session',
    `c=IN ${family} ${host}`,
    't=0 0',
    `m=${media} ${address.port} sip null`,
    'a=accept-types:text/plain',
  ];
  return `${lines.join('\r\n')}\r\n`;
}
