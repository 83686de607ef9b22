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
  secret: secret('the component secret').describe('the component secret; exactly one of the two'),
  selfTest: z
    .boolean()
    .default(true)
    .describe('at each connect prove that the plug-in is loaded and refuses stanzas in the name of local accounts'),
  downGraceSeconds: seconds
    .default(5)
    .describe('so long may the XMPP server be away before SIP watchers are told that its users are offline'),
});
