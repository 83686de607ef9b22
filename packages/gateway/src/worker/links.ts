import type { Accounts } from '../accounts';
import { HOP_DOWN, XMPP_JOINING, XMPP_UP } from '../pairs/marks';
import type { Recovery } from '../recovery';
import type { Routing } from '../routing/routing';
import type { WorkerParts } from '../worker-parts';
import { XmppAbsence } from '../xmpp-absence';
import { HEARTBEAT_MS, type PairWork } from './pair-work';

export interface LinksOptions {
  readonly parts: Pick<WorkerParts, 'settings' | 'sip' | 'store' | 'xmpp'>;
  readonly pairs: PairWork;
  readonly routing: Routing;
  readonly accounts: Accounts;
  readonly recovery: Recovery;
}

/** What the coming and going of the worker's own links means for the pairs, and for the other workers. */
export class Links {
  /** While the XMPP server is away for longer than the grace, SIP users' texts are refused at once. */
  private readonly absence: XmppAbsence;
  /** The connections to SIP servers at the last change, and whether one was ever lost. */
  private sipServers: ReadonlySet<string> = new Set();
  private sipWasLost = false;
  private joinTimer: NodeJS.Timeout | undefined;
  /** It is known whether another worker's XMPP link stood when ours came up for the first time. */
  private joined = false;
  private draining = false;

  constructor(private readonly options: LinksOptions) {
    const { parts, pairs, recovery } = options;
    this.absence = new XmppAbsence({
      graceMs: parts.settings.xmppDownGraceMs,
      othersReach: () => pairs.cluster.othersReachXmpp(),
      onAway: () => recovery.xmppDown(),
    });
  }

  /** As the other workers are told. */
  names(): readonly string[] {
    const { sip, xmpp } = this.options.parts;
    const link = xmpp.online ? [this.joined ? XMPP_UP : XMPP_JOINING] : [];
    return [...sip.connections(), ...link, ...this.options.routing.hops.dead().map((uri) => `${HOP_DOWN}${uri}`)];
  }

  /** Are all links up, and does the worker take new work? */
  get canServe(): boolean {
    const { xmpp, store } = this.options.parts;
    return !this.draining && xmpp.online && store.state.is === 'ready';
  }

  /** May texts for XMPP users be taken, or has their server been away for too long? */
  get reachesXmpp(): boolean {
    return !this.absence.isAway;
  }

  /** The others are known. What they say of their links may be a beat old: believed is what they still say after that. */
  start(): void {
    if (!this.options.pairs.cluster.othersReachXmpp()) this.join();
    else this.joinTimer = setTimeout(() => this.join(), 2 * HEARTBEAT_MS);
  }

  /**
   * The XMPP link came up. Unless another worker's link stood meanwhile, the server may have been restarted, or told its
   * users that our contacts are gone: everything is told and asked anew (XD-14). It is too where the link was lost beside
   * that of others: stanzas on their way to it are lost, as with a worker that dies. Whether the link of another one stood
   * is left to `join` before the others are known: a worker that joins others must not have every pair told again.
   */
  xmppUp(): void {
    const { accounts, pairs, recovery } = this.options;
    const wasLost = this.absence.back();
    accounts.forget();
    pairs.due.hurry();
    pairs.due.takeOver(); // what others have given up who have no link
    void pairs.exchange();
    if (wasLost || (this.joined && !pairs.cluster.othersReachXmpp())) recovery.xmppUp();
  }

  /** The XMPP link was lost; SIP watchers are told when it stays away. */
  xmppDown(): void {
    this.absence.lost();
    void this.options.pairs.exchange(); // the others must not count on this link
  }

  /** A connection to a SIP server came or went. */
  sipChanged(): void {
    const { parts, pairs, recovery, routing } = this.options;
    const { size } = this.sipServers;
    this.sipServers = new Set(parts.sip.connections());
    if (this.sipWasLost && this.sipServers.size > size) recovery.sipBack();
    this.sipWasLost ||= this.sipServers.size < size;
    void pairs.exchange();
    routing.lookAtAll();
  }

  /** The worker is about to stop: whoever asks whether it lives (OPTIONS) is told to go elsewhere. */
  drain(): void {
    this.draining = true;
  }

  /** Nothing is told any more, whatever becomes of the links. */
  stop(): void {
    this.absence.stop();
    clearTimeout(this.joinTimer);
  }

  private join(): void {
    this.joined = true;
    if (this.options.parts.xmpp.online) this.xmppUp();
  }
}
