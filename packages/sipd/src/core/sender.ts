import type { Client } from '../control/client';
import { type Hop, networkLine, requestSentLine } from '../control/fields';
import { writeFrame } from '../control/frame';
import { type Dialog, keptSecure } from '../dialog';
import { parseNameAddr, parseSipUri } from '../message/address';
import type { SipRequest, SipResponse } from '../message/message';
import { serialise, serialiseHead } from '../message/serialise';
import { type ClientContext, ClientTransaction, type OnResponse } from '../transaction/client-transaction';
import type { Endpoint, Flow } from '../transport/flow';
import type { NextHop } from '../transport/transports';
import type { Core } from './state';

/** Whence the answers of the server itself come. */
const NOWHERE: Endpoint = { address: '', port: 0 };

/** Where a request goes: an open connection, or a next hop that may have to be looked up. */
export interface Way {
  readonly hop: NextHop;
  readonly local: Endpoint;
  readonly flow: Flow | undefined;
}

/** A next hop as the first line of a frame names it; no protocol while a name is to be looked up. */
export function hopText(hop: NextHop): Hop {
  const literal = /^[\d.]+$|:/.test(hop.host);
  return { protocol: literal ? hop.protocol : 'unknown', remote: { address: hop.host, port: hop.port } };
}

/** Starts client transactions and tells their clients about them. */
export class Sender {
  private readonly context: ClientContext;

  constructor(private readonly core: Core) {
    const { state, transports } = core;
    this.context = {
      timers: state.timers,
      values: state.settings.timers,
      flowTo: (target) => transports.flowTo(target),
      rekeyed: (transaction, oldKey) => {
        state.clientByKey.delete(oldKey);
        state.clientByKey.set(transaction.key, transaction);
      },
      ended: (transaction) => {
        state.clientByKey.delete(transaction.key);
        state.clientById.delete(transaction.id);
      },
    };
  }

  /** A transaction that is not yet registered; `branch` is given for a CANCEL, which has that of its INVITE. */
  draft(request: SipRequest, way: Way, onResponse: OnResponse, branch?: string): ClientTransaction {
    return new ClientTransaction(this.context, request, way.hop, way.local, onResponse, branch);
  }

  /** Expects responses for a transaction from now on. */
  register(transaction: ClientTransaction): void {
    this.core.state.clientByKey.set(transaction.key, transaction);
    this.core.state.clientById.set(transaction.id, transaction);
  }

  /** Sends for a client; the API reply leaves before anything can come back. */
  send(client: Client, messageId: string, transaction: ClientTransaction, way: Way): void {
    this.register(transaction);
    this.confirm(client, messageId, transaction);
    this.start(transaction, way);
  }

  /** The API reply: the request as it really leaves. */
  confirm(client: Client, messageId: string, { sent, hop, id }: ClientTransaction): void {
    const head = serialiseHead(sent);
    const line = requestSentLine(messageId, head.length + sent.body.length, hopText(hop), id);
    client.send(writeFrame(line, head, sent.body), 'request-sent');
  }

  start(transaction: ClientTransaction, way: Way): void {
    if (way.flow !== undefined) {
      transaction.start([], way.flow);
      return;
    }
    const targets = this.core.transports.targetsOf(way.hop);
    if (!('then' in targets)) {
      transaction.start(targets);
      return;
    }
    const failed = (error: unknown): void => this.core.state.settings.log('error', 'send_failed', { error: String(error) });
    targets
      .then(
        (list) => (list.length === 0 ? transaction.unresolved() : transaction.start(list)),
        () => transaction.unresolved(),
      )
      .catch(failed);
  }

  /**
   * The ACK of a 2xx, which is no transaction.
   * @returns sends it once more, for when the 2xx comes again (RFC 3261 section 13.2.2.4)
   */
  sendAck(client: Client, messageId: string, request: SipRequest, way: Way): () => void {
    const ack = this.draft(request, way, () => undefined);
    const bytes = serialise(ack.sent);
    const send = (): void => this.sendOnce(bytes, way);
    this.confirm(client, messageId, ack);
    send();
    return send;
  }

  /** Hands a response to the client that sent the request; `flow`: whence it came, undefined when it is ours. */
  forward(client: Client, transaction: ClientTransaction, response: SipResponse, flow: Flow | undefined, dialogId: string): void {
    const head = serialiseHead(response);
    const bytes = head.length + response.body.length;
    const line = networkLine(bytes, flow ?? { ...hopText(transaction.hop), remote: NOWHERE }, transaction.id, dialogId);
    client.send(writeFrame(line, head, response.body), 'sip-response');
  }

  /**
   * The way of a request in a dialog: the far end's connection while it lives, else the guess about NAT, the first route,
   * or the target (RFC 3261 section 12.2.1.1). Undefined when that is no place we can send to.
   */
  wayOf(dialog: Dialog<Client>, target: string): Way | undefined {
    const { flow } = dialog;
    if (flow?.open === true) {
      const hop = { protocol: flow.protocol, host: flow.remote.address, port: flow.remote.port };
      return { hop, local: flow.local, flow };
    }
    dialog.flow = undefined;
    const first = dialog.routeSet[0];
    const uri = dialog.natTarget ?? parseSipUri(first === undefined ? target : (parseNameAddr(first)?.uri ?? ''));
    const hop = uri === undefined ? undefined : this.core.transports.nextHop(keptSecure(uri, dialog));
    return hop === undefined ? undefined : { hop, local: this.core.transports.localFor(hop), flow: undefined };
  }

  /** Sends bytes that have no answer and are not sent again by themselves. */
  sendOnce(bytes: Buffer, way: Way): void {
    if (way.flow?.open === true) {
      way.flow.send(bytes);
      return;
    }
    const { state, transports } = this.core;
    const lost = (): void => state.settings.log('debug', 'ack_not_sent', { host: way.hop.host });
    const targets = transports.targetsOf(way.hop);
    if (!('then' in targets)) {
      const first = targets[0];
      if (first !== undefined) transports.flowTo(first)?.send(bytes);
      return;
    }
    targets
      .then(([first]) => {
        if (first !== undefined) transports.flowTo(first)?.send(bytes);
      })
      .catch(lost);
  }
}
