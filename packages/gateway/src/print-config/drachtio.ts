import type { Config } from '../config/schema';

/** drachtio.conf.xml for one server. */
export function printDrachtio(config: Config): string {
  const { server } = config.sip;
  const admin = server.type === 'drachtio' ? server.servers[0] : undefined;
  const transports = new Set(config.routes.map((route) => route.transport));
  const contacts = [...transports].map(
    (transport) => `    <contact>sip:LISTEN_ADDRESS:${transport === 'tls' ? 5061 : 5060};transport=${transport}</contact>`,
  );
  return `<!-- drachtio.conf.xml. Replace LISTEN_ADDRESS by the address that the SIP peers reach, and the secret by your own. -->
<drachtio>
  <!-- The admin port is not protected by its secret alone: keep it on loopback or behind a firewall. -->
  <admin port="${admin?.port ?? 9022}" secret="PUT THE SECRET HERE">${admin?.host ?? '127.0.0.1'}</admin>
  <sip>
   <contacts>
${contacts.join('\n')}
   </contacts>
   <timers>
    <!-- A silent next hop is given up after 4 s instead of 32. -->
    <t1>500</t1><t2>4000</t2><t4>5000</t4><t1x64>4000</t1x64>
   </timers>
  </sip>
  <!-- Never debug: that level logs the secret and every message. -->
  <logging><console/><sofia-loglevel>2</sofia-loglevel><loglevel>info</loglevel></logging>
</drachtio>
${transports.has('tls') ? '<!-- TLS: also set DRACHTIO_TLS_VERIFY_CLIENT_CERT=1 in its environment, or no certificate is checked. -->\n' : ''}`;
}
