import type { Config, RouteConfig } from '../config/schema';
import { portOf } from './haproxy';

/** Management shell commands for Lync Server and Skype for Business Server, steps in words for LCS and OCS. */
export function printLync(config: Config): string {
  const routes = config.routes.filter((route) => route.dialect === 'microsoft');
  if (routes.length === 0) return '# No route of dialect microsoft is configured: nothing is to be done on that side.\n';
  const name = nameOf(config);
  const text = `# Replace ${name === undefined ? 'ISTHMUS_FQDN by the name and ' : ''}ISTHMUS_ADDRESS by the address at which isthmus' SIP server is reached, POOL_FQDN by
# the registrar pool, SITE by the site.
${routes.map((route) => (route.variant === 'lync' ? commands(config, route) : steps(config, route))).join('\n')}`;
  return name === undefined ? text : text.replaceAll('ISTHMUS_FQDN', name);
}

/** The name that our certificate is for: by it the front ends know us. */
function nameOf({ sip: { server } }: Config): string | undefined {
  return server.type === 'embedded' ? server.tls?.name : undefined;
}

function commands(config: Config, route: RouteConfig): string {
  const port = portOf(config, route.transport);
  return `
# Route "${route.name}": the server hands requests for users that it does not home to isthmus.
${domainsOf(config, route).map((domain, index) => staticRoute(route, domain, index, port)).join('\n')}

# Trust: requests from isthmus are not challenged and not throttled.${route.transport === 'tls' ? '' : TCP_NOTE}
New-CsTrustedApplicationPool -Identity ISTHMUS_FQDN -Registrar POOL_FQDN -Site SITE -ComputerFqdn ISTHMUS_FQDN \`
  -TreatAsAuthenticated $true -ThrottleAsServer $true -OutboundOnly $false -RequiresReplication $false
New-CsTrustedApplication -ApplicationId isthmus -TrustedApplicationPoolFqdn ISTHMUS_FQDN -Port ${port}${route.transport === 'tls' ? '' : ' -EnableTcp'}
Enable-CsTopology
`;
}

const TCP_NOTE = `
# Microsoft supports trusted peers over TLS only: give this route "transport: tls" (docs/tls.md).`;

function staticRoute(route: RouteConfig, domain: string, index: number, port: number): string {
  const target =
    route.transport === 'tls'
      ? `-TLSRoute -Destination "ISTHMUS_FQDN" -Port ${port} -MatchUri "${domain}" -UseDefaultCertificate $true`
      : `-TCPRoute -Destination "ISTHMUS_ADDRESS" -Port ${port} -MatchUri "${domain}"`;
  return `$route${index} = New-CsStaticRoute ${target}
Set-CsStaticRoutingConfiguration -Identity global -Route @{Add=$route${index}}`;
}

/** Live Communications Server and Office Communications Server have no such commands; the settings are those of the same names. */
function steps(config: Config, route: RouteConfig): string {
  const target = `${route.transport === 'tls' ? 'ISTHMUS_FQDN' : 'ISTHMUS_ADDRESS'}, port ${portOf(config, route.transport)}, ${route.transport.toUpperCase()}`;
  return `
# Route "${route.name}" (${route.variant.toUpperCase()}), in the properties of the front end or pool:
${domainsOf(config, route).map((domain) => `# - Routing: add a static route, domain "${domain}", next hop ${target}.`).join('\n')}
# - Host Authorization: add ISTHMUS_ADDRESS with "Throttle as server" and "Treat as authenticated", without "Outbound only".
`;
}

/** In subdomain mode: the domains in which XMPP users appear, and nobody else lives. */
function appearances(config: Config): readonly string[] {
  const { appearAs } = config.subdomain;
  return [config.domain, ...config.domains].map((domain) => appearAs[domain] ?? domain);
}

/** A static route of that side is for one domain; a wildcard of ours stands for domains that are not named here. */
function domainsOf(config: Config, route: RouteConfig): readonly string[] {
  if (config.xmpp.mode === 'subdomain') return appearances(config);
  const named = (route.domains ?? []).filter((pattern) => !pattern.startsWith('*'));
  return named.length > 0 ? named : [config.domain, ...config.domains];
}
