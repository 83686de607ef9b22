import type { Config } from '../config/schema';

/**
 * For peers that know a single address: haproxy in front of the SIP servers. It asks each by OPTIONS, which a worker answers
 * 200 only while it can really serve (docs/security.md), and hands TLS through as it is.
 */
export function printHaproxy(config: Config): string {
  const { server } = config.sip;
  const transports = [...new Set(config.routes.filter(({ enabled }) => enabled).map(({ transport }) => transport))];
  const streams = transports.filter((transport) => transport !== 'udp');
  const servers = server.type === 'drachtio' ? server.servers.map(({ name, host }) => ({ name, host })) : [{ name: 'isthmus', host: 'ISTHMUS_ADDRESS' }];
  return `# For /etc/haproxy/haproxy.cfg (2.4 or later). Replace LISTEN_ADDRESS by the address that the SIP peers are told${server.type === 'drachtio' ? '' : ', and\n# ISTHMUS_ADDRESS by that of the worker'}.
# isthmus sees haproxy's address instead of the peers': list it under sip.peers with the domains of all of them. Who may come
# through is therefore said here.
${transports.includes('udp') ? '# haproxy carries no UDP: peers that speak UDP need the address of a SIP server of ours.\n' : ''}${streams.map((transport) => section(config, transport, servers)).join('\n')}`;
}

function section(config: Config, transport: 'tcp' | 'tls', servers: readonly { readonly name: string; readonly host: string }[]): string {
  const port = portOf(config, transport);
  const { allow, peers: named } = config.sip;
  const hops = config.routes.filter(({ enabled }) => enabled).map(({ host }) => host);
  const peers = [...new Set([...hops, ...allow, ...named.flatMap(({ from }) => from ?? [])])].map((each) => each.replace(/^\[(.*)\]$/, '$1'));
  const isTls = transport === 'tls';
  return `
listen isthmus-${transport}
  bind LISTEN_ADDRESS:${port}
  mode tcp
${peers.map((peer) => `  acl peer src ${peer}`).join('\n')}
  tcp-request connection reject unless peer
  balance leastconn
  timeout connect 3s
  # Connections of SIP servers stay open for hours.
  timeout client 1h
  timeout server 1h
  option clitcpka
  option srvtcpka
  option tcp-check
  tcp-check connect${isTls ? ' ssl' : ''}
  tcp-check send "OPTIONS sip:${config.domain} SIP/2.0\\r\\n"
  tcp-check send-lf "Via: SIP/2.0/${transport.toUpperCase()} haproxy.invalid;branch=z9hG4bK%[uuid()];rport\\r\\n"
  tcp-check send "From: <sip:haproxy@${config.domain}>;tag=haproxy\\r\\n"
  tcp-check send "To: <sip:${config.domain}>\\r\\n"
  tcp-check send-lf "Call-ID: %[uuid()]\\r\\n"
  tcp-check send "CSeq: 1 OPTIONS\\r\\n"
  tcp-check send "Max-Forwards: 1\\r\\n"
  tcp-check send "Content-Length: 0\\r\\n\\r\\n"
  tcp-check expect string "SIP/2.0 200"
${servers.map(({ name, host }) => `  server ${name} ${host}:${port} check inter 2s fall 2 rise 2 on-marked-down shutdown-sessions${isTls ? ' verify none' : ''}`).join('\n')}
`;
}

/** Where our SIP servers take requests of this transport; a drachtio server's port is not in this configuration, so the usual one. */
export function portOf(config: Config, transport: 'udp' | 'tcp' | 'tls'): number {
  const { server } = config.sip;
  const listener = server.type === 'embedded' ? server.listen.find((each) => each.transport === transport) : undefined;
  return listener?.port ?? (transport === 'tls' ? 5061 : 5060);
}
