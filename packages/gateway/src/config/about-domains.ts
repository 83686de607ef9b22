import { preparedDomain, servedDomains, sipDomains } from './domain';
import type { ConfigProblem } from './problem';
import type { Config } from './schema';

/** Domains that are right alone and wrong together. */
export function aboutDomains(config: Config): ConfigProblem[] {
  const served = servedDomains(config);
  const [component, shown] = [preparedDomain(config.xmpp.component), [config.domain, ...config.domains].join(', ')];
  const twice = config.domains.flatMap((domain, index) =>
    served.indexOf(preparedDomain(domain)) === index + 1 ? [] : [{ path: `domains.${index}`, message: `${domain} is served already: name each domain once, in domain or in domains` }],
  );
  const clash = served.includes(component) ? [{ path: 'xmpp.component', message: `must differ from the served domains (${shown})` }] : [];
  const strangers = config.administrators.flatMap((jid, index) =>
    served.includes(preparedDomain(jid)) ? [] : [{ path: `administrators.${index}`, message: `must be a user of a served domain (${shown})` }],
  );
  return [...twice, ...clash, ...strangers, ...aboutFederation(config, served), ...aboutSubdomain(config, served, component)];
}

function aboutFederation({ federation }: Config, served: readonly string[]): ConfigProblem[] {
  return (['xmppDomains', 'sipToXmpp'] as const).flatMap((list) =>
    federation[list].flatMap((pattern, index) =>
      served.includes(preparedDomain(pattern)) ? [{ path: `federation.${list}.${index}`, message: `${pattern} is a served domain: its users need no permission` }] : [],
    ),
  );
}

function aboutSubdomain(config: Config, served: readonly string[], component: string): ConfigProblem[] {
  const { sipDomains: configured, appearAs } = config.subdomain;
  const path = (name: string): string => `subdomain.${name}`;
  if (config.xmpp.mode === 'partitioned') {
    const idle = [...(configured === undefined ? [] : ['sipDomains']), ...(Object.keys(appearAs).length === 0 ? [] : ['appearAs'])];
    return idle.map((name) => ({ path: path(name), message: 'needs xmpp.mode subdomain: in partitioned mode nobody is renamed' }));
  }
  const sip = sipDomains(config);
  const problems: ConfigProblem[] = [];
  if (configured === undefined && !component.includes('.')) problems.push({ path: path('sipDomains'), message: `is missing: ${component} has no first label to leave out` });
  if (sip.includes(component)) problems.push({ path: path('sipDomains'), message: `must not hold the component (${component})` });
  if (new Set(sip).size < sip.length) problems.push({ path: path('sipDomains'), message: 'must not name a domain twice' });
  const shownAs = new Map(Object.entries(appearAs).map(([xmpp, domain]) => [preparedDomain(xmpp), preparedDomain(domain)]));
  for (const xmpp of shownAs.keys()) if (!served.includes(xmpp)) problems.push({ path: path(`appearAs.${xmpp}`), message: 'is not a served domain' });
  const appearances = served.map((domain) => shownAs.get(domain) ?? domain);
  if (new Set(appearances).size < appearances.length) problems.push({ path: path('appearAs'), message: 'must give each domain another appearance: two of them would have the same users' });
  return problems;
}

/** A list of SIP users that nobody reads, or that is missing. */
export function aboutRouting({ routing, store }: Config): ConfigProblem[] {
  const { mode, sipUsers } = routing;
  if (mode === 'basic') return sipUsers === undefined ? [] : [{ path: 'routing.sipUsers', message: 'needs routing.mode advanced: in mode basic nobody asks for the list' }];
  if (sipUsers === undefined) return [{ path: 'routing.sipUsers', message: 'is missing: mode advanced needs the list of SIP users' }];
  return sipUsers.type === 'redis' && store.type !== 'redis' ? [{ path: 'routing.sipUsers.type', message: 'redis needs store.type redis' }] : [];
}
