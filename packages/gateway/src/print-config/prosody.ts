import type { Config } from '../config/schema';

/** For Prosody's configuration file (0.12 or later). */
export function printProsody(config: Config): string {
  const { domain, xmpp } = config;
  const loopback = ['127.0.0.1', '::1', 'localhost'].includes(xmpp.host);
  return `-- 1. Copy plugins/prosody/mod_isthmus.lua and the folder isthmus beside it into a folder named by plugin_paths, e.g.
plugin_paths = { "/usr/local/lib/prosody/modules" }

-- 2. Where components connect. ${loopback ? 'Loopback only: the link carries no encryption of its own.' : `Keep ${xmpp.host}:${xmpp.port} reachable for the isthmus workers only: the link carries no encryption of its own.`}
component_ports = { ${xmpp.port} }
component_interfaces = { "${loopback ? '127.0.0.1' : xmpp.host}" }

-- 3. The served domain hands over what is for users without an account.
VirtualHost "${domain}"
  modules_enabled = { "isthmus" }  -- besides those that it has
  isthmus_component = "${xmpp.component}"

-- 4. The gateway itself. The secret is the one that ${reference(xmpp.secret)} holds.
Component "${xmpp.component}"
  component_secret = "PUT THE SECRET HERE"
`;
}

function reference(secret: Config['xmpp']['secret']): string {
  return secret.file === undefined ? `the environment variable ${secret.env}` : secret.file;
}
