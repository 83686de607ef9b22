import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ConfigProblem } from './problem';

/** Paths of the PEM files of one setting of TLS. */
export interface PemFiles {
  readonly ca?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * What is wrong with these files: missing, not to be read, something else, a key of another certificate. What is wrong later is found by
 * a library, which throws or says nothing.
 * @param path of the setting, such as `store.tls`
 */
export function pemProblems(path: string, { ca, certificate, key }: PemFiles): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const look = <T>(name: keyof PemFiles, file: string | undefined, read: (pem: Buffer) => T | string): T | undefined => {
    if (file === undefined) return undefined;
    const found = readWith(file, read);
    if (typeof found !== 'string') return found;
    problems.push({ path: `${path}.${name}`, message: `the file ${file} ${found}` });
    return undefined;
  };
  look('ca', ca, certificatesIn);
  const own = look('certificate', certificate, certificatesIn);
  const secret = look('key', key, keyIn);
  if (own?.[0] !== undefined && secret !== undefined && !own[0].checkPrivateKey(secret)) {
    problems.push({ path: `${path}.key`, message: `the key in ${key} does not belong to the certificate in ${certificate}` });
  }
  return problems;
}

function readWith<T>(file: string, read: (pem: Buffer) => T | string): T | string {
  try {
    return read(readFileSync(file));
  } catch (error) {
    return `cannot be read (${reasonOf(error)})`;
  }
}

function certificatesIn(pem: Buffer): readonly X509Certificate[] | string {
  const texts = pem.toString('latin1').match(PEM_CERTIFICATE);
  return texts === null ? 'holds no certificate in PEM form' : texts.map((text) => new X509Certificate(text));
}

function keyIn(pem: Buffer): KeyObject | string {
  const text = pem.toString('latin1');
  if (!text.includes('PRIVATE KEY-----')) return 'holds no private key in PEM form';
  if (/^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(text)) return 'holds a key that is protected by a passphrase: store it without one, readable by this program only';
  return createPrivateKey(pem);
}

/** Why a file could not be read, in words. */
export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EACCES') return 'permission denied';
  return error instanceof Error ? error.message : String(error);
}
