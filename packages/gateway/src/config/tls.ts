import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { credentialProblems, type TlsOptions } from '@isthmus/sipd';
import { pemProblems } from './pem-files';
import type { ConfigProblem } from './problem';
import type { Config, RouteConfig } from './schema';

/** TLS of the embedded SIP server; undefined where it has none. */
export function sipTls({ sip: { server } }: Config): TlsOptions | undefined {
  if (server.type !== 'embedded' || server.tls === undefined) return undefined;
  const { handshakeSeconds, maxHandshakes, name, client, ...files } = server.tls;
  const optional = { ...(name !== undefined && { name }), ...(client !== undefined && { client }) };
  return { ...files, ...optional, handshakeMs: handshakeSeconds * 1_000, handshakes: maxHandshakes };
}

/**
 * The name that the certificate of a route's next hop must show; undefined without TLS, for a host that is an address, and for
 * drachtio, which cannot be told. Next hops are addresses by the time the SIP server is asked to reach them.
 */
export function nameToVerify({ transport, tls, host }: RouteConfig, { sip: { server } }: Config): string | undefined {
  if (transport !== 'tls' || server.type !== 'embedded') return undefined;
  return tls?.name ?? (isIP(host.replace(/^\[(.*)\]$/, '$1')) === 0 ? host : undefined);
}

/** TLS of the link to the XMPP server. */
export function xmppTls({ xmpp }: Config): { readonly ca?: Buffer; readonly name?: string } | undefined {
  if (xmpp.tls === undefined) return undefined;
  const { ca, name } = xmpp.tls;
  return { ...(ca !== undefined && { ca: readFileSync(ca) }), ...(name !== undefined && { name }) };
}

/** TLS to an anchor, as the links want it. */
export function serverTls(tls: { readonly ca?: string | undefined; readonly name?: string | undefined } | undefined): { tls?: { ca?: Buffer; name?: string } } {
  if (tls === undefined) return {};
  const { ca, name } = tls;
  return { tls: { ...(ca !== undefined && { ca: readFileSync(ca) }), ...(name !== undefined && { name }) } };
}

/** What is wrong with the files that TLS names: missing, not to be read, expired, a key of another certificate. */
export function tlsFileProblems(config: Config): readonly ConfigProblem[] {
  const sip = sipTls(config);
  const sipProblems = sip === undefined ? [] : credentialProblems(sip, Date.now());
  const { server } = config.sip;
  const servers = server.type === 'drachtio' ? server.servers : [];
  return [
    ...sipProblems.map(({ option, message }) => ({ path: `sip.server.tls.${option}`, message })),
    ...pemProblems('xmpp.tls', { ca: config.xmpp.tls?.ca }),
    ...servers.flatMap(({ tls }, index) => pemProblems(`sip.server.servers.${index}.tls`, { ca: tls?.ca })),
  ];
}

/** Settings of TLS that are right alone and wrong together. */
export function aboutTls(config: Config): ConfigProblem[] {
  return [...aboutListeners(config), ...aboutRoutes(config), ...aboutPeers(config), ...aboutXmpp(config)];
}

function aboutListeners({ sip: { server } }: Config): ConfigProblem[] {
  if (server.type !== 'embedded') return [];
  const listens = server.listen.some(({ transport }) => transport === 'tls');
  if (listens && server.tls === undefined) {
    return [{ path: 'sip.server.tls', message: 'is missing: a listener with transport tls needs certificate, key and ca (docs/tls.md)' }];
  }
  if (!listens && server.tls !== undefined) return [{ path: 'sip.server.tls', message: 'needs an entry of sip.server.listen with transport tls' }];
  return [];
}

function aboutRoutes({ routes, sip: { server } }: Config): ConfigProblem[] {
  return routes.flatMap(({ tls, transport }, index) => {
    if (tls === undefined) return [];
    if (transport !== 'tls') return [{ path: `routes.${index}.tls`, message: 'needs transport tls' }];
    if (server.type === 'embedded') return [];
    return [{ path: `routes.${index}.tls.name`, message: 'a drachtio server cannot be told which name a certificate must show: give host as that name' }];
  });
}

/** Certificates are seen only where the embedded server takes TLS (drachtio.md DR-33). */
function aboutPeers({ sip: { peers, server } }: Config): ConfigProblem[] {
  const why =
    server.type === 'drachtio'
      ? 'a drachtio server does not show the certificate of a peer: give its addresses in from'
      : server.tls === undefined
        ? 'needs an entry of sip.server.listen with transport tls: without TLS no peer proves a name'
        : server.tls.clientCertificates === 'none'
          ? 'contradicts sip.server.tls.clientCertificates none: peers are not asked for a certificate'
          : undefined;
  if (why === undefined) return [];
  return peers.flatMap(({ tlsNames }, index) => (tlsNames === undefined ? [] : [{ path: `sip.peers.${index}.tlsNames`, message: why }]));
}

/** The link carries the component secret's hash and every message in the clear (SEC-1). */
function aboutXmpp({ xmpp }: Config): ConfigProblem[] {
  const { host, tls, allowUnencrypted } = xmpp;
  if (tls !== undefined && allowUnencrypted) return [{ path: 'xmpp.allowUnencrypted', message: 'contradicts xmpp.tls: leave one of them out' }];
  if (tls === undefined && !allowUnencrypted && !isLoopback(host)) {
    const message = `${host} is another machine, and the link carries no encryption of its own: wrap it in TLS (xmpp.tls, docs/tls.md), or set xmpp.allowUnencrypted: true if nobody else can read that network`;
    return [{ path: 'xmpp.host', message }];
  }
  return [];
}

/** Is this host the machine itself, by every address it may have? */
export function isLoopback(host: string): boolean {
  const plain = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return plain === 'localhost' || plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'));
}
