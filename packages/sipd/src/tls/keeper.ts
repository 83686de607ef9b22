import { statSync } from 'node:fs';
import type { Log } from '../options';
import { CredentialError, type Credentials, readCredentials } from './credentials';
import type { TlsSettings } from './options';

const DAY_MS = 86_400_000;
/** So long before it expires a certificate is complained about, once a day. */
const SOON_MS = 14 * DAY_MS;

/** Holds the credentials and takes new ones from changed files: connections made from then on use them. */
export class CredentialKeeper {
  private held: Credentials;
  private seen: string;
  private warnedAt = 0;
  private readonly timer: NodeJS.Timeout;

  /** @throws {CredentialError} when the files cannot be used */
  constructor(
    private readonly settings: TlsSettings,
    private readonly log: Log,
  ) {
    this.seen = this.fingerprint();
    this.held = readCredentials(settings, Date.now());
    this.tell();
    this.timer = setInterval(() => this.look(), settings.reloadMs).unref();
  }

  get current(): Credentials {
    return this.held;
  }

  /** Reads the files again; those in use stay when the new ones cannot be used. */
  reload(): void {
    this.seen = this.fingerprint();
    try {
      this.held = readCredentials(this.settings, Date.now());
      this.tell();
    } catch (error) {
      if (!(error instanceof CredentialError)) throw error;
      this.log('error', 'certificates_refused', { why: error.message });
    }
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    if (this.fingerprint() !== this.seen) this.reload();
    else this.warnOfExpiry();
  }

  private tell(): void {
    this.log('info', 'certificates_loaded', { names: this.held.names.join(','), expires: new Date(this.held.expiresAt).toISOString() });
    this.warnOfExpiry();
  }

  private warnOfExpiry(): void {
    const now = Date.now();
    if (this.held.expiresAt - now > SOON_MS || now - this.warnedAt < DAY_MS) return;
    this.warnedAt = now;
    this.log('warn', 'certificate_expires', { expires: new Date(this.held.expiresAt).toISOString() });
  }

  /** Changes when a file does, also by a rename or behind a symbolic link. */
  private fingerprint(): string {
    const { certificate, key, ca, further = [], client } = this.settings;
    const pairs = [{ certificate, key }, ...further, ...(client === undefined ? [] : [client])];
    const paths = [ca, ...pairs.flatMap((pair) => [pair.certificate, pair.key])];
    return paths.map(fileMark).join(',');
  }
}

function fileMark(path: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch {
    return 'none';
  }
}
