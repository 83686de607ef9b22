/** Requests from the network. drachtio.md sections 3.1 and 3.2 say who gets what. */
import { randomUUID } from 'node:crypto';
import type { Client } from '../control/client';
import { dialogRequestLine, newRequestLine } from '../control/fields';
import { writeFrame } from '../control/frame';
import { dialogIdOf, endsSubscription, isTooLongForDialog } from '../dialog';
import { newTag } from '../filling';
import { type Essentials, readEssentials } from '../message/essentials';
import { headerField, type HeaderField } from '../message/headers';
import { type OwnStatus, REASONS, type SipRequest } from '../message/message';
import { serialise, serialiseHead } from '../message/serialise';
import { fillTopVia } from '../message/via';
import { serverKey, ServerTransaction } from '../transaction/server-transaction';
import type { Flow } from '../transport/flow';
import { answerFlow, answerStatelessly, responseTo } from './answer';
import type { Ending } from './ending';
import type { Core } from './state';

/** Methods that are given to a client also when they belong to no dialog. */
export const OUT_OF_DIALOG: ReadonlySet<string> = new Set([
  'INVITE', 'MESSAGE', 'OPTIONS', 'INFO', 'NOTIFY', 'SUBSCRIBE', 'PUBLISH', 'REGISTER',
]);
/** Methods that make no sense out of dialog: 481. All others are discarded without a word. */
const NEEDS_DIALOG: ReadonlySet<string> = new Set(['BYE', 'UPDATE']);
const DIALOG_MAKING: ReadonlySet<string> = new Set(['INVITE', 'SUBSCRIBE']);

/** A request with what was read of it. */
interface Received {
  readonly request: SipRequest;
  readonly essentials: Essentials;
  readonly key: string;
  readonly flow: Flow;
}

type Transaction = ServerTransaction<Client>;

/** Matches requests to transactions and dialogs, and hands them to clients. */
export class Requests {
  /** @param handed called after a new request was given to a client */
  constructor(
    private readonly core: Core,
    private readonly ending: Ending,
    private readonly handed: (client: Client) => void,
  ) {}

  request(unfilled: SipRequest, flow: Flow): void {
    const essentials = readEssentials(unfilled);
    if ('fault' in essentials) {
      if (essentials.fault !== undefined) answerStatelessly(unfilled.headers, unfilled.method, flow, 400, essentials.fault);
      return;
    }
    const request = { ...unfilled, headers: fillTopVia(unfilled.headers, essentials.via, flow.remote) };
    const key = serverKey(request.method, request.uri, essentials);
    const known = this.core.state.serverByKey.get(key);
    const received = { request, essentials, key, flow };
    if (request.method === 'ACK') this.ack(received, known);
    else if (request.method === 'CANCEL') this.cancel(received, known);
    else if (known !== undefined) known.repeat();
    else if (!this.core.state.answered.repeat(key)) this.fresh(received);
  }

  private fresh(received: Received): void {
    const { request, essentials } = received;
    const { state } = this.core;
    const dialog = state.dialogs.match(essentials);
    const owner = dialog?.owner ?? (request.method === 'UPDATE' ? this.earlyOwner(essentials) : undefined);
    if (dialog === undefined && owner === undefined) {
      this.outOfDialog(received);
      return;
    }
    const bye = request.method === 'BYE';
    if (owner?.connected !== true) {
      if (dialog !== undefined && bye) state.removeDialog(dialog);
      this.refuse(received, 481);
    } else if (state.refusesMore()) {
      this.refuse(received, 503); // and the dialog stays: its owner has not heard of the BYE
    } else {
      if (dialog !== undefined && (bye || (dialog.method === 'SUBSCRIBE' && endsSubscription(request)))) state.removeDialog(dialog);
      this.deliver(received, owner, dialog?.id ?? '');
    }
  }

  private outOfDialog(received: Received): void {
    const { request, essentials } = received;
    const { method } = request;
    if (NEEDS_DIALOG.has(method) || (method === 'INVITE' && essentials.toTag !== undefined)) {
      this.refuse(received, 481);
      return;
    }
    if (!OUT_OF_DIALOG.has(method)) return;
    if (DIALOG_MAKING.has(method) && isTooLongForDialog(request.headers)) {
      this.refuse(received, 400);
      return;
    }
    const wait = essentials.toTag === undefined ? this.core.state.settings.intake.request(received.flow.remote.address, method) : 0;
    if (wait > 0) {
      this.refuse(received, 503, [headerField('retry-after', String(wait))]);
      return;
    }
    const twin = method === 'INVITE' ? this.twinStatus(essentials) : undefined;
    const client = twin === undefined ? this.choose(method) : undefined;
    if (client === undefined) {
      this.refuse(received, twin ?? 503);
      return;
    }
    if (method === 'INVITE') this.core.state.early.set(dialogIdOf(essentials.callId, essentials.fromTag ?? ''), client);
    this.deliver(received, client, undefined);
    this.handed(client);
  }

