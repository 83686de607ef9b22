import { z } from 'zod';
import { domainName, host, port, secret } from './fields';

const memoryStore = z.strictObject({
  type: z.literal('memory').describe('one process only; everything is forgotten when it stops'),
});
const redisStore = z.strictObject({
  type: z.literal('redis').describe('shared by all workers; outlives them'),
  mode: z
    .enum(['single', 'sentinel', 'cluster'])
    .default('single')
    .describe('single: one server; sentinel: a master with replicas, which Sentinels watch; cluster: Redis Cluster; docs/redis.md'),
  host: host.optional().describe('mode single: where Redis is; default: 127.0.0.1'),
  port: port.optional().describe('mode single: its port; default: 6379'),
  sentinels: z
    .array(z.strictObject({ host: host.describe('where a Sentinel is'), port: port.default(26_379).describe('its port') }))
    .optional()
    .describe('mode sentinel: the Sentinels'),
  masterName: z.string().min(1).optional().describe('mode sentinel: what the Sentinels call the master (`sentinel monitor NAME`)'),
  sentinelPassword: secret('the password of the Sentinels').optional().describe('mode sentinel: where they want one; exactly one of the two'),
  nodes: z
    .array(z.strictObject({ host: host.describe('where a node is'), port: port.default(6379).describe('its port') }))
    .optional()
    .describe('mode cluster: some of the nodes; the others are learned from them'),
  database: z.number().int().min(0).default(0).describe('number of the logical database; a cluster has 0 only'),
  username: z.string().min(1).optional().describe("user of Redis's access list (ACL); default: the default user"),
  password: secret('the Redis password').optional().describe('when Redis wants one; exactly one of the two'),
  tls: z
    .strictObject({
      ca: z.string().min(1).optional().describe('PEM file of the authorities that are believed; default: those of Node'),
      name: domainName.optional().describe('the name that certificates must show; default: the host that is connected to'),
      certificate: z.string().min(1).optional().describe('PEM file of our own certificate, where Redis wants one (tls-auth-clients)'),
      key: z.string().min(1).optional().describe('PEM file of its key'),
    })
    .optional()
    .describe('TLS to Redis, and to the Sentinels'),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9_.:-]{1,64}$/, 'may hold 1 to 64 letters, digits and _ . : - only')
    .default('isthmus:')
    .describe('first part of every key; two installations on one Redis need different ones'),
});

export const storeSchema = z.discriminatedUnion('type', [memoryStore, redisStore]).default({ type: 'memory' });
