import { isIP } from 'node:net';
import type { Config } from '../config/schema';

const DEFAULT_ADMIN_PORT = 9022;

/** drachtio.conf.xml for one server. */
export function printDrachtio(config: Config): string {
  const { server, requestTimeoutSeconds } = config.sip;
  const admin = server.type === 'drachtio' ? server.servers[0] : undefined;
  const transports = new Set(config.routes.map((route) => route.transport));
  const contacts = [...transports].map(
    (transport) => `      <contact>sip:LISTEN_ADDRESS:${transport === 'tls' ? 5061 : 5060};transport=${transport}</contact>`,
  );
  return `<!-- /etc/drachtio.conf.xml${admin === undefined ? '' : ` of the server "${admin.name}"`}. Replace LISTEN_ADDRESS by the address that the SIP peers reach, and the secret. -->
<drachtio>
  <!-- Let nobody but the isthmus workers reach the admin port: the secret alone does not protect it. -->
  <admin port="${admin?.port ?? DEFAULT_ADMIN_PORT}" secret="PUT THE SECRET HERE">${adminAddress(admin?.host)}</admin>
  <sip>
    <contacts>
${contacts.join('\n')}
    </contacts>
    <timers>
      <!-- A silent next hop is given up after sip.requestTimeoutSeconds instead of 32 s. -->
      <t1>500</t1>
      <t2>4000</t2>
      <t4>5000</t4>
      <t1x64>${requestTimeoutSeconds * 1_000}</t1x64>
    </timers>
${transports.has('tls') ? TLS : ''}  </sip>
  <!-- Never debug: that level logs the secret and every message. -->
  <logging>
    <console/>
    <sofia-loglevel>2</sofia-loglevel>
    <loglevel>info</loglevel>
  </logging>
</drachtio>
`;
}

/** The server binds to an address; a name is what the workers call it, and says nothing about the interface. */
function adminAddress(host = '127.0.0.1'): string {
  return isIP(host) === 0 ? '0.0.0.0' : host;
}

const TLS = `    <!-- Also set DRACHTIO_TLS_VERIFY_CLIENT_CERT=1 in the server's environment, or no certificate is checked. -->
    <tls>
      <key-file>/etc/drachtio/key.pem</key-file>
      <cert-file>/etc/drachtio/cert.pem</cert-file>
      <chain-file>/etc/drachtio/chain.pem</chain-file>
    </tls>
`;
