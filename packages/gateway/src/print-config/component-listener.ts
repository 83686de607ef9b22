import { isLoopback } from '../config/tls';
import type { Config } from '../config/schema';

/** What the printed configurations of XMPP servers say of the port for components. */

export function reference(secret: Config['xmpp']['secret']): string {
  return secret.file === undefined ? `the environment variable ${secret.env}` : secret.file;
}

/** @param comment how a line of comment begins there */
export function reach({ host, port, tls }: Config['xmpp'], comment: '--' | '#'): string {
  const next = `${comment}    `;
  if (tls !== undefined) return `Loopback only: what wraps the link in TLS takes ${host}:${port}\n${next}and hands it on to here (docs/tls.md).`;
  if (isLoopback(host)) return 'Loopback only: the link carries no encryption of its own.';
  return `Let nobody but the isthmus workers reach ${host}:${port}:\n${next}the link carries no encryption of its own.`;
}

/** `localhost` may be resolved to either address family by a worker, so both listen. */
export function interfaces({ host, tls }: Config['xmpp']): readonly string[] {
  if (tls !== undefined) return ['127.0.0.1'];
  if (host.toLowerCase() === 'localhost') return ['127.0.0.1', '::1'];
  return [host.replace(/^\[(.*)\]$/, '$1')];
}
