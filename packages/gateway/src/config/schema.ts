import { DEFAULT_SETTINGS } from '@isthmus/engine';
import { DOCUMENTS } from '@isthmus/rules';
import { z } from 'zod';
import { isNetwork } from '../access';
import { isDomain } from './domain';
import { administratorsSchema, policySchema } from './policy-schema';
import { clientFamilySchema, tablesSchema } from './tables';

/**
 * The configuration file. Units are in the names. Secrets are never written here: a file or an environment variable is
 * named instead. docs/config.md is generated from the descriptions; config.example.yaml is checked against this schema.
 */

const port = z.number().int().min(1).max(65_535);
const host = z.string().min(1);
const seconds = z.number().int().min(1);
const domainName = z
  .string()
  .min(1)
  .max(255)
  .refine((text) => /^[^\s@/:]+$/.test(text) && isDomain(text), 'must be a domain name, without user, port or slash');

/** A secret by reference: exactly one of the two. */
function secret(what: string) {
  return z
    .strictObject({
      file: z.string().min(1).optional().describe(`path of a file that holds ${what}; surrounding white space is cut off`),
      env: z.string().min(1).optional().describe(`name of the environment variable that holds ${what}`),
    })
    .refine((s) => (s.file === undefined) !== (s.env === undefined), 'give either file or env, not both and not none');
}

const xmpp = z.strictObject({
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

const listener = z.strictObject({
  transport: z.enum(['udp', 'tcp']).describe('transport of this listener'),
  host: host.default('127.0.0.1').describe('own address to listen on; the SIP peers must reach it'),
  port: z.number().int().min(0).max(65_535).default(5060).describe('0: any free one'),
});
const embeddedServer = z.strictObject({
  type: z.literal('embedded').describe('the built-in SIP server: one process, UDP and TCP, no TLS'),
  listen: z.array(listener).min(1).describe('where it takes requests'),
});
const drachtioServer = z.strictObject({
  type: z.literal('drachtio').describe('one or more drachtio servers, or sipd processes'),
  servers: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^[A-Za-z0-9_-]{1,32}$/, 'may hold 1 to 32 letters, digits and _ - only')
          .describe('unique among the servers; dialogs remember it, so it must stay'),
        host: host.describe('where its admin port is'),
        port: port.default(9022).describe('its admin port'),
        secret: secret('the secret of the admin port').describe('the secret of the admin port; exactly one of the two'),
      }),
    )
    .min(1)
    .describe('all of them; new requests go to any that is connected'),
});

const sip = z.strictObject({
  server: z.discriminatedUnion('type', [embeddedServer, drachtioServer]).describe('the SIP stack that this worker uses'),
  allow: z
    .array(z.string().refine(isNetwork, 'must be an address or a network such as 192.0.2.0/24'))
    .default([])
    .describe('addresses or networks (CIDR) from which requests are taken, besides the next hops that are addresses'),
  requestTimeoutSeconds: seconds.default(10).describe('deadline for the answer to any request of ours but INVITE'),
  inviteTimeoutSeconds: seconds.default(90).describe('deadline for the answer to INVITE: the far user may have to click'),
  healthIntervalSeconds: seconds.default(5).describe('pause between two OPTIONS to a next hop'),
  downGraceSeconds: z
    .number()
    .int()
    .min(0)
    .default(3)
    .describe('so long may the SIP servers of a domain be away, once found down, before its contacts are shown offline'),
});

