import { readArguments } from './arguments';
import { SipdOptionError } from './options';
import { createSipd, type Sipd } from './server';

function ready(sipd: Sipd): void {
  process.stdout.write(`${JSON.stringify({ admin: sipd.admin, sip: sipd.sip })}\n`);
}

/** Runs until SIGTERM or SIGINT (SIGHUP: the files of TLS are read again at once); prints one JSON line with the bound ports when ready. Exit status 2: bad option or port. */
export async function main(args: readonly string[]): Promise<void> {
  let reload = (): void => undefined; // from the first moment: where nobody listens SIGHUP ends the process
  process.on('SIGHUP', () => reload());
  try {
    const log = (level: string, event: string, fields: Readonly<Record<string, string | number>>): void => {
      if (level === 'error' || level === 'warn') process.stderr.write(`${JSON.stringify({ level, event, ...fields })}\n`);
    };
    const sipd = await createSipd({ ...readArguments(args), log });
    const stop = (): void => void sipd.close().then(() => process.exit(0));
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
    reload = () => sipd.reloadCertificates();
    ready(sipd);
  } catch (error) {
    if (!(error instanceof SipdOptionError)) throw error;
    process.stderr.write(`sipd: ${error.message}\n`);
    process.exitCode = 2;
  }
}
