import type { Intake } from '@isthmus/sipd';
import type { Limit, NewWork } from './new-work';
import { perSecond, RateLimit } from './rate-limit';

export interface IntakeRates {
  /** All messages of one SIP peer, answers included. */
  readonly sipPeerMessagesPerSecond: number;
  /** All messages of all that are no peers together. */
  readonly sipStrangersPerSecond: number;
}

export interface SipIntakeOptions {
  readonly rates: IntakeRates;
  /** Under which name an address has its allowance; undefined: it is no peer. */
  readonly allowanceOf: (address: string) => string | undefined;
  readonly newWork: Pick<NewWork, 'preview'>;
  readonly onLimit: (limit: Limit) => void;
  readonly now: () => number;
}

const MAX_PEERS = 10_000;
const STRANGERS = '';

/**
 * How much the embedded SIP server takes from whom, before it reads anything. All that are no peers share one small
 * allowance: however many addresses a flood comes from, nobody else has to suffer.
 */
export class SipIntake implements Intake {
  private readonly messages: RateLimit;
  private readonly strangers: RateLimit;

  constructor(private readonly options: SipIntakeOptions) {
    const { rates, now } = options;
    this.messages = new RateLimit(perSecond(rates.sipPeerMessagesPerSecond), MAX_PEERS, now);
    this.strangers = new RateLimit(perSecond(rates.sipStrangersPerSecond), 1, now);
  }

  change(rates: IntakeRates): void {
    this.messages.change(perSecond(rates.sipPeerMessagesPerSecond));
    this.strangers.change(perSecond(rates.sipStrangersPerSecond));
  }

  /** Whoever has shown a certificate is told apart by his address, and known by name only later. */
  message(address: string, proven: boolean): number {
    const peer = this.options.allowanceOf(address) ?? (proven ? address : undefined);
    const waitMs = peer === undefined ? this.strangers.take(STRANGERS) : this.messages.take(peer);
    if (waitMs > 0) this.options.onLimit(peer === undefined ? 'sip_strangers' : 'sip_messages');
    return waitMs;
  }

  isStranger(address: string): boolean {
    return this.options.allowanceOf(address) === undefined;
  }

  /** Strangers are refused by the worker, which says so in its log: there cannot be many of them. */
  request(address: string, method: string): number {
    const peer = this.options.allowanceOf(address);
    return peer === undefined ? 0 : this.options.newWork.preview(peer, method);
  }
}
