/** Responses of clients to requests from the network. */
import type { Client } from '../control/client';
import { responseSentLine } from '../control/fields';
import { writeFrame } from '../control/frame';
import type { ClientSip } from '../control/sip-text';
import { type Dialog, dialogIdOf, uasDialog } from '../dialog';
import { clientHeaders, contentType, newTag, ownContact } from '../filling';
import { tagIn } from '../message/address';
import { headerField, type HeaderField } from '../message/headers';
import type { SipResponse } from '../message/message';
import { serialise, serialiseHead } from '../message/serialise';
import { AwaitedAck } from '../transaction/awaited-ack';
import type { ServerTransaction } from '../transaction/server-transaction';
import { responseTo } from './answer';
import type { Ending } from './ending';
import type { Core } from './state';

const STATUS_LINE = /^SIP\/2\.0 ([1-6]\d\d)(?: (.*))?$/;
/** Taken from the request, whatever the client says. */
const COPIED: ReadonlySet<string> = new Set(['from', 'to', 'call-id', 'cseq']);
const DIALOG_MAKING: ReadonlySet<string> = new Set(['INVITE', 'SUBSCRIBE']);
const UNKNOWN = 'Response not sent due to unknown transaction';
const BAD = 'Unknown server error sending response';
const EXISTS = 'dialog already exists, rejecting this request';

type Transaction = ServerTransaction<Client>;

/** Completes, sends and books the responses of clients. */
export class Responses {
  constructor(
    private readonly core: Core,
    private readonly ending: Ending,
  ) {}

  /** Any client may answer any transaction whose id it knows. */
  send(client: Client, messageId: string, transactionId: string, sip: ClientSip): void {
    const nok = (reason: string): void => client.reply(messageId, 'NOK', reason);
    const line = STATUS_LINE.exec(sip.startLine);
    if (line === null || sip.bad !== undefined) return nok(BAD);
    const transaction = this.core.state.serverById.get(transactionId);
    if (transaction?.state !== 'proceeding') return nok(UNKNOWN);
    const status = Number(line[1]);
    if (this.clashes(transaction, status)) return nok(EXISTS);
    const response = this.complete(transaction, status, line[2] ?? '', sip);
    const bytes = serialise(response);
    if (!transaction.respond(status, bytes)) return nok(UNKNOWN);
    if (transaction.mayComeAgain) this.core.state.answered.keep(transaction.key, transaction.answers, bytes);
    const dialogId = this.book(transaction, response, bytes);
    const reply = responseSentLine(messageId, bytes.length, transaction.flow, transaction.id, dialogId);
    client.send(writeFrame(reply, serialiseHead(response), response.body));
  }

  /** Whether a 200 would make a dialog under an id that a live one has. */
  private clashes({ method, dialogId, essentials }: Transaction, status: number): boolean {
    if (method !== 'INVITE' || dialogId !== '' || status !== 200) return false;
    return this.core.state.dialogs.get(dialogIdOf(essentials.callId, essentials.fromTag ?? '')) !== undefined;
  }

  private complete(transaction: Transaction, status: number, reason: string, sip: ClientSip): SipResponse {
    const { method, flow } = transaction;
    const place = { protocol: flow.protocol, local: flow.local };
    const given = clientHeaders(sip.headers, place);
    if (status > 100) transaction.toTag = tagIn(sip.headers.get('to')) || (transaction.toTag ?? newTag());
    const extra: HeaderField[] = [...given.without(COPIED).fields, ...(contentType(given, sip.body) ?? [])];
    const inDialog = transaction.dialogId !== '' || status < 300;
    if (DIALOG_MAKING.has(method) && status >= 200 && inDialog && !given.has('contact')) {
      extra.unshift(headerField('contact', ownContact(place)));
    }
    const tag = status > 100 ? transaction.toTag : undefined;
    return responseTo(transaction.headers, method, status, reason, tag, extra, sip.body);
  }

  /** Keeps dialogs and awaited ACKs in step with what was sent; the id of the dialog, if there is one. */
  private book(transaction: Transaction, response: SipResponse, bytes: Buffer): string {
    const { state } = this.core;
    const { method, essentials, dialogId } = transaction;
    const { status } = response;
    if (method === 'INVITE' && status >= 200) state.inviteAnswered(essentials);
    const dialog = dialogId === '' ? this.make(transaction, response) : state.dialogs.get(dialogId);
    if (dialog !== undefined && method === 'INVITE' && status >= 200 && status < 300) this.awaitAck(transaction, dialog, bytes);
    if (dialog !== undefined) return dialog.id;
    const early = method === 'INVITE' && dialogId === '' && status > 100 && status < 200;
    return early ? dialogIdOf(essentials.callId, essentials.fromTag ?? '') : dialogId;
  }

  private awaitAck(transaction: Transaction, dialog: Dialog<Client>, bytes: Buffer): void {
    const { state } = this.core;
    const context = { timers: state.timers, values: state.settings.timers };
    state.stopAwaiting(dialog.id);
    const expired = (): void => this.ending.bye(dialog, 'ACK timeout');
    state.awaitedAcks.set(dialog.id, new AwaitedAck(context, transaction, bytes, expired));
  }

  /** 200 to INVITE, 200 and 202 to SUBSCRIBE make a dialog; other answers do not. */
  private make(transaction: Transaction, response: SipResponse): Dialog<Client> | undefined {
    const { method, flow, owner } = transaction;
    const { status } = response;
    const makes = method === 'INVITE' ? status === 200 : method === 'SUBSCRIBE' && (status === 200 || status === 202);
    if (!makes) return undefined;
    const { settings, dialogs } = this.core.state;
    const dialog = uasDialog(transaction, response, { owner, flow, natDetection: settings.natDetection });
    dialogs.add(dialog);
    return dialog;
  }
}
