import type { Dialog, NotifyEffect } from '../../src';
import type { Chance, Clock } from './clock';
import { theirDialog } from './pair';

export interface Subscribe {
  readonly dialog: Dialog;
  /** The To tag of a request in the dialog. */
  readonly localTag?: string;
  readonly cseq: number;
  readonly expires: number;
}

/** Sends a request and calls back with the status; undefined: nobody answered. */
type Send = (request: Subscribe, answered: (status: number | undefined) => void) => void;

const EXPIRES_SECONDS = 600;

/** One device of the SIP user: subscribes, refreshes, shows what it is told; now and then it leaves or just vanishes. */
export class Device {
  /** What its user sees; undefined: nothing yet. */
  shows: string | undefined;
  watching = false;
  /** So often it has subscribed. */
  private lives = 0;
  private cseq = 1;
  private dialog: Dialog | undefined;

  constructor(
    readonly name: string,
    private readonly clock: Clock,
    private readonly chance: Chance,
    private readonly send: Send,
  ) {}

  /** The Call-ID of the dialog that it believes in. */
  get callId(): string | undefined {
    return this.watching ? this.dialog?.callId : undefined;
  }

  subscribe(): void {
    this.lives += 1;
    this.cseq = 1;
    this.watching = true;
    this.shows = undefined;
    const dialog = theirDialog(`${this.name}${this.lives}`);
    this.dialog = dialog;
    this.ask({ dialog, cseq: 1, expires: EXPIRES_SECONDS }, dialog);
  }

  refresh(): void {
    const { dialog } = this;
    if (dialog === undefined || !this.watching) return;
    this.cseq += 1;
    this.ask({ dialog: { ...dialog, remoteCSeq: this.cseq }, localTag: dialog.localTag, cseq: this.cseq, expires: EXPIRES_SECONDS }, dialog);
  }

  leave(): void {
    const { dialog } = this;
    if (dialog === undefined || !this.watching) return;
    this.watching = false;
    this.cseq += 1;
    this.send({ dialog: { ...dialog, remoteCSeq: this.cseq }, localTag: dialog.localTag, cseq: this.cseq, expires: 0 }, () => undefined);
  }

  /** Its battery is empty. */
  vanish(): void {
    this.watching = false;
    this.dialog = undefined;
  }

  /** A NOTIFY arrives; returns the answer. */
  told({ dialog, substate, presence }: NotifyEffect): number {
    if (dialog.callId !== this.dialog?.callId) return 481;
    if (presence !== undefined) this.shows = presence.setting;
    if (substate !== 'active' && presence === undefined) this.shows = substate;
    // Clients of the standard subscribe again after a subscription that was ended for no reason of theirs.
    if (substate === 'terminated' && this.watching) this.clock.after(1000, () => this.again(dialog.callId));
    return 200;
  }

  private ask(request: Subscribe, dialog: Dialog): void {
    this.send(request, (status) => {
      if (this.dialog !== dialog || !this.watching) return;
      if (status === 200) return this.clock.after(EXPIRES_SECONDS * (400 + this.chance.below(500)), () => this.next(dialog));
      this.clock.after(2000, () => this.again(dialog.callId));
    });
  }

  private next(dialog: Dialog): void {
    if (this.dialog === dialog && this.watching) this.refresh();
  }

  private again(callId: string): void {
    if (this.watching && this.dialog?.callId === callId) this.subscribe();
  }
}
