import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const SIPD = join(ROOT, 'packages', 'sipd', 'bin', 'sipd.js');
/** What containers run; its ports, addresses and secret come from the command line and the environment. */
const DRACHTIO_CONFIG = join(ROOT, 'deploy', 'drachtio', 'drachtio.conf.xml');

/** Path of a drachtio-server that takes sipd's place in the scenarios of this run. */
export const DRACHTIO = process.env['ISTHMUS_DRACHTIO_PROGRAM'];

export interface SipServerPlace {
  readonly address: string;
  readonly sipPort: number;
  readonly adminAddress: string;
  readonly adminPort: number;
}

export interface SipServerCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The line of output that says: I am up. */
  readonly ready: RegExp;
}

/** What starts the SIP server at a place: sipd with its further arguments, or drachtio. */
export function sipServerCommand(place: SipServerPlace, secret: { readonly file: string; readonly value: string }, sipdArgs: readonly string[] = []): SipServerCommand {
  const { address, sipPort, adminAddress, adminPort } = place;
  if (DRACHTIO === undefined) {
    const listen = ['tcp', 'udp'].flatMap((transport) => ['--sip', `${transport}:${address}:${sipPort}`]);
    const args = [SIPD, '--admin', `${adminAddress}:${adminPort}`, '--secret-file', secret.file, ...listen, ...sipdArgs];
    return { name: 'sipd', command: process.execPath, args, env: {}, ready: /^\{"admin"/ };
  }
  const args = ['--file', DRACHTIO_CONFIG, '--address', adminAddress, '--port', String(adminPort), '--contact', `sip:${address}:${sipPort};transport=tcp,udp`];
  return { name: 'drachtio', command: DRACHTIO, args, env: { DRACHTIO_SECRET: secret.value }, ready: /Starting sofia event loop/ };
}
