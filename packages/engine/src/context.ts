import type { Dialect, Variant } from '@isthmus/model';
import type { Documents } from '@isthmus/rules';

/** Bounds and times of the state machines. Each has a key of the same name in the configuration. */
export interface EngineSettings {
  /** A session without a message for so long is ended by BYE. */
  readonly sessionIdleSeconds: number;
  /** Messages that wait for one recipient; one more is returned to its sender (`queue.full`). */
  readonly maxQueuedMessages: number;
  /** Bytes of text (UTF-8) that wait for one recipient. */
  readonly maxQueuedBytes: number;
  /** A message that has not been taken by the far side after so long is returned to its sender. */
  readonly deliverWithinSeconds: number;
  /** The Expires that our SUBSCRIBE asks for. */
  readonly watchExpiresSeconds: number;
  /** The shortest and longest expiry that we grant a SIP watcher (RFC 6665 section 4.2.1.1). */
  readonly minExpiresSeconds: number;
  readonly maxExpiresSeconds: number;
  /** First and longest pause before a failed SUBSCRIBE is tried again; the pause doubles in between. */
  readonly retryMinSeconds: number;
  readonly retryMaxSeconds: number;
  /** What the SIP user is told of an error that comes back for his text after our 2xx (IM-9). */
  readonly lateErrors: 'notice' | 'drop';
  /** A typing indication without news is over after so long. */
  readonly typingTimeoutSeconds: number;
  /** Devices of one SIP user that watch one XMPP user. */
  readonly maxWatchDialogs: number;
  /** After a change has been told, so long no other is told in that watch (RFC 3856 section 6.10); 0: no limit. */
  readonly notifyIntervalSeconds: number;
  /** Resources of one XMPP user that are taken note of. */
  readonly maxResources: number;
}

export const DEFAULT_SETTINGS: EngineSettings = {
  sessionIdleSeconds: 600,
  maxQueuedMessages: 100,
  maxQueuedBytes: 200_000,
  deliverWithinSeconds: 120,
  lateErrors: 'notice',
  watchExpiresSeconds: 3600,
  minExpiresSeconds: 60,
  maxExpiresSeconds: 28_800,
  retryMinSeconds: 5,
  retryMaxSeconds: 300,
  typingTimeoutSeconds: 30,
  maxWatchDialogs: 8,
  notifyIntervalSeconds: 5,
  maxResources: 32,
};

/** What a step may use besides state and event. Nothing here reads a clock or makes chance: ids are handed in. */
export interface Context {
  /** How the contact's side speaks now. A running session keeps the way in which it was opened. */
  readonly dialect: Dialect;
  readonly variant: Variant;
  /** The richest presence document for SIP watchers of this contact's side. Default: pidf. */
  readonly documents?: Documents;
  readonly settings: EngineSettings;
  /** What a text in page mode that was delivered is answered with (IM-8); default 200. */
  readonly pageStatus?: 200 | 202;
  /**
   * What says that a text has reached a device of the contact (XEP-0184): its `answer` 200, or a `report` (RFC 5438) that
   * is asked for, and given for his texts too. Absent: nothing does.
   */
  readonly receipts?: 'answer' | 'report';
  /** A text in a session that gets no answer counts as sent: old clients never answer (microsoft-dialect section 2.6). */
  readonly silenceIsConsent?: boolean;
  /**
   * What counts as the contact's approval where the SIP side does not say: the first `active` NOTIFY, whatever it tells
   * (`answer`, the default; decision 007), or the first that shows the contact with any state but offline (`state`, 021).
   */
  readonly approval?: 'answer' | 'state';
  /** A fresh id: 22 or more characters of `A-Za-z0-9`, unguessable. Fit for Call-ID, tag and stanza id. */
  newId(): string;
}
