import { Authority, type IssuedCertificate } from '../../../../scenarios/support/certificates';
import type { Intake, Limits, TlsOptions } from '../../src';
import { startSipd, type Target, target } from './target';

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

export interface TlsSipd {
  readonly server: Target;
  readonly log: LogLine[];
  /** Who had opened the connections that were not made. */
  readonly failures: readonly string[];
  readonly own: IssuedCertificate;
}

/** sipd with a TLS listener as isthmus.example.com, in the name of which `authority` issues a certificate. */
export async function tlsSipd(authority: Authority, options: Partial<TlsOptions> = {}, limits: Partial<Limits> = {}, intake?: Intake): Promise<TlsSipd> {
  const own = authority.issue({ names: ['DNS:isthmus.example.com'], commonName: 'first' });
  const log: LogLine[] = [];
  const errors: string[] = [];
  const failures: string[] = [];
  const server = await startSipd({
    sip: [
      { protocol: 'tls', host: '127.0.0.1', port: 0 },
      { protocol: 'tcp', host: '127.0.0.1', port: 0 },
    ],
    tls: { ...own, ca: authority.ca, ...options },
    limits,
    ...(intake !== undefined && { intake }),
    observer: { limit: () => undefined, tlsFailed: (opened) => failures.push(opened) },
    resolve: () => Promise.resolve(['127.0.0.1']),
    log: (level, event, fields) => {
      log.push({ level, event, fields });
      if (level === 'error' && event !== 'certificates_refused') errors.push(event);
    },
  });
  return { server: { ...server, errors }, log, failures, own };
}

/**
 * The authority that the server under test believes: one of the test's own, or for a real drachtio-server that of the folder
 * ISTHMUS_DRACHTIO_TLS (ca.pem, ca.key), by which its own certificate too must be issued.
 */
export function testAuthority(): Authority {
  const folder = process.env['ISTHMUS_DRACHTIO_TLS'];
  return folder === undefined ? Authority.create() : Authority.of(folder);
}

/** The server under test: sipd, or the drachtio-server of ISTHMUS_DRACHTIO with DRACHTIO_TLS_VERIFY_CLIENT_CERT=1. */
export async function tlsTarget(authority: Authority): Promise<Target> {
  return process.env['ISTHMUS_DRACHTIO'] === undefined ? (await tlsSipd(authority)).server : target();
}
