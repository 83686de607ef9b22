import { XmppLinkError } from './errors';
import type { SelfTestVerdict } from './self-test';

/** Why the link is not online, in words an administrator can act on. */
export interface Explanation {
  readonly message: string;
  /** True when trying again cannot help. */
  readonly final: boolean;
  /** True when there is nothing to wait for before trying again. */
  readonly atOnce?: true;
}

interface Where {
  readonly host: string;
  readonly port: number;
  readonly domain: string;
  readonly userDomain: string;
}

/** The condition of a stream error (RFC 6120 section 4.9.3), as the library gives it. */
function streamCondition(error: Error): string | undefined {
  return 'condition' in error && typeof error.condition === 'string' ? error.condition : undefined;
}

/** Reads the reason why a connection could not be made or was lost. */
export function explain(error: Error, where: Where): Explanation {
  if (error instanceof XmppLinkError && error.code === 'refused') return { message: error.message, final: true };
  const server = `the XMPP server at ${where.host}:${where.port}`;
  const { domain } = where;
  // Explained already, by the self-test: there is a connection, and it does not do.
  if (error instanceof XmppLinkError && error.message.includes(server)) return { message: error.message, final: false };
  switch (streamCondition(error)) {
    case 'not-authorized':
      return {
        message: `${server} refused the secret of component ${domain}: the secret here and there must be the same, and ejabberd's listener must list this component`,
        final: true,
      };
    case 'conflict':
      return {
        message: `${server} lets component ${domain} connect only once, and another worker is connected: load the partition plug-in there, which allows several`,
        final: true,
      };
    case 'host-unknown':
      return { message: `${server} does not know the component ${domain}: declare it there, and see that this is the port for components`, final: false };
    case 'connection-timeout':
      return { message: `${server} has heard nothing of this worker for too long, and has given its work to others`, final: false, atOnce: true };
    case 'invalid-from':
      return { message: missing(server, where.userDomain), final: false };
    default:
      return { message: `no connection to ${server}: ${error.message}`, final: false };
  }
}

/** What a self-test that did not pass means. */
export function explainSelfTest(verdict: Exclude<SelfTestVerdict, 'passed'>, where: Where): XmppLinkError {
  const server = `the XMPP server at ${where.host}:${where.port}`;
  if (verdict === 'plugin-missing') return new XmppLinkError('disconnected', missing(server, where.userDomain));
  return new XmppLinkError(
    'refused',
    `${server} let this component speak in the name of ${where.userDomain}, so it would accept any local user's name too: load the partition plug-in there and let this component's port check addresses`,
  );
}

const missing = (server: string, userDomain: string): string =>
  `the partition plug-in is not active for ${userDomain} on ${server}: load it there (isthmus print-config shows how)`;