const route = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_.-]+$/, 'may hold letters, digits and _ . - only').describe('in logs and metrics'),
  domains: z.array(domainName).optional().describe('domains whose SIP users are behind this route; default: `domain`'),
  host: host.describe('the next hop'),
  port: port.default(5060).describe('its port'),
  transport: z.enum(['udp', 'tcp', 'tls']).default('tcp').describe('transport to it'),
  streamOnly: z
    .boolean()
    .default(false)
    .describe('every hop up to the SIP users\' devices is TCP or TLS, so texts outside of a session may exceed 1,300 bytes (RFC 3428)'),
  dialect: z.enum(['microsoft', 'simple']).describe('how the server there speaks: OCS, Lync and the like, or any standard SIP/SIMPLE server'),
  variant: z.enum(['lcs', 'ocs', 'lync']).default('lync').describe('which Microsoft server; without meaning for simple'),
  presence: z
    .enum(['msrtc', 'pidf'])
    .default('msrtc')
    .describe('what we ask a Microsoft server for: its own richer document where it has one, or PIDF only'),
  documents: z
    .enum(DOCUMENTS)
    .optional()
    .describe(
      'the richest presence document that Microsoft clients are sent, as far as they accept it: categories or msrtc also tell do not disturb, be right back, on the phone and notes, pidf four states only; default: msrtc for lcs, categories for ocs and lync',
    ),
  messageStatus: z
    .union([z.literal(200), z.literal(202)])
    .default(200)
    .describe('the answer to a text out of dialog that the XMPP server has taken: 200 (RFC 7572) or 202 (RFC 3428)'),
  receipts: z
    .enum(['answer', 'report', 'off'])
    .optional()
    .describe('what confirms a text to an XMPP client that asks (XEP-0184): the answer 200, a delivery report of the far client (IMDN, RFC 5438; dialect simple), or nothing; default: answer for microsoft, off for simple'),
  assumeSentSeconds: z
    .number()
    .int()
    .min(0)
    .max(60)
    .optional()
    .describe('a text in a session that has no answer after so long counts as sent, since clients of LCS 2005 may never answer; 0: no answer is a failure; default: 3 for variant lcs, else 0'),
  approval: z
    .enum(['answer', 'state'])
    .default('answer')
    .describe('when a contact there counts as having approved an XMPP user: at its first answer, or when it first shows another state than offline'),
});

const engine = DEFAULT_SETTINGS;
const messaging = z.strictObject({
  sessionIdleSeconds: seconds.default(engine.sessionIdleSeconds).describe('a session without a message for so long is ended'),
  maxQueuedMessages: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(engine.maxQueuedMessages)
    .describe('messages that wait for one recipient; one more is returned to its sender'),
  maxQueuedBytes: z
    .number()
    .int()
    .min(10_000)
    .max(10_000_000)
    .default(engine.maxQueuedBytes)
    .describe('bytes of text that wait for one recipient; what is beyond is returned to its sender'),
  deliverWithinSeconds: seconds
    .default(engine.deliverWithinSeconds)
    .describe('a message that waits for so long (the far user does not answer, a server is away) is returned to its sender; more than sip.inviteTimeoutSeconds'),
  lateErrors: z
    .enum(['notice', 'drop'])
    .default(engine.lateErrors)
    .describe('an error of the XMPP side that comes after a text of the SIP user was answered 200: he is told by a text in the name of his contact, or not at all'),
  typingTimeoutSeconds: seconds.default(engine.typingTimeoutSeconds).describe('a typing indication without news is over after so long'),
  maxMessageBytes: z
    .number()
    .int()
    .min(1_000)
    .max(1_000_000)
    .default(10_000)
    .describe('the longest text that is carried, bytes of UTF-8; a drachtio server takes no more than about 11,000'),
  headlines: z.enum(['carry', 'ignore']).default('ignore').describe('what becomes of XMPP messages of type headline'),
  encrypted: z
    .enum(['refuse', 'fallback'])
    .default('refuse')
    .describe('end-to-end encrypted XMPP messages: back to their sender, or the fallback text that comes with them to the SIP user'),
  emoticons: z
    .enum(['unchanged', 'emoji'])
    .default('unchanged')
    .describe('text codes of SIP users such as :) become emoji for XMPP users, and emoji text codes, by docs/tables/emoticons.md'),
  reactions: z.enum(['text', 'ignore']).default('text').describe('XMPP reactions: the SIP user gets the emoji as a text, or nothing'),
});
const availability = z.strictObject({
  watchExpiresSeconds: seconds.default(engine.watchExpiresSeconds).describe('the Expires that our SUBSCRIBE asks for'),
  minExpiresSeconds: seconds.default(engine.minExpiresSeconds).describe('the shortest expiry that a SIP watcher is granted'),
  maxExpiresSeconds: seconds.default(engine.maxExpiresSeconds).describe('the longest expiry that a SIP watcher is granted'),
  retryMinSeconds: seconds.default(engine.retryMinSeconds).describe('first pause before a failed SUBSCRIBE is tried again; it doubles each time'),
  retryMaxSeconds: seconds.default(engine.retryMaxSeconds).describe('longest pause before a failed SUBSCRIBE is tried again'),
  maxWatchDialogs: z.number().int().min(1).max(64).default(engine.maxWatchDialogs).describe('devices of one SIP user that may watch one XMPP user'),
  notifyIntervalSeconds: z.number().int().min(0).max(300).default(engine.notifyIntervalSeconds).describe('a change goes out to SIP watchers at once, and those that follow within so long as one (RFC 3856: 5); 0 = all at once'),
  maxResources: z.number().int().min(1).max(256).default(engine.maxResources).describe('resources of one XMPP user that are taken note of'),
  clientFamilies: z
    .array(clientFamilySchema)
    .max(100)
    .default([])
    .describe('which XMPP clients belong to which family of the tables, before our own rows (docs/tables/client-families.md)'),
  statusTexts: z.boolean().default(true).describe('say "On the phone" and the like where a SIP user wrote no text and XMPP has no word for his setting'),
  accountCacheSeconds: seconds.default(60).describe('so long is the answer to "has this user an account" believed'),
});

