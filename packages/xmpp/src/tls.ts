import { once } from 'node:events';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';

import type { TlsOptions } from './options';

/** What went wrong with TLS, in words that an administrator can act on. */
const WORDS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed: name it, or the authority that issues it, in xmpp.tls.ca',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate was issued by an authority that is not in xmpp.tls.ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate was issued by an authority that is not in xmpp.tls.ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate was issued by an authority that is not in xmpp.tls.ca, or it sends no intermediate certificates',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet, or the clock here is wrong',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it speaks no TLS on this port: xmpp.tls wants TLS from the first byte, as stunnel gives it',
};

/**
 * Opens a TLS connection; `secured` resolves when its certificate has been checked (RFC 6125), rejects with the reason in words.
 * The certificate is that of a host, not of an XMPP domain: a component link has none that could be compared (XEP-0114).
 */
export function connectSecurely(host: string, port: number, { ca, name = host }: TlsOptions): { readonly socket: TLSSocket; readonly secured: Promise<void> } {
  const plain = host.replace(/^\[(.*)\]$/, '$1');
  const servername = isIP(name) === 0 ? { servername: name } : {};
  const socket = connect({ host: plain, port, minVersion: 'TLSv1.2', ...servername, ...(ca !== undefined && { ca }) });
  socket.prependListener('error', (error: Error & { readonly code?: string }) => {
    const words = WORDS[error.code ?? ''];
    if (words !== undefined) error.message = words;
  });
  return { socket, secured: once(socket, 'secureConnect').then(() => undefined) };
}
