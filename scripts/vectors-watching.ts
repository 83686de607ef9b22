/** What the vectors of presence play: one pair of dialect `simple`, the machines alone, no wire. */

import type { Presence } from '@isthmus/model';
import type { Dialog, Effect } from '../packages/engine/src';
import { contextOf, Play, refOf } from '../packages/engine/test/support/pair';

export const OPEN: Presence = { setting: 'available' };
export const RETRY_AFTER_SECONDS = 60;
export const RETRY_MAX_SECONDS = 300;

export const newPlay = (): Play => new Play(contextOf('simple', { retryMaxSeconds: RETRY_MAX_SECONDS }));

/** The XMPP user has asked and the SIP side has answered 200. */
export function asked(play = newPlay()): Play {
  play.on('xmpp.subscribe');
  play.answer('sip.subscribe', 200);
  return play;
}

/** The XMPP user watches, and has for longer than any pause of ours. */
export function watching(play = newPlay()): Play {
  notifies(asked(play), { presence: OPEN });
  play.pass(RETRY_MAX_SECONDS);
  return play;
}

/** The SIP user watches; `granted`: he may. */
export function watched(granted: boolean, play = newPlay()): Play {
  play.subscribes('phone');
  play.drainNotifies();
  if (!granted) return play;
  play.on('xmpp.subscribed');
  play.on('xmpp.unavailable');
  play.drainNotifies();
  return play;
}

/** The next NOTIFY of the SIP side in the dialog that is up. */
export function notifies(play: Play, given: Record<string, unknown>): readonly Effect[] {
  const { outward } = play.record;
  if (!('dialog' in outward)) throw new Error('there is no dialog');
  return play.request('sip.notify', { substate: 'active', ...given, ref: nextRef(outward.dialog) });
}

function nextRef(dialog: Dialog): ReturnType<typeof refOf> {
  return { ...refOf(dialog, dialog.remoteCSeq + 1), remoteTag: dialog.remoteTag ?? `far-${dialog.localTag}` };
}