const limits = z.strictObject({
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

export const configSchema = z.strictObject({
  domain: domainName.describe('the domain that both servers serve'),
  worker: z
    .strictObject({
      name: z
        .string()
        .regex(/^[A-Za-z0-9_-]{1,32}$/, 'may hold 1 to 32 letters, digits and _ - only')
        .optional()
        .describe('unique among the workers; default: host name and process id'),
    })
    .prefault({})
    .describe('this worker'),
  xmpp: xmpp.describe('the XMPP server'),
  sip: sip.describe('the SIP side'),
  routes: z.array(route).min(1).describe('where requests for SIP users go; the first that is not down is taken'),
  store: z
    .discriminatedUnion('type', [memoryStore, redisStore])
    .default({ type: 'memory' })
    .describe('where the state of the pairs is kept'),
  messaging: messaging.prefault({}).describe('messages and sessions'),
  availability: availability.prefault({}).describe('presence and who may watch whom'),
  tables: tablesSchema.prefault({}).describe("rows of the manual's tables in your own words; what is absent stays as printed (docs/tables)"),
  policy: policySchema.prefault({}).describe('who may see XMPP users, for all of them; docs/policy.md'),
  administrators: administratorsSchema.default([]).describe('XMPP users who may use the commands for administrators'),
  limits: limits.prefault({}).describe('bounds of one worker'),
  http: z
    .strictObject({
      host: host.default('127.0.0.1').describe('own address to listen on'),
      port: z.number().int().min(0).max(65_535).default(9470).describe('0: any free one'),
    })
    .prefault({})
    .describe('health and metrics: /healthz, /readyz, /metrics'),
  log: z
    .strictObject({
      level: z
        .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'])
        .default('info')
        .describe('the least that is written; trace and debug are for a short time only'),
    })
    .prefault({})
    .describe('JSON lines on standard output'),
});

export type Config = z.infer<typeof configSchema>;
export type RouteConfig = Config['routes'][number];
export type SecretRef = Config['xmpp']['secret'];
