import type { Config } from '../config/schema';
import { interfaces, reach, reference } from './component-listener';

/**
 * For Prosody's configuration file (0.12 or later). Hosts are written with their options in braces: an option that merely
 * follows a host belongs to that host, so the server-wide ones would be lost when this is pasted below other hosts.
 */
export function printProsody(config: Config): string {
  const { xmpp } = config;
  return xmpp.mode === 'partitioned' ? partitioned(config) : plain(config);
}

/** Subdomain mode: a component like any other. */
function plain({ xmpp }: Config): string {
  return `-- Save this as a file in /etc/prosody/conf.d/, or paste it at the end of prosody.cfg.lua. Then restart Prosody.

-- 1. The gateway. The secret is the one that ${reference(xmpp.secret)} holds. No plug-in is needed in subdomain mode.
Component ${lua(xmpp.component)} {
  component_secret = "PUT THE SECRET HERE";
}

-- 2. Server-wide: where components connect. ${reach(xmpp, '--')}
component_ports = { ${xmpp.port} }
component_interfaces = { ${interfaces(xmpp).map(lua).join(', ')} }

-- 3. Server-wide: small stanzas go out at once. Without it typing and presence may lag by 40 ms.
network_settings = { nagle = false }
`;
}

function partitioned({ domain, domains, xmpp }: Config): string {
  return `-- Save this as a file in /etc/prosody/conf.d/, or paste it at the end of prosody.cfg.lua. Then restart Prosody.

-- 1. The served domain hands over what is for users without an account.
--    If your configuration has this VirtualHost already, add its two lines there and leave this block out:
--    a second block would replace the modules_enabled of the first.
VirtualHost ${lua(domain)} {
  modules_enabled = { "isthmus" };
  isthmus_component = ${lua(xmpp.component)};
${further(domains)}}
${domains.map(furtherHost).join('')}
-- 2. The gateway. The secret is the one that ${reference(xmpp.secret)} holds.
Component ${lua(xmpp.component)} {
  component_secret = "PUT THE SECRET HERE";
}

-- 3. Server-wide. A folder that holds plugins/prosody/mod_isthmus.lua and the folder isthmus beside it.
--    If your configuration has plugin_paths already, use its folder and leave this line out.
plugin_paths = { "/usr/local/lib/prosody/modules" }

-- 4. Server-wide: where components connect. ${reach(xmpp, '--')}
component_ports = { ${xmpp.port} }
component_interfaces = { ${interfaces(xmpp).map(lua).join(', ')} }

-- 5. Server-wide: small stanzas go out at once. Without it typing and presence may lag by 40 ms.
network_settings = { nagle = false }
`;
}

function further(domains: readonly string[]): string {
  return domains.length === 0 ? '' : `  isthmus_domains = { ${domains.map(lua).join(', ')} };\n`;
}

function furtherHost(domain: string): string {
  return `--    Served by the module above, which is not loaded here. If your configuration has this VirtualHost, leave it as it is.
VirtualHost ${lua(domain)} {
}
`;
}

/** A Lua string: quotes and backslashes escaped, everything else as it is (Lua strings are bytes). */
function lua(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
