import type { Client } from '../control/client';
import { unsolicitedLine } from '../control/fields';
import { writeFrame } from '../control/frame';
import type { ClientSip } from '../control/sip-text';
import { type Dialog, dialogIdOf } from '../dialog';
import { headerField, Headers } from '../message/headers';
import { NO_BODY } from '../message/message';
import { serialiseHead } from '../message/serialise';
import type { ServerTransaction } from '../transaction/server-transaction';
import { composeInDialog } from './compose';
import { hopText, type Sender } from './sender';
import type { Core } from './state';

/** Dialogs that the server ends by itself. */
export class Ending {
  constructor(
    private readonly core: Core,
    private readonly sender: Sender,
  ) {}

  /** Ends the dialog of an INVITE whose 200 has not been acknowledged. */
  unacknowledged(invite: ServerTransaction<Client>, why: string): void {
    const { state } = this.core;
    const { callId, fromTag, cseq } = invite.essentials;
    const dialog = state.dialogs.get(invite.dialogId === '' ? dialogIdOf(callId, fromTag ?? '') : invite.dialogId);
    if (dialog !== undefined && state.awaitedAcks.get(dialog.id)?.cseq === cseq) this.bye(dialog, why);
  }

  /** BYE made by this server, with a Reason (RFC 3326), and an unsolicited copy of it to the owner. */
  bye(dialog: Dialog<Client>, why: string): void {
    this.core.state.removeDialog(dialog);
    const way = this.sender.wayOf(dialog, dialog.remoteTarget);
    if (way === undefined) return;
    const headers = new Headers([headerField('reason', `SIP ;cause=200 ;text="${why}"`)]);
    const sip: ClientSip = { startLine: '', headers, body: NO_BODY, bad: undefined };
    const place = { protocol: way.hop.protocol, local: way.local };
    dialog.localCSeq += 1;
    const request = composeInDialog(dialog, 'BYE', dialog.remoteTarget, dialog.localCSeq, sip, place);
    if ('refused' in request) return;
    const transaction = this.sender.draft(request, way, () => undefined);
    const head = serialiseHead(transaction.sent);
    dialog.owner.send(writeFrame(unsolicitedLine(head.length, hopText(way.hop), dialog.id), head));
    this.sender.register(transaction);
    this.sender.start(transaction, way);
  }
}
