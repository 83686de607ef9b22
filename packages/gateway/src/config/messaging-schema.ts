import { DEFAULT_SETTINGS } from '@isthmus/engine';
import { z } from 'zod';
import { seconds } from './fields';

const engine = DEFAULT_SETTINGS;

export const messagingSchema = z.strictObject({
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
