import type { Client } from '../control/client';
import { Distribution } from '../control/distribution';
import { DialogTable } from '../dialog-table';
import { type Dialog, dialogIdOf } from '../dialog';
import type { Essentials } from '../message/essentials';
import type { Settings } from '../options';
import { AnsweredRequests } from '../transaction/answered-requests';
import type { AwaitedAck } from '../transaction/awaited-ack';
import type { ClientTransaction } from '../transaction/client-transaction';
import type { ServerTransaction } from '../transaction/server-transaction';
import type { TimerQueue } from '../transaction/timer-queue';
import type { Transports } from '../transport/transports';

/** Everything that the server remembers; a restart forgets it. */
export class State {
  readonly distribution = new Distribution();
  readonly dialogs = new DialogTable<Client>();
  /** Clients with an INVITE that has no final answer yet, by the id that its dialog will have. */
  readonly early = new Map<string, Client>();
  /** Dialogs whose 2xx still waits for its ACK. */
  readonly awaitedAcks = new Map<string, AwaitedAck>();
  readonly serverByKey = new Map<string, ServerTransaction<Client>>();
  readonly serverById = new Map<string, ServerTransaction<Client>>();
  /** By the keys of `serverByKey`, when they are no longer there. */
  readonly answered: AnsweredRequests;
  readonly clientByKey = new Map<string, ClientTransaction>();
  readonly clientById = new Map<string, ClientTransaction>();

  /** Whether another transaction would be one too many. */
  get full(): boolean {
    return this.transactions >= this.settings.limits.transactions;
  }

  /** The same for one that somebody wants now: that it is refused is counted. */
  refusesMore(): boolean {
    if (this.full) this.settings.observer.limit('transactions');
    return this.full;
  }

  get transactions(): number {
    return this.serverByKey.size + this.answered.size + this.clientByKey.size;
  }

  constructor(
    readonly settings: Settings,
    readonly timers: TimerQueue,
  ) {
    this.answered = new AnsweredRequests(timers, settings.timers.t1x64);
  }

  /** Removes a dialog, and with it the wait for its ACK. */
  removeDialog(dialog: Dialog<Client>): void {
    this.dialogs.remove(dialog);
    this.stopAwaiting(dialog.id);
  }

  /** The ACK has come, or is no longer awaited. */
  stopAwaiting(dialogId: string): void {
    this.awaitedAcks.get(dialogId)?.stop();
    this.awaitedAcks.delete(dialogId);
  }

  /** The INVITE of a far end has had its final answer, or never will. */
  inviteAnswered({ callId, fromTag }: Essentials): void {
    this.early.delete(dialogIdOf(callId, fromTag ?? ''));
  }

  /** Forgets dialogs and transactions without a word to anyone. */
  forget(): void {
    for (const awaited of this.awaitedAcks.values()) awaited.stop();
    this.awaitedAcks.clear();
    for (const transaction of [...this.serverByKey.values(), ...this.clientByKey.values()]) transaction.terminate();
    this.answered.clear();
    this.dialogs.clear();
    this.early.clear();
  }
}

/** State and transports: what every part of the core works on. */
export interface Core {
  readonly state: State;
  readonly transports: Transports;
}
