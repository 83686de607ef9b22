import type { Config } from '../config/schema';
import { interfaces, reach, reference } from './component-listener';

/**
 * For ejabberd's configuration (23.01 or later), as a file of its own: what it says of `listen` is added to what is there, and
 * `append_host_config` adds a module to those of a host.
 */
export function printEjabberd(config: Config): string {
  const { xmpp } = config;
  const partitioned = xmpp.mode === 'partitioned';
  return `# Save this as /etc/ejabberd/isthmus.yml, and add to ejabberd.yml the line
#   include_config_file: /etc/ejabberd/isthmus.yml
# Then restart ejabberd.

# 1. Where the gateway's connections come in. ${reach(xmpp, '#')}
#    The component must be alone in hosts${partitioned ? ': mod_isthmus trusts no listener that others share' : ''}. The secret is the one that
#    ${reference(xmpp.secret)} holds.
listen:
${interfaces(xmpp).map((ip) => listener(ip, xmpp)).join('')}${partitioned ? modules(config) : ''}`;
}

function listener(ip: string, { port, component }: Config['xmpp']): string {
  return `  - port: ${port}
    ip: ${quoted(ip)}
    module: ejabberd_service
    hosts:
      ${quoted(component)}:
        password: "PUT THE SECRET HERE"
`;
}

function modules({ domain, domains, xmpp }: Config): string {
  const host = (name: string): string => `  ${quoted(name)}:
    modules:
      mod_isthmus:
        component: ${quoted(xmpp.component)}
`;
  return `
# 2. Each served domain hands over what is for users without an account. ejabberd must find the compiled module:
#    plugins/ejabberd/README.md tells how to build it and where to put it. The domain must be one of ejabberd's hosts.
append_host_config:
${[domain, ...domains].map(host).join('')}`;
}

/** A YAML string. */
const quoted = (text: string): string => JSON.stringify(text);
