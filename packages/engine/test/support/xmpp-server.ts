import type { ResourcePresence } from '@isthmus/model';
import type { EffectName, EngineEvent } from '../../src';

type Say = (event: { readonly on: EngineEvent['on'] } & Record<string, unknown>) => void;

/**
 * The XMPP user's server as far as one contact goes (RFC 6121; what Prosody and ejabberd were seen to do: standards section
 * 1, rows 2b, and XD-3, XD-4). The roster outlives a restart, the sessions do not.
 */
export class XmppServer {
  /** The roster lets the contact see the user. */
  from = false;
  /** The contact's request waits for the user. */
  asked = false;
  readonly resources = new Map<string, ResourcePresence>();

  constructor(
    private readonly say: Say,
    /** About a user who is offline: an answer (Prosody), or none (ejabberd). */
    private readonly silent: boolean,
  ) {}

  takes(effect: EffectName): void {
    if (effect === 'xmpp.subscribe') this.request();
    if (effect === 'xmpp.approve') this.grant();
    if (effect === 'xmpp.unsubscribe') this.withdrawn();
    if (effect === 'xmpp.probe') this.probe();
  }

  /** The user, or the plug-in in his name. */
  grant(): void {
    [this.from, this.asked] = [true, false];
    this.say({ on: 'xmpp.subscribed' });
    this.tellAll();
  }

  /** The user says no, or takes his yes back. */
  refuse(): void {
    const said = this.from || this.asked;
    [this.from, this.asked] = [false, false];
    if (said) this.say({ on: 'xmpp.unsubscribed' });
  }

  shows(presence: ResourcePresence): void {
    this.resources.set(presence.resource, presence);
    if (this.from) this.say({ on: 'xmpp.available', presence });
  }

  leaves(resource: string): void {
    if (this.resources.delete(resource) && this.from) this.say({ on: 'xmpp.unavailable', resource });
  }

  private request(): void {
    if (this.from) return this.grant();
    this.say({ on: 'xmpp.unavailable' });
    this.asked = true;
  }

  private withdrawn(): void {
    if (this.from) this.say({ on: 'xmpp.unavailable' });
    [this.from, this.asked] = [false, false];
  }

  private probe(): void {
    if (!this.from) return this.say({ on: 'xmpp.unsubscribed' });
    if (this.resources.size === 0 && !this.silent) return this.say({ on: 'xmpp.unavailable' });
    this.tellAll();
  }

  private tellAll(): void {
    for (const presence of this.resources.values()) this.say({ on: 'xmpp.available', presence });
  }
}
