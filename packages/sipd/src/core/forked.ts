import type { Client } from '../control/client';
import { contactUri, type Dialog, recordRoute } from '../dialog';
import { tagIn } from '../message/address';
import { Headers } from '../message/headers';
import { NO_BODY, type SipResponse } from '../message/message';
import { serialise } from '../message/serialise';
import type { Flow } from '../transport/flow';
import { composeInDialog } from './compose';
import type { Sender } from './sender';

/**
 * A 2xx of another branch of an INVITE that has had its 2xx (RFC 3261 section 13.2.2.4): the session that it makes is
 * acknowledged and ended at once. No client is told, as drachtio's stack tells none.
 */
export function endForked(first: Dialog<Client>, response: SipResponse, flow: Flow, sender: Sender): void {
  const to = response.headers.get('to') ?? '';
  const dialog: Dialog<Client> = {
    ...first,
    remote: to,
    remoteTag: tagIn(to),
    remoteTarget: contactUri(response.headers) ?? first.remoteTarget,
    routeSet: recordRoute(response.headers).reverse(),
    flow: flow.reliable ? flow : undefined,
  };
  const way = sender.wayOf(dialog, dialog.remoteTarget);
  if (way === undefined) return;
  const place = { protocol: way.hop.protocol, local: way.local };
  const nothing = { startLine: '', headers: new Headers([]), body: NO_BODY, bad: undefined };
  const compose = (method: string, cseq: number) => composeInDialog(dialog, method, dialog.remoteTarget, cseq, nothing, place);
  const ack = compose('ACK', first.inviteCSeq);
  const bye = compose('BYE', first.inviteCSeq + 1);
  if ('refused' in ack || 'refused' in bye) return;
  sender.sendOnce(serialise(sender.draft(ack, way, () => undefined).sent), way);
  const ending = sender.draft(bye, way, () => undefined);
  sender.register(ending);
  sender.start(ending, way);
}
