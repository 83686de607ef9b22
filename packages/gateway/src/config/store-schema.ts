import { z } from 'zod';
import { host, port, secret } from './fields';

const memoryStore = z.strictObject({
  type: z.literal('memory').describe('one process only; everything is forgotten when it stops'),
});
const redisStore = z.strictObject({
  type: z.literal('redis').describe('shared by all workers; outlives them'),
  host: host.default('127.0.0.1').describe('where Redis is'),
  port: port.default(6379).describe('its port'),
  database: z.number().int().min(0).default(0).describe('number of the logical database'),
  password: secret('the Redis password').optional().describe('when Redis wants one; exactly one of the two'),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9_.:-]{1,64}$/, 'may hold 1 to 64 letters, digits and _ . : - only')
    .default('isthmus:')
    .describe('first part of every key; two installations on one Redis need different ones'),
});

export const storeSchema = z.discriminatedUnion('type', [memoryStore, redisStore]).default({ type: 'memory' });