  /** The client for a new request; undefined when none wants it or there is no room. */
  private choose(method: string): Client | undefined {
    const { state } = this.core;
    if (state.refusesMore()) return undefined;
    const { limits, observer } = state.settings;
    if (DIALOG_MAKING.has(method) && state.dialogs.size >= limits.dialogs) {
      observer.limit('dialogs');
      return undefined;
    }
    return state.distribution.choose(method);
  }

  /** An initial INVITE for a dialog that exists: 491 while its ACK is awaited, 480 for another copy of it. */
  private twinStatus(essentials: Essentials): 480 | 491 | undefined {
    const { state } = this.core;
    const dialog = state.dialogs.get(dialogIdOf(essentials.callId, essentials.fromTag ?? ''));
    if (dialog?.uas !== true) return undefined;
    if (state.awaitedAcks.has(dialog.id)) return 491;
    return dialog.createdBy === essentials.cseq ? 480 : undefined;
  }

  private earlyOwner({ callId, fromTag, toTag }: Essentials): Client | undefined {
    const { early } = this.core.state;
    return early.get(dialogIdOf(callId, fromTag ?? '')) ?? early.get(dialogIdOf(callId, toTag ?? ''));
  }

  private refuse({ request, flow }: Received, status: OwnStatus, extra: readonly HeaderField[] = []): void {
    const { method, headers } = request;
    const fields = { method, callId: headers.get('call-id') ?? '', status };
    this.core.state.settings.log('debug', 'request_refused', fields);
    answerStatelessly(headers, method, flow, status, REASONS[status], true, extra);
  }

  /** @param dialogId undefined out of dialog */
  private deliver(received: Received, client: Client, dialogId: string | undefined): void {
    const { request, essentials, key, flow } = received;
    const { state } = this.core;
    const { method, headers } = request;
    const transaction = new ServerTransaction(
      { timers: state.timers, values: state.settings.timers },
      { key, method, headers, essentials, flow, answers: answerFlow(flow, essentials.via) },
      client,
      dialogId ?? '',
      (gone) => this.ended(gone),
    );
    state.serverByKey.set(key, transaction);
    state.serverById.set(transaction.id, transaction);
    if (method === 'INVITE') transaction.respond(100, serialise(responseTo(headers, method, 100, REASONS[100], undefined)));
    this.hand(received, client, transaction.id, dialogId);
  }

  /** @param dialogId undefined out of dialog: the frame then tells our own address */
  private hand({ request, flow }: Received, client: Client, transactionId: string, dialogId: string | undefined): void {
    const head = serialiseHead(request);
    const bytes = head.length + request.body.length;
    const line =
      dialogId === undefined
        ? newRequestLine(bytes, flow, flow.local, transactionId, flow.peerNames)
        : dialogRequestLine(bytes, flow, transactionId, dialogId, flow.peerNames);
    client.send(writeFrame(line, head, request.body));
  }

  private ended(transaction: Transaction): void {
    const { state } = this.core;
    state.serverByKey.delete(transaction.key);
    state.serverById.delete(transaction.id);
    if (transaction.unanswered) state.inviteAnswered(transaction.essentials);
  }

  private ack(received: Received, invite: Transaction | undefined): void {
    if (invite?.state === 'completed') {
      invite.acknowledge();
      return;
    }
    const { state } = this.core;
    const dialog = state.dialogs.match(received.essentials);
    const awaited = dialog === undefined ? undefined : state.awaitedAcks.get(dialog.id);
    if (dialog === undefined || awaited?.cseq !== received.essentials.cseq) return;
    state.stopAwaiting(dialog.id);
    awaited.invite.confirm();
    this.hand(received, dialog.owner, randomUUID(), dialog.id);
  }

  /** RFC 3261 section 9.2, with what drachtio-server does when the 200 has left already (drachtio.md section 4.1). */
  private cancel(received: Received, invite: Transaction | undefined): void {
    if (invite === undefined || invite.state === 'accepted') {
      this.refuse(received, 481);
      if (invite !== undefined) this.ending.unacknowledged(invite, 'CANCEL crossed 200 OK');
      return;
    }
    const pending = invite.state === 'proceeding';
    invite.toTag ??= newTag();
    const ok = responseTo(received.request.headers, 'CANCEL', 200, REASONS[200], invite.toTag);
    invite.answers.send(serialise(ok));
    if (!pending) return;
    invite.respond(487, serialise(responseTo(invite.headers, 'INVITE', 487, REASONS[487], invite.toTag)));
    this.core.state.inviteAnswered(invite.essentials);
    this.hand(received, invite.owner, invite.id, invite.dialogId);
  }
}
