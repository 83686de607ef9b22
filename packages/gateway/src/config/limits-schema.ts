import { z } from 'zod';

const count = (fallback: number) => z.number().int().min(1).max(1_000_000).default(fallback);
const percent = (fallback: number) => z.number().int().min(1).max(100).default(fallback);

const ratesSchema = z.strictObject({
  sipPeerPerSecond: count(250).describe('requests out of dialog of one SIP peer; one more is answered 503 with Retry-After'),
  sipPeerMessagesPerSecond: count(3_000).describe('all messages of one SIP peer, answers included; more are read later, or dropped where they come by UDP (embedded SIP server only)'),
  sipStrangersPerSecond: count(100).describe('all messages of all hosts that are no peers together; the same becomes of more (embedded SIP server only)'),
  sipUserPerMinute: count(3_000).describe('requests out of dialog of one SIP user; one more is answered 500 with Retry-After'),
  xmppUserPerMinute: count(3_000).describe('messages, typing, presence subscriptions, probes and queries of one XMPP user; one more comes back with policy-violation'),
  allPerSecond: count(10_000).describe('requests out of dialog, messages and presence subscriptions of all together; one more is answered 503, or comes back with resource-constraint'),
});

const overloadSchema = z.strictObject({
  busyDelayMilliseconds: count(100).describe('so late on the average may the worker be with what it has to do; beyond it no new watches are taken'),
  overloadedDelayMilliseconds: count(400).describe('beyond it no new sessions and messages either'),
  busyPendingPercent: percent(40).describe('so much of maxPendingEvents may wait before no new watches are taken'),
  overloadedPendingPercent: percent(70).describe('so much before no new sessions and messages either'),
  busyStoreMilliseconds: count(300).describe('so long may a round trip to the store take before no new watches are taken'),
  overloadedStoreMilliseconds: count(1_000).describe('so long before no new sessions and messages either'),
  busyStalls: count(2).describe('so often in half a minute may the worker stand still (for 1.5 s or more) until no new watches are taken'),
  overloadedStalls: count(4).describe('so often until no new sessions and messages are taken either'),
});

export const limitsSchema = z.strictObject({
  maxPendingEvents: z.number().int().min(100).default(20_000).describe('events that wait for their turn in this worker'),
  maxCachedPairs: z.number().int().min(100).default(20_000).describe('records kept in memory beside the store'),
  maxUserContacts: count(2_000).describe('SIP users whom one XMPP user may watch; a subscription to one more comes back with policy-violation'),
  maxUserWatchers: count(5_000).describe('SIP users who may watch one XMPP user; the SUBSCRIBE of one more is answered 500 with Retry-After'),
  maxUserUndecided: count(200).describe('of these, SIP users about whom he has been asked and has not decided'),
  maxListedWatchers: z.number().int().min(1).max(2_000).default(200).describe('SIP users that the command "Who watches me" lists'),
  commandsPerMinute: z.number().int().min(1).default(60).describe('stages of ad-hoc commands that one user may send in a minute'),
  rates: ratesSchema.prefault({}).describe('how much is taken: so many at once, and as many again in each second or minute; what goes on in dialogs, refreshes and news are not counted'),
  overload: overloadSchema.prefault({}).describe('when a worker that has too much to do sheds new work, to keep what it has accepted'),
  recoveryPerSecond: z
    .number()
    .int()
    .min(1)
    .default(2_000)
    .describe('pairs that one worker looks after per second when a connection, a route or a server went or came back, and when refreshes have piled up; each costs the SIP server a SUBSCRIBE at most'),
});
