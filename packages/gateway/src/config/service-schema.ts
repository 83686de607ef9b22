import { z } from 'zod';
import { host } from './fields';

/** What every long-running command has: a page of its own, and a log. */

export const httpSchema = z
  .strictObject({
    host: host.default('127.0.0.1').describe('own address to listen on'),
    port: z.number().int().min(0).max(65_535).default(9470).describe('0: any free one'),
  })
  .prefault({})
  .describe('health and metrics: /healthz, /readyz, /metrics');

export const logSchema = z
  .strictObject({
    level: z
      .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'])
      .default('info')
      .describe('the least that is written; trace and debug are for a short time only'),
    addresses: z
      .enum(['plain', 'hashed'])
      .default('plain')
      .describe('users’ addresses in the log: as they are, or as a keyed hash (docs/log-fields.md says how to find a user)'),
  })
  .prefault({})
  .describe('JSON lines on standard output');
