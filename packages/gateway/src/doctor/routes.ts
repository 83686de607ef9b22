import type { SipLinks } from '@isthmus/sip';
import type { Config, RouteConfig } from '../config/schema';
import { nameToVerify } from '../config/tls';
import { newId } from '../ids';
import { examineTheirCertificate } from './certificates';
import { ok, problem, warning, type Finding } from './finding';
import { QUESTION_MS, placesOf, tryTcp } from './network';

/** Each route: its name in DNS, a connection, and an answer to OPTIONS by the way that requests will take. */
export async function examineRoutes(config: Config, links: SipLinks | undefined): Promise<readonly Finding[]> {
  const findings = await Promise.all(config.routes.map((route) => examineRoute(route, config, links)));
  return findings.flat();
}

async function examineRoute(route: RouteConfig, config: Config, links: SipLinks | undefined): Promise<readonly Finding[]> {
  const part = `route ${route.name}`;
  if (!route.enabled) return [ok(part, 'switched off')];
  const found = await placesOf(route, config);
  if ('why' in found) return [problem(part, `${route.host}: ${found.why}`, 'correct routes[].host, or the DNS of this machine')];
  if (found.places.length === 0) return [problem(part, `${route.host}: DNS says that there is no such service`, 'correct its SRV records, or routes[].srv')];
  const findings = await Promise.all(found.places.map(({ address, port }) => examinePlace(part, { ...route, port }, address, config, links)));
  return findings.flat();
}

async function examinePlace(part: string, route: RouteConfig, address: string, config: Config, links: SipLinks | undefined): Promise<readonly Finding[]> {
  const refused = route.transport === 'udp' ? undefined : await tryTcp(address, route.port);
  if (refused !== undefined) {
    return [problem(part, `${address} port ${route.port} (${route.transport}): ${refused}`, 'start the SIP server there, or correct host, port and transport; look at firewalls between')];
  }
  const certificate = route.transport === 'tls' ? await examineTheirCertificate(part, address, route.port, nameToVerify(route, config), config) : [];
  return [await askOptions(part, route, address, config, links), ...certificate];
}

async function askOptions(part: string, route: RouteConfig, address: string, config: Config, links: SipLinks | undefined): Promise<Finding> {
  const way = `${route.host}:${route.port} over ${route.transport}`;
  if (links === undefined) return warning(part, `${way}: not asked, for want of a SIP server of ours`, 'mend that first');
  const uri = `sip:${address.includes(':') ? `[${address}]` : address}:${route.port};transport=${route.transport}`;
  const name = nameToVerify(route, config);
  const headers = { From: `<sip:${config.domain}>;tag=${newId()}`, To: `<${uri}>`, 'Call-ID': newId(), CSeq: '1 OPTIONS' };
  const result = await links.request({ method: 'OPTIONS', uri, headers, proxy: name === undefined ? uri : `${uri};tls-name=${name}`, timeoutMs: QUESTION_MS });
  if (result.is === 'unsent') return problem(part, `${way}: OPTIONS could not be sent: ${result.why}`, 'look at the log of the SIP server that isthmus uses');
  if (result.is !== 'answered' || (result.synthetic && result.status === 408)) {
    return warning(part, `${way}: connected, and no answer to OPTIONS`, 'some servers never answer it; else let that server trust this host (isthmus print-config lync)');
  }
  if (result.synthetic) {
    const advice = route.transport === 'tls' ? 'docs/tls.md says which certificates are needed on either side' : 'the SIP server that isthmus uses could not reach it';
    return problem(part, `${way}: ${result.status} ${result.reason}`, advice);
  }
  const refused = [401, 403, 407].includes(result.status);
  const answer = `${way}: answers OPTIONS with ${result.status} ${result.reason}`;
  return refused ? warning(part, answer, 'let that server trust this host and not challenge it (isthmus print-config lync)') : ok(part, answer);
}
