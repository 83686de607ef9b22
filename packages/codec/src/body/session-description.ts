import type { TextMedia } from '@isthmus/engine';
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

/** The medium of such a text session, where that is all that is offered; undefined: it is not. */
export function readTextMedia(sdp: string): TextMedia | undefined {
  const media = sdp.split(/\r\n|\r|\n/).filter((line) => line.startsWith('m='));
  const [, name = '', protocol = ''] = MEDIA.exec(media[0] ?? '') ?? [];
  if (media.length !== 1) return undefined;
  if (name.toLowerCase() === 'x-ms-message') return 'x-ms-message';
  return name.toLowerCase() === 'message' && protocol.toLowerCase() === 'sip' ? 'message' : undefined;
}

/** The medium that a server offers where nothing has been offered yet: LCS 2005 knows the older form only. */
export function mediaOf(variant: Variant): TextMedia {
  return variant === 'lcs' ? 'x-ms-message' : 'message';
}

/** Offer or answer: only text/plain, so that everything comes as plain text (microsoft-dialect.md section 2.4). */
export function writeTextSession(address: SessionAddress, media: TextMedia): string {
  const family = address.host.includes(':') ? 'IP6' : 'IP4';
  const host = address.host.replace(/[[\]]/g, '');
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
