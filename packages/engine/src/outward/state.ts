import type { Presence } from '@isthmus/model';
import type { Dialog } from '../dialog';
import { earliest } from '../machine';

/** What is known in every state. */
export interface Memory {
  /**
   * Whether the XMPP user may see the contact: `asked` until the SIP side has answered. Permanent, unlike the SIP dialog
   * (standards section 4): it outlives every dialog.
   */
  readonly authorisation: 'none' | 'asked' | 'granted';
  /** Should a dialog be up now? Not while the XMPP user is offline (PRES-7, PRES-9). */
  readonly wanted: boolean;
  /** The last document of the SIP side. */
  readonly presence?: Presence | undefined;
  /** What the XMPP user was told last. */
  readonly shown?: Presence | undefined;
  /** The last pause before a new attempt, seconds: the next one is twice as long. */
  readonly pause?: number | undefined;
  /** The dialog took the place of one that the far side had ended: if it does not last, the next one waits. */
  readonly restarted?: true | undefined;
}

/** No dialog. */
export interface Idle extends Memory {
  readonly is: 'idle';
}
/** The SUBSCRIBE that opens a dialog is out. */
export interface Subscribing extends Memory {
  readonly is: 'subscribing';
  readonly dialog: Dialog;
  readonly key: string;
  readonly since: number;
  /** Its first NOTIFY has overtaken the answer (PRES-13). */
  readonly notified?: true | undefined;
}
/** A dialog is up. `since`: when it was opened. */
export interface Watching extends Memory {
  readonly is: 'watching';
  readonly dialog: Dialog;
  readonly since: number;
  readonly expiresAt: number;
  readonly refreshAt: number;
  /** The first NOTIFY must come until then (PRES-13, Timer N). */
  readonly notifyBy?: number | undefined;
  /** The NOTIFY that follows a refresh is still to come (RFC 6665 section 4.2.1.2): an empty one says "as before". */
  readonly refreshed?: true | undefined;
}
/** The XMPP server is asked whether the user is online, before anything is refreshed (PRES-8). */
export interface Checking extends Memory {
  readonly is: 'checking';
  readonly dialog: Dialog;
  readonly since: number;
  readonly expiresAt: number;
  readonly refreshAt: number;
  readonly notifyBy?: number | undefined;
  readonly refreshed?: true | undefined;
  readonly answerBy: number;
}
/** The SUBSCRIBE that refreshes is out. */
export interface Refreshing extends Memory {
  readonly is: 'refreshing';
  readonly dialog: Dialog;
  readonly since: number;
  readonly expiresAt: number;
  readonly key: string;
  /** Its NOTIFY has overtaken the answer. */
  readonly notified?: true | undefined;
}
/** The SUBSCRIBE with Expires 0 is out, or its last NOTIFY is awaited. */
export interface Ending extends Memory {
  readonly is: 'ending';
  readonly dialog: Dialog;
  /** Undefined once it has been answered. */
  readonly key?: string | undefined;
  readonly until?: number | undefined;
}
/** It failed; another attempt follows. */
export interface Waiting extends Memory {
  readonly is: 'waiting';
  readonly retryAt: number;
  /** Until then the contact is shown as before: the far side ended the dialog, but spoke (PRES-12). */
  readonly concealAt?: number | undefined;
}

/** A dialog that the far side has accepted. */
export type Up = Watching | Checking | Refreshing;
/** A dialog in which NOTIFY may come. */
export type Live = Subscribing | Up | Ending;
export type Outward = Idle | Live | Waiting;

export const NO_OUTWARD: Idle = { is: 'idle', authorisation: 'none', wanted: false };

export function memoryOf(state: Memory): Memory {
  const { authorisation, wanted, presence, shown, pause, restarted } = state;
  return { authorisation, wanted, presence, shown, pause, restarted };
}

export function outwardDueAt(state: Outward): number | undefined {
  switch (state.is) {
    case 'watching':
      return earliest(state.refreshAt, state.notifyBy);
    case 'checking':
      return state.answerBy;
    case 'ending':
      return state.until;
    case 'waiting':
      return earliest(state.retryAt, state.concealAt);
    default:
      return undefined;
  }
}

export function isUnwatched(state: Outward): boolean {
  return state.is === 'idle' && state.authorisation === 'none';
}
