import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const DAY_MS = 86_400_000;

export interface CertificateWish {
  /** Entries of the subjectAltName, e.g. `DNS:a.example.com`; empty: there is none. */
  readonly names?: readonly string[];
  readonly commonName?: string;
  /** Extended key usages; default: TLS server and client. */
  readonly usages?: readonly string[];
  /** Days from now; default: from yesterday to in 90 days. */
  readonly validFrom?: number;
  readonly validTo?: number;
}

/** PEM files of a certificate and its key. */
export interface IssuedCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** Both as text, as `node:tls` takes them. */
export function pemOf({ certificate, key }: IssuedCertificate): { readonly cert: Buffer; readonly key: Buffer } {
  return { cert: readFileSync(certificate), key: readFileSync(key) };
}

/** A certificate authority of a test's own (openssl), with all its files in a folder that `remove` takes away. */
export class Authority {
  private count = 0;

  private constructor(
    readonly folder: string,
    /** PEM file of its own certificate. */
    readonly ca: string,
    private readonly key: string,
  ) {}

  static create(name = 'Test CA'): Authority {
    const folder = mkdtempSync(join(tmpdir(), 'isthmus-ca-'));
    const [ca, key] = [join(folder, 'ca.pem'), join(folder, 'ca.key')];
    openssl('req', '-x509', ...NEW_KEY, '-keyout', key, '-out', ca, '-days', '90', '-subj', `/CN=${name}`);
    return new Authority(folder, ca, key);
  }

  /** The one whose certificate and key are in a folder, as ca.pem and ca.key. */
  static of(folder: string): Authority {
    return new Authority(mkdtempSync(join(tmpdir(), 'isthmus-ca-')), join(folder, 'ca.pem'), join(folder, 'ca.key'));
  }

  get pem(): Buffer {
    return readFileSync(this.ca);
  }

  issue(wish: CertificateWish): IssuedCertificate {
    const { base, certificate, key } = this.files();
    const { commonName = 'test', validFrom = -1, validTo = 90 } = wish;
    openssl('req', ...NEW_KEY, '-keyout', key, '-out', `${base}.csr`, '-subj', `/CN=${commonName}`);
    writeFileSync(`${base}.txt`, '');
    writeFileSync(`${base}.serial`, randomBytes(8).toString('hex'));
    writeFileSync(`${base}.cnf`, this.settings(base, wish));
    const dates = ['-startdate', asn1(validFrom), '-enddate', asn1(validTo)];
    openssl('ca', '-batch', '-notext', '-config', `${base}.cnf`, '-in', `${base}.csr`, '-out', certificate, ...dates);
    return { certificate, key };
  }

  /** A certificate that nobody has issued but its holder. */
  selfSigned({ names = [], commonName = 'self' }: CertificateWish): IssuedCertificate {
    const { certificate, key } = this.files();
    const extension = names.length === 0 ? [] : ['-addext', `subjectAltName=${names.join(',')}`];
    openssl('req', '-x509', ...NEW_KEY, '-keyout', key, '-out', certificate, '-days', '90', '-subj', `/CN=${commonName}`, ...extension);
    return { certificate, key };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private files(): IssuedCertificate & { readonly base: string } {
    const base = join(this.folder, `c${(this.count += 1)}`);
    return { base, certificate: `${base}.pem`, key: `${base}.key` };
  }

  private settings(base: string, { names = [], usages = ['serverAuth', 'clientAuth'] }: CertificateWish): string {
    return [
      '[ca]',
      'default_ca = own',
      '[own]',
      `database = ${base}.txt`,
      `serial = ${base}.serial`,
      `new_certs_dir = ${this.folder}`,
      `certificate = ${this.ca}`,
      `private_key = ${this.key}`,
      'default_md = sha256',
      'policy = any',
      'unique_subject = no',
      'x509_extensions = extensions',
      '[any]',
      'commonName = supplied',
      '[extensions]',
      'basicConstraints = CA:FALSE',
      ...(usages.length === 0 ? [] : [`extendedKeyUsage = ${usages.join(',')}`]),
      ...(names.length === 0 ? [] : [`subjectAltName = ${names.join(',')}`]),
      '',
    ].join('\n');
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** `YYYYMMDDHHMMSSZ`. */
function asn1(daysFromNow: number): string {
  return `${new Date(Date.now() + daysFromNow * DAY_MS).toISOString().replace(/[-:T]|\..*/g, '')}Z`;
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
}
