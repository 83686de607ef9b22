-- Prosody for docker compose. Clients need TLS: put a certificate for the domain into /etc/prosody/certs.
local domain = os.getenv("ISTHMUS_DOMAIN") or "example.com"
local component = os.getenv("ISTHMUS_COMPONENT") or ("isthmus." .. domain)

plugin_paths = { "/usr/local/lib/prosody/isthmus" }
data_path = "/var/lib/prosody"
log = { info = "*console" }

modules_enabled = {
  "roster"; "saslauth"; "tls"; "disco"; "carbons"; "blocklist"; "vcard4"; "vcard_legacy"; "ping"; "time"; "version";
}
authentication = "internal_hashed"
c2s_require_encryption = true
certificates = "certs"

-- The workers connect from the compose network; the port is not published.
component_ports = { 5347 }
component_interfaces = { "*" }

VirtualHost(domain)
  modules_enabled = { "isthmus" }
  isthmus_component = component

Component(component)
  component_secret = os.getenv("COMPONENT_SECRET")
