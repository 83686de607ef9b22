-- Prosody for docker compose.
local domain = os.getenv("ISTHMUS_DOMAIN") or "example.com"
local component = os.getenv("ISTHMUS_COMPONENT") or ("isthmus." .. domain)

plugin_paths = { "/usr/local/lib/prosody/isthmus" }
data_path = "/var/lib/prosody"
pidfile = "/run/prosody/prosody.pid"
log = { info = "*console" }

modules_enabled = {
  "roster"; "saslauth"; "tls"; "disco"; "carbons"; "blocklist"; "pep"; "vcard4"; "vcard_legacy"; "smacks"; "ping"; "time"; "version";
  "admin_shell";
}
-- No traffic with other domains: this topology is about one, and port 5269 is not published.
modules_disabled = { "s2s" }
authentication = "internal_hashed"
c2s_require_encryption = true
-- start.sh puts it there.
certificates = "/var/lib/prosody/certs"

-- The workers connect from the compose network; the port is not published.
component_ports = { 5347 }
component_interfaces = { "*" }
-- Small stanzas go out at once.
network_settings = { nagle = false }

VirtualHost(domain)
  modules_enabled = { "isthmus" }
  isthmus_component = component

-- The secret is absent when prosodyctl reads this file; it does not need it.
Component(component)
  component_secret = os.getenv("COMPONENT_SECRET")
