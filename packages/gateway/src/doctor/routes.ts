import type { SipLinks } from '@isthmus/sip';
import { isOfDomain } from '@isthmus/rules';
import { routesOf } from '../build';
import { sipDomains } from '../config/domain';
import type { Config } from '../config/schema';
import { newId } from '../ids';
import type { Route } from '../routes';
import { systemDns } from '../routing/dns';
import { hopAt, type Hop, type Place } from '../routing/hop';
import { resolve } from '../routing/resolve';
import { examineTheirCertificate } from './certificates';
import { ok, problem, warning, type Finding } from './finding';
import { QUESTION_MS, tryTcp, wordsFor, within } from './network';

/** Each route: its name in DNS, a connection, and an answer to OPTIONS by the way that requests will take. */
export async function examineRoutes(config: Config, links: SipLinks | undefined): Promise<readonly Finding[]> {
  const findings = await Promise.all(routesOf(config).map((route) => examineRoute(route, config, links)));
  return [...unledDomains(config), ...findings.flat()];
}

/** Domains whose SIP users no route is for. */
function unledDomains(config: Config): readonly Finding[] {
  const patterns = routesOf(config).flatMap(({ enabled, domains }) => (enabled ? domains : []));
  const unled = sipDomains(config).filter((domain) => !patterns.some((pattern) => isOfDomain(pattern, domain)));
  return unled.map((domain) => problem('routes', `none that is enabled leads to the SIP users of ${domain}`, 'add the domain to a route, or set enabled: true'));
}

async function examineRoute(route: Route, config: Config, links: SipLinks | undefined): Promise<readonly Finding[]> {
  const part = `route ${route.name}`;
  if (!route.enabled) return [ok(part, 'switched off')];
  const places = await placesOf(route, config);
  if ('why' in places) return [problem(part, `${route.host}: ${places.why}`, 'correct routes[].host, or the DNS of this machine')];
  const findings = await Promise.all(places.found.map((place) => examineHop(part, hopAt(route, place), config, links)));
  return findings.flat();
}

/** Found as the worker finds them (RFC 3263). */
async function placesOf(route: Route, config: Config): Promise<{ readonly found: readonly Place[] } | { readonly why: string }> {
  try {
    const { places } = await within(resolve(route, systemDns(config.sip.dnsServers)));
    return places.length > 0 ? { found: places } : { why: 'DNS says that there is no such service' };
  } catch (error) {
    return { why: wordsFor(error) };
  }
}

async function examineHop(part: string, hop: Hop, config: Config, links: SipLinks | undefined): Promise<readonly Finding[]> {
  const { host, port, route } = hop;
  const refused = route.transport === 'udp' ? undefined : await tryTcp(host, port);
  if (refused !== undefined) {
    return [problem(part, `${host} port ${port} (${route.transport}): ${refused}`, 'start the SIP server there, or correct host, port and transport; look at firewalls between')];
  }
  const name = /;tls-name=([^;]+)/.exec(hop.uri)?.[1];
  const certificate = route.transport === 'tls' ? await examineTheirCertificate(part, host, port, name, config) : [];
  return [await askOptions(part, hop, config, links), ...certificate];
}

async function askOptions(part: string, { uri, requestUri, host, port, route }: Hop, config: Config, links: SipLinks | undefined): Promise<Finding> {
  const at = host === route.host ? '' : `${route.host}: `;
  const way = `${at}${host} port ${port} over ${route.transport}`;
  if (links === undefined) return warning(part, `${way}: not asked, for want of a SIP server of ours`, 'mend that first');
  const headers = { From: `<sip:${config.domain}>;tag=${newId()}`, To: `<${requestUri}>`, 'Call-ID': newId(), CSeq: '1 OPTIONS' };
  const result = await links.request({ method: 'OPTIONS', uri: requestUri, headers, proxy: uri, timeoutMs: QUESTION_MS });
  if (result.is === 'unsent') return problem(part, `${way}: OPTIONS could not be sent: ${result.why}`, 'look at the log of the SIP server that isthmus uses');
  if (result.is !== 'answered' || (result.synthetic && result.status === 408)) {
    return warning(part, `${way}: connected, and no answer to OPTIONS`, 'some servers never answer it; else let that server trust this host (isthmus print-config lync)');
  }
  if (result.synthetic) {
    const advice = route.transport === 'tls' ? 'docs/tls.md says what each side needs; routes[].tls.name is the name that its certificate must show' : 'the SIP server that isthmus uses could not reach it';
    return problem(part, `${way}: ${result.status} ${result.reason}`, advice);
  }
  const refused = [401, 403, 407].includes(result.status);
  const answer = `${way}: answers OPTIONS with ${result.status} ${result.reason}`;
  return refused ? warning(part, answer, 'let that server trust this host and not challenge it (isthmus print-config lync)') : ok(part, answer);
}
