import { checkSecrets, ConfigError } from '../config/load';
import type { Config } from '../config/schema';
import { examineOwnCertificates } from './certificates';
import { ok, problem, type Finding } from './finding';
import { examinePeers, examineSipServers, examineStore, examineWorker, examineXmppSide } from './parts';
import { examineRoutes } from './routes';
import { examineUsers } from './users';

/**
 * Looks at a configuration from end to end, with real connections, and says of each part whether it will do. It may run
 * beside a worker: it takes no requests and no stanzas. Never rejects for what a server does or does not do.
 */
export async function examine(config: Config, file: string): Promise<readonly Finding[]> {
  try {
    checkSecrets(config, file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => problem('configuration', `${path}: ${message}`, adviceFor(path)));
  }
  const patient = { config, file };
  const worker = await examineWorker(patient);
  const [store, users, xmpp, sip, peers] = await Promise.all([
    examineStore(patient),
    examineUsers(patient),
    examineXmppSide(patient, worker),
    examineSipServers(patient, worker),
    examinePeers(patient),
  ]);
  try {
    const routes = await examineRoutes(config, sip.links);
    return [ok('configuration', `${file}: nothing is wrong with it`), ...store, ...users, ...examineOwnCertificates(config), ...xmpp, ...sip.findings, ...peers, ...routes, ...worker.findings];
  } finally {
    await sip.close();
  }
}

/** What to do about a file that the configuration names. */
function adviceFor(path: string): string {
  if (path.startsWith('sip.server.tls')) return 'docs/tls.md says what the files must be';
  if (path.includes('.tls.')) return 'put files there that belong together, in PEM form, readable for the user that isthmus runs as (docs/tls.md)';
  return 'put the secret where the configuration says that it is, readable for the user that isthmus runs as';
}
