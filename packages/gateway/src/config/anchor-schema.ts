import { z } from 'zod';
import { host, port, secret, seconds } from './fields';

const count = z.number().int().min(1);

/** Of `isthmus anchor` (docs/anchor.md). Workers read nothing of it. */
export const anchorSchema = z.strictObject({
  drachtio: z
    .strictObject({
      host: host.default('127.0.0.1').describe('where its admin port is; it belongs on the same machine, behind loopback'),
      port: port.default(9022).describe('its admin port'),
      secret: secret('the secret of the admin port').describe('the secret of the admin port; exactly one of the two'),
    })
    .describe('the drachtio server, or the sipd, that this anchor belongs to'),
  listen: z
    .strictObject({
      host: host.default('127.0.0.1').describe('own address to listen on'),
      port: z.number().int().min(0).max(65_535).default(9023).describe('0: any free one'),
    })
    .prefault({})
    .describe('where workers connect: what they have in sip.server.servers'),
  secret: secret('what workers must show').describe('what workers must show; exactly one of the two'),
  tls: z
    .strictObject({
      certificate: z.string().min(1).describe('PEM file of the certificate, followed by the intermediate ones'),
      key: z.string().min(1).describe('PEM file of its private key, without a passphrase'),
    })
    .optional()
    .describe('TLS for the workers (theirs: sip.server.servers.tls); absent: none'),
  command: z
    .array(z.string().min(1))
    .default([])
    .describe('starts the SIP server, program and arguments: it lives and dies with the anchor; absent: somebody else sees to that'),
  answerSeconds: z.number().min(0.1).max(30).default(2).describe('a request that a worker has not answered after so long, not even provisionally, goes to another one'),
  waitSeconds: z.number().min(0).max(30).default(5).describe('so long does a request wait while no worker can take it; then it is answered 503'),
  pairSeconds: seconds.default(30).describe('a pair stays with its worker until it has been quiet for so long, at most twice as long'),
  drainSeconds: seconds.default(10).describe('at a stop so long for answers to the requests in hand'),
  maxWorkers: count.default(64).describe('connections of workers'),
  maxRequests: count.default(20_000).describe('requests of the SIP side without a final answer; more are answered 503. And as many messages of workers on their way'),
  maxRequestBytes: count.default(67_108_864).describe('what these requests may take together'),
  maxPairs: count.default(100_000).describe('pairs whose worker is remembered; about 0.2 kB each'),
  maxBacklogBytes: count.default(16_777_216).describe('what may wait for one worker, or for the SIP server'),
});

export type AnchorConfig = z.infer<typeof anchorSchema>;
