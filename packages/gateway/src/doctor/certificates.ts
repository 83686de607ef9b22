import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { credentialProblems } from '@isthmus/sipd';
import type { Config } from '../config/schema';
import { sipTls } from '../config/tls';
import { warning, type Finding } from './finding';
import { QUESTION_MS } from './network';

const DAY_MS = 86_400_000;
/** So long before a certificate expires it is time to think of the next one. */
const NOTICE_DAYS = 14;

/** Certificates of ours that work today and will not in two weeks; those that do not work today are mistakes of the configuration. */
export function examineOwnCertificates(config: Config): readonly Finding[] {
  const tls = sipTls(config);
  if (tls === undefined) return [];
  const soon = credentialProblems(tls, Date.now() + NOTICE_DAYS * DAY_MS);
  return soon.map(({ option, message }) => warning('tls', `within ${NOTICE_DAYS} days sip.server.tls.${option} ${message}`, 'renew it (docs/tls.md)'));
}

/** The certificate of a next hop that expires soon. Whether it is believed at all, the answer to OPTIONS tells. */
export async function examineTheirCertificate(part: string, address: string, port: number, name: string | undefined, config: Config): Promise<readonly Finding[]> {
  const validTo = await expiryOf(address, port, name, config);
  if (validTo === undefined) return [];
  const days = Math.floor((validTo - Date.now()) / DAY_MS);
  if (days < 0 || days >= NOTICE_DAYS) return [];
  return [warning(part, `its certificate expires on ${new Date(validTo).toISOString().slice(0, 10)}`, 'have it renewed there')];
}

function expiryOf(host: string, port: number, name: string | undefined, config: Config): Promise<number | undefined> {
  const own = sipTls(config);
  const shown = own?.client ?? own;
  const certificate = shown === undefined ? {} : { cert: readFileSync(shown.certificate), key: readFileSync(shown.key) };
  return new Promise((resolve) => {
    // Looked at only: nothing is sent over this connection, and nothing it says is believed.
    const socket = connect({ host, port, rejectUnauthorized: false, ...certificate, ...(name !== undefined && { servername: name }) });
    const end = (validTo?: number) => {
      socket.destroy();
      resolve(validTo === undefined || Number.isNaN(validTo) ? undefined : validTo);
    };
    socket.setTimeout(QUESTION_MS, () => end());
    socket.once('error', () => end());
    socket.once('secureConnect', () => end(Date.parse(socket.getPeerCertificate().valid_to)));
  });
}
