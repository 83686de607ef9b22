import { z } from 'zod';
import { domainName, host, port, seconds, secret } from './fields';

export const xmppSchema = z.strictObject({
  mode: z
    .enum(['partitioned', 'subdomain'])
    .default('partitioned')
    .describe('partitioned: both servers serve the same domain, by the plug-in; subdomain: SIP users appear below the component, without a plug-in; docs/routing-modes.md'),
  host: host.default('127.0.0.1').describe('where the XMPP server takes component connections (XEP-0114)'),
  port: port.default(5347).describe('its component port'),
  component: domainName.describe("the component's own domain, e.g. isthmus.example.com"),
  tls: z
    .strictObject({
      ca: z.string().min(1).optional().describe('PEM file of the authorities that are believed; default: those of Node'),
      name: domainName.optional().describe('the name that the certificate must show; default: `host`'),
    })
    .optional()
    .describe('the link is wrapped in TLS from the first byte: stunnel or haproxy before the component port, or a listener with `tls: true` of ejabberd; docs/tls.md'),
  allowUnencrypted: z
    .boolean()
    .default(false)
    .describe('true: `host` may be another machine without `tls`; for a network that nobody else can read, such as that of docker compose'),
  secret: secret('the component secret').describe('the component secret; exactly one of the two'),
  selfTest: z
    .boolean()
    .default(true)
    .describe('at each connect prove that the plug-in is loaded and refuses stanzas in the name of local accounts'),
  downGraceSeconds: seconds
    .default(5)
    .describe('so long may the XMPP server be away before SIP watchers are told that its users are offline'),
});
