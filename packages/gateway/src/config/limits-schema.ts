import { z } from 'zod';
import {  } from './fields';

export const limitsSchema = z.strictObject({
  maxPendingEvents: z.number().int().min(100).default(20_000).describe('events that wait for their turn in this worker'),
  maxCachedPairs: z.number().int().min(100).default(20_000).describe('records kept in memory beside the store'),
  maxListedWatchers: z.number().int().min(1).max(2_000).default(200).describe('SIP users that the command "Who watches me" lists'),
  commandsPerMinute: z.number().int().min(1).default(60).describe('stages of ad-hoc commands that one user may send in a minute'),
  recoveryPerSecond: z
    .number()
    .int()
    .min(1)
    .default(2_000)
    .describe('pairs that one worker looks after per second when a connection, a route or a server went or came back, and when refreshes have piled up; each costs the SIP server a SUBSCRIBE at most'),
});
