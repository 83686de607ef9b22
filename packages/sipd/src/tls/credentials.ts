/** Certificates, keys and authorities from files: read, checked, and made into what `node:tls` takes. */
import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { comparable, identitiesOf } from './identity';
import type { CertificateFiles, TlsOptions } from './options';

/** One thing that is wrong with the files. */
export interface CredentialProblem {
  /** The option, e.g. `key` or `further.0.certificate`. */
  readonly option: string;
  readonly message: string;
}

/** The files cannot be used. */
export class CredentialError extends Error {
  override readonly name = 'CredentialError';
  constructor(readonly problems: readonly CredentialProblem[]) {
    super(problems.map(({ option, message }) => `tls.${option}: ${message}`).join('; '));
  }
}

/** What the listeners and the connections that we open are made with. */
export interface Credentials {
  /** For peers that connect and ask for no name. */
  readonly server: SecureContextOptions;
  /** For peers that connect, by the name that they ask for (SNI); the first certificate for a name that none has. */
  readonly contextFor: (name: string) => SecureContext;
  /** For connections that we open. */
  readonly clientContext: SecureContext;
  /** Names of the certificates shown to peers. */
  readonly names: readonly string[];
  /** When the first of the certificates expires, milliseconds since 1970. */
  readonly expiresAt: number;
}

interface Pair {
  readonly option: string;
  readonly certificate: X509Certificate;
  readonly names: readonly string[];
  readonly pem: { readonly cert: Buffer; readonly key: Buffer };
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const WHY: Readonly<Record<string, string>> = { ENOENT: 'no such file', EACCES: 'permission denied', EISDIR: 'it is a directory' };

/** Fails with one problem; several are gathered by {@link readCredentials}. */
function fail(option: string, message: string): never {
  throw new CredentialError([{ option, message }]);
}

function read(option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    return fail(option, `the file ${path} cannot be read (${WHY[code] ?? message})`);
  }
}

function certificatesIn(option: string, path: string): { readonly pem: Buffer; readonly list: readonly X509Certificate[] } {
  const pem = read(option, path);
  try {
    const list = [...pem.toString('latin1').matchAll(PEM_CERTIFICATE)].map(([text]) => new X509Certificate(text));
    if (list.length > 0) return { pem, list };
  } catch (error) {
    return fail(option, `a certificate in ${path} cannot be read (${String(error)})`);
  }
  return fail(option, `the file ${path} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)`);
}

function keyIn(option: string, path: string, certificate: X509Certificate, certificatePath: string): Buffer {
  const pem = read(option, path);
  let key;
  try {
    key = createPrivateKey(pem);
  } catch {
    return /^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(pem.toString('latin1'))
      ? fail(option, `the key in ${path} is protected by a passphrase: store it without one, readable by this program only`)
      : fail(option, `the file ${path} holds no private key in PEM form`);
  }
  return certificate.checkPrivateKey(key) ? pem : fail(option, `the key in ${path} does not belong to the certificate in ${certificatePath}`);
}

function checkDates(option: string, path: string, certificate: X509Certificate, now: number): void {
  if (Date.parse(certificate.validTo) <= now) fail(option, `the certificate in ${path} expired on ${certificate.validTo}: renew it`);
  if (Date.parse(certificate.validFrom) > now) {
    fail(option, `the certificate in ${path} is not valid before ${certificate.validFrom}: wait, or set the clock of this machine`);
  }
}

/** Extended key usages of a certificate (RFC 5280 section 4.2.1.12). */
const USAGE = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const;
const ANY_USAGE = '2.5.29.37.0';

/** Peers refuse a certificate that names usages but not this one. */
function isFor(use: keyof typeof USAGE, certificate: X509Certificate): boolean {
  const usages = certificate.keyUsage as readonly string[] | undefined; // Node's name for the extended ones
  return usages === undefined || usages.includes(USAGE[use]) || usages.includes(ANY_USAGE);
}

function readPair(prefix: string, files: CertificateFiles, use: keyof typeof USAGE, now: number): Pair {
  const option = `${prefix}certificate`;
  const { pem, list } = certificatesIn(option, files.certificate);
  const [certificate] = list;
  if (certificate === undefined) return fail(option, `the file ${files.certificate} holds no certificate`);
  checkDates(option, files.certificate, certificate, now);
  if (!isFor(use, certificate)) {
    fail(option, `the certificate in ${files.certificate} may not be used by a TLS ${use}: have one issued with ${use} authentication (extended key usage)`);
  }
  const key = keyIn(`${prefix}key`, files.key, certificate, files.certificate);
  return { option, certificate, names: identitiesOf(certificate.toLegacyObject()), pem: { cert: pem, key } };
}

/** Runs all, so that all problems are told at once. */
function all<T>(reads: readonly (() => T)[]): T[] {
  const problems: CredentialProblem[] = [];
  const values = reads.flatMap((one) => {
    try {
      return [one()];
    } catch (error) {
      if (!(error instanceof CredentialError)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new CredentialError(problems);
  return values;
}

/**
 * Reads the files of TLS and checks what can be checked without a peer.
 * @param now milliseconds since 1970
 * @throws {CredentialError} with all problems
 */
export function readCredentials(options: TlsOptions, now: number): Credentials {
  const { ca, further = [], client, minVersion = '1.2' } = options;
  let authorities = Buffer.alloc(0);
  const pairs = all<Pair | undefined>([
    () => readPair('', options, 'server', now),
    ...further.map((files, index) => () => readPair(`further.${index}.`, files, 'server', now)),
    () => void (authorities = Buffer.from(certificatesIn('ca', ca).pem)),
    ...(client === undefined ? [] : [() => readPair('client.', client, 'client', now)]),
  ]).filter((pair) => pair !== undefined);
  // No tickets: who a peer is, is proven anew at each connection, with the authorities of that moment.
  const common = { ca: authorities, minVersion: `TLSv${minVersion}`, secureOptions: constants.SSL_OP_NO_TICKET } as const;
  const servers = pairs.filter(({ option }) => !option.startsWith('client.'));
  const [first] = servers;
  if (first === undefined) return fail('certificate', 'none is given');
  const contexts = servers.map((pair) => ({ names: pair.names, context: contextOf(pair, common) }));
  const byName = new Map(contexts.reverse().flatMap(({ names, context }) => names.map((name) => [name, context] as const)));
  const firstContext = contexts.at(-1)?.context ?? contextOf(first, common);
  // A certificate that is for servers only is not shown as a client: peers that ask for none may still be connected to.
  const shown = client !== undefined ? pairs.at(-1) : isFor('client', first.certificate) ? first : undefined;
  return {
    server: { ...first.pem, ...common },
    contextFor: (name) => byName.get(comparable(name)) ?? firstContext,
    clientContext: contextOf(shown, common),
    names: [...new Set(servers.flatMap(({ names }) => names))],
    expiresAt: Math.min(...pairs.map(({ certificate }) => Date.parse(certificate.validTo))),
  };
}

function contextOf(pair: Pair | undefined, common: SecureContextOptions): SecureContext {
  try {
    return createSecureContext({ ...pair?.pem, ...common });
  } catch (error) {
    return fail(pair?.option ?? 'ca', `it cannot be used (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** What is wrong with the files of TLS; empty when they can be used. */
export function credentialProblems(options: TlsOptions, now: number): readonly CredentialProblem[] {
  try {
    readCredentials(options, now);
    return [];
  } catch (error) {
    if (error instanceof CredentialError) return error.problems;
    throw error;
  }
}
