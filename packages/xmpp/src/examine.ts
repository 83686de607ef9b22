import { toError, XmppLinkError } from './errors';
import { explain, explainSelfTest } from './explain';
import type { Settings, XmppLinkOptions } from './options';
import { DEFAULTS } from './options';
import { drainRequest } from './partition';
import { PendingIqs } from './pending-iqs';
import { selfTest } from './self-test';
import { ComponentStream } from './stream';

/** What an onlooker found at the XMPP server. */
export interface Examination {
  /** Undefined: the server let this component in. */
  readonly refusal?: string;
  /** For each served domain, in partitioned mode: why the plug-in there cannot be relied on; undefined when it can. */
  readonly domains: readonly { readonly domain: string; readonly problem?: string }[];
}

/**
 * Connects once as the component, and asks for no stanzas; tries a foreign name at each domain (XD-8); leaves. Beside the
 * connections of running workers this one is not given their stanzas, since it tells no name. Never rejects.
 */
export async function examineXmpp(options: XmppLinkOptions): Promise<Examination> {
  const settings: Settings = { ...DEFAULTS, ...options };
  const pending = new PendingIqs();
  const stream: ComponentStream = new ComponentStream({
    ...settings,
    onElement: (element) => void pending.take(element),
    onClosed: (reason) => pending.failAll(new XmppLinkError('disconnected', reason.message, { cause: reason })),
  });
  const ask = (iq: Parameters<PendingIqs['ask']>[0], timeoutMs: number) => pending.ask(iq, timeoutMs, (copy) => stream.send(copy));
  try {
    await stream.open();
  } catch (error) {
    return { refusal: explain(toError(error), settings).message, domains: [] };
  }
  try {
    const { mode, userDomain, furtherDomains } = settings;
    const domains = mode === 'subdomain' ? [] : [userDomain, ...furtherDomains];
    return { domains: await Promise.all(domains.map((domain) => examineDomain(domain, settings, ask))) };
  } finally {
    await stream.close();
  }
}

async function examineDomain(userDomain: string, settings: Settings, ask: Parameters<typeof selfTest>[1]): Promise<Examination['domains'][number]> {
  const parties = { domain: settings.domain, userDomain };
  const where = { ...settings, userDomain };
  try {
    ask(drainRequest(parties), settings.timeoutMs).catch(() => undefined); // first on the stream; nobody waits for the answer
    const verdict = await selfTest(parties, ask, settings.timeoutMs);
    return verdict === 'passed' ? { domain: userDomain } : { domain: userDomain, problem: explainSelfTest(verdict, where).message };
  } catch (error) {
    const reason = error instanceof XmppLinkError && error.cause instanceof Error ? error.cause : toError(error);
    return { domain: userDomain, problem: explain(reason, where).message };
  }
}
