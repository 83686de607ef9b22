import type { Config, RouteConfig } from '../config/schema';

/** Management shell commands for Lync Server and Skype for Business Server, one block for each Microsoft route. */
export function printLync(config: Config): string {
  const routes = config.routes.filter((route) => route.dialect === 'microsoft');
  if (routes.length === 0) return '# No route of dialect microsoft is configured: nothing is to be done on that side.\n';
  return `# Replace ISTHMUS_FQDN and ISTHMUS_ADDRESS by the name and address at which isthmus' SIP server is reached,
# POOL_FQDN by the registrar pool, SITE by the site.
${routes.map((route) => block(config, route)).join('\n')}`;
}

function block(config: Config, route: RouteConfig): string {
  const port = route.transport === 'tls' ? 5061 : 5060;
  const domains = route.domains ?? [config.domain];
  return `
# Route "${route.name}": the server hands requests for users that it does not home to isthmus.
${domains.map((domain, index) => staticRoute(route, domain, index, port)).join('\n')}

# Trust: requests from isthmus are not challenged and not throttled.
New-CsTrustedApplicationPool -Identity ISTHMUS_FQDN -Registrar POOL_FQDN -Site SITE -ComputerFqdn ISTHMUS_FQDN \`
  -TreatAsAuthenticated $true -ThrottleAsServer $true -OutboundOnly $false -RequiresReplication $false
New-CsTrustedApplication -ApplicationId isthmus -TrustedApplicationPoolFqdn ISTHMUS_FQDN -Port ${port}${route.transport === 'tls' ? '' : ' -EnableTcp'}
Enable-CsTopology
`;
}

function staticRoute(route: RouteConfig, domain: string, index: number, port: number): string {
  const target =
    route.transport === 'tls'
      ? `-TLSRoute -Destination "ISTHMUS_FQDN" -Port ${port} -MatchUri "${domain}" -UseDefaultCertificate $true`
      : `-TCPRoute -Destination "ISTHMUS_ADDRESS" -Port ${port} -MatchUri "${domain}"`;
  return `$route${index} = New-CsStaticRoute ${target}
Set-CsStaticRoutingConfiguration -Identity global -Route @{Add=$route${index}}`;
}
