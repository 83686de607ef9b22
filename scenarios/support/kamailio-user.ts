import type { PresenceDocument } from './presence-documents';
import { SipPeer } from './raw-sip';
import type { SipMessage } from './sip-message';
import { SipPerson } from './sip-person';
import type { Hop, Transport } from './sip-sockets';

/** A registration or a publication lives so long unless the test says otherwise. */
const LIFETIME_SECONDS = 600;

export interface DeviceOptions {
  /** Local part of the account; the password is the same word. */
  readonly user: string;
  readonly domain: string;
  /** The server's port for users. */
  readonly serverPort: number;
  readonly transport?: Transport;
  /** At the address of an earlier device, for one that comes back. */
  readonly port?: number;
}

/** A device of a SIP user who has an account on a real SIP server: it registers there, publishes, and sends everything to it. */
export class Device extends SipPerson {
  private entityTag: string | undefined;

  private constructor(
    peer: SipPeer,
    /** Local part of the account. */
    readonly user: string,
    private readonly domain: string,
    private readonly hop: Hop,
  ) {
    super(peer, `${user}@${domain}`);
  }

  static async start({ user, domain, serverPort, transport = 'tcp', port }: DeviceOptions): Promise<Device> {
    const nextHop = { port: serverPort, transport };
    const credentials = { username: user, password: user };
    const peer = await SipPeer.start({ name: `device of ${user}`, nextHop, credentials, ...(port !== undefined && { port }) });
    return new Device(peer, user, domain, nextHop);
  }

  /** Tells the server where this device is; with 0 that it is no more. */
  async registers(expires = LIFETIME_SECONDS): Promise<void> {
    const headers = { Contact: this.peer.contact(this.hop.transport), Expires: `${expires}` };
    await this.succeeds('REGISTER', { headers, uri: `sip:${this.domain}` });
  }

  /** Tells the server the user's state (RFC 3903); each time in the place of the time before. */
  async publishes({ contentType, body }: PresenceDocument, expires = LIFETIME_SECONDS): Promise<void> {
    const headers = { ...this.publication(expires), 'Content-Type': contentType };
    // Servers merge what devices publish by the ids in it.
    const own = body.replace(/ id="/g, ` id="d${this.peer.port}-`);
    this.entityTag = (await this.succeeds('PUBLISH', { headers, body: own })).header('SIP-ETag');
  }

  /** Takes back what it has published. */
  async withdraws(): Promise<void> {
    await this.succeeds('PUBLISH', { headers: this.publication(0) });
    this.entityTag = undefined;
  }

  /** The server has lost what was published: the next publication is a new one. */
  forgetsPublication(): void {
    this.entityTag = undefined;
  }

  /** Sends a text of page mode. */
  async writes(to: string, text: string): Promise<SipMessage> {
    const headers = { 'Content-Type': 'text/plain' };
    return (await this.peer.request('MESSAGE', { from: this.uri, to: `sip:${to}`, headers, body: text })).response;
  }

  /** The next text for him, answered. */
  async reads(status = 200): Promise<string> {
    return (await this.answers('MESSAGE', status)).text;
  }

  stop(): Promise<void> {
    return this.peer.stop();
  }

  private publication(expires: number): Record<string, string> {
    return { Event: 'presence', Expires: `${expires}`, ...(this.entityTag !== undefined && { 'SIP-If-Match': this.entityTag }) };
  }

  private async succeeds(method: string, options: { headers: Record<string, string>; body?: string; uri?: string }): Promise<SipMessage> {
    const { response } = await this.peer.request(method, { from: this.uri, to: this.uri, ...options });
    if (response.status >= 300) throw new Error(`${this.address}: ${method}: ${response.startLine}`);
    return response;
  }
}
