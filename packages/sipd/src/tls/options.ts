/** A certificate with its chain, and its key: paths of PEM files. */
export interface CertificateFiles {
  /** The certificate first, then the intermediate ones that lead to the authority. */
  readonly certificate: string;
  /** Its private key, without a passphrase. */
  readonly key: string;
}

/** TLS of the SIP listeners and of connections that this server opens. */
export interface TlsOptions extends CertificateFiles {
  /** Authorities whose certificates are believed, of peers that connect and of those that we connect to: path of a PEM file. */
  readonly ca: string;
  /**
   * What a peer that connects must show: a certificate (`required`, the default), one if it has one, which is then checked
   * (`optional`), or nothing (`none`).
   */
  readonly clientCertificates?: 'required' | 'optional' | 'none';
  /** Shown to TLS peers in Via and Contact instead of the address, since they look for it in the certificate (RFC 5922). */
  readonly name?: string;
  /** Certificates for further names of this server: shown to peers that ask for one of them (SNI, RFC 6066 section 3). */
  readonly further?: readonly CertificateFiles[];
  /** The certificate that this server shows where it connects to; default: the one above. */
  readonly client?: CertificateFiles;
  /** The oldest version that is spoken; default 1.2. */
  readonly minVersion?: '1.2' | '1.3';
  /** How long a handshake may take, in either direction. Milliseconds, default 10000. */
  readonly handshakeMs?: number;
  /** Handshakes of peers that are not over. Above that one of the address that has most of them is closed. Default 256. */
  readonly handshakes?: number;
  /** How often the files are looked at for a change. Milliseconds, default 60000. */
  readonly reloadMs?: number;
}

export const TLS_DEFAULTS = {
  clientCertificates: 'required',
  minVersion: '1.2',
  handshakeMs: 10_000,
  handshakes: 256,
  reloadMs: 60_000,
} as const;

/** Options with the defaults filled in. */
export type TlsSettings = TlsOptions & { readonly [K in keyof typeof TLS_DEFAULTS]: NonNullable<TlsOptions[K]> };
