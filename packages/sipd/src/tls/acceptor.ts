import type { Socket } from 'node:net';
import { createServer, type PeerCertificate, type Server, type TLSSocket } from 'node:tls';
import type { PeerProof } from '../transport/line';
import type { Complaints } from './complaints';
import type { Credentials } from './credentials';
import { explainFailure, NO_CERTIFICATE } from './failure';
import { identitiesOf } from './identity';
import type { CredentialKeeper } from './keeper';
import type { TlsSettings } from './options';

type Ready = (socket: Socket, proof: PeerProof) => void;

interface Waiting {
  readonly raw: Socket;
  readonly address: string;
  readonly ready: Ready;
}

const UNPROVEN: PeerProof = { verified: false, names: [] };

interface HandshakeError extends Error {
  readonly code?: string;
}

/** Of one connection: the same peer may come to two listeners from one port. */
function keyOf({ remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

/** Handshakes with peers that connect. */
export class Acceptor {
  /** Connections whose handshake is not over, by the addresses and ports of both ends, oldest first. */
  private readonly waiting = new Map<string, Waiting>();
  private server: { readonly credentials: Credentials; readonly tls: Server } | undefined;

  constructor(
    private readonly settings: TlsSettings,
    private readonly keeper: CredentialKeeper,
    private readonly complaints: Complaints,
  ) {}

  /** Handshakes that are not over. */
  get size(): number {
    return this.waiting.size;
  }

  accept(raw: Socket, ready: Ready): void {
    const { remoteAddress: address = '' } = raw;
    if (this.waiting.size >= this.settings.handshakes) {
      const [excess] = this.excessFor(address);
      this.complaints.refused(excess?.address ?? address, `${this.waiting.size} TLS handshakes are under way, which is the limit`);
      if (excess !== undefined) this.waiting.delete(keyOf(excess.raw));
      (excess?.raw ?? raw).destroy();
      if (excess === undefined) return;
    }
    const key = keyOf(raw);
    this.waiting.set(key, { raw, address, ready });
    raw.on('error', () => undefined); // told by the TLS socket
    raw.once('close', () => this.waiting.delete(key));
    this.current.emit('connection', raw);
  }

  /** What may be closed for a newcomer: the handshakes of an address that has at least two more than his, oldest first. */
  private excessFor(newcomer: string): readonly Waiting[] {
    const byAddress = new Map<string, Waiting[]>();
    for (const each of this.waiting.values()) {
      const list = byAddress.get(each.address);
      if (list === undefined) byAddress.set(each.address, [each]);
      else list.push(each);
    }
    const most = [...byAddress.values()].reduce((one, other) => (other.length > one.length ? other : one), []);
    return most.length > (byAddress.get(newcomer)?.length ?? 0) + 1 ? most : [];
  }

  close(): void {
    for (const { raw } of [...this.waiting.values()]) raw.destroy();
    this.waiting.clear();
  }

  /** It never listens: it is given connections. Changed certificates get a server of their own, for connections to come. */
  private get current(): Server {
    const credentials = this.keeper.current;
    if (this.server?.credentials === credentials) return this.server.tls;
    const { clientCertificates, handshakeMs } = this.settings;
    const tls = createServer({
      ...credentials.server,
      SNICallback: (name, use) => use(null, credentials.contextFor(name)),
      requestCert: clientCertificates !== 'none',
      rejectUnauthorized: false, // `verdict` decides: Node would close without saying whose certificate was bad
      handshakeTimeout: handshakeMs,
    });
    tls.on('secureConnection', (socket) => this.secured(socket));
    tls.on('tlsClientError', (error: HandshakeError, socket) => this.failed(error, socket));
    this.server = { credentials, tls };
    return tls;
  }

  private secured(socket: TLSSocket): void {
    const key = keyOf(socket);
    const waiting = this.waiting.get(key);
    this.waiting.delete(key);
    socket.on('error', () => undefined); // until a connection listens
    socket.disableRenegotiation();
    const proof = this.verdict(socket);
    if (typeof proof === 'string') this.refuse(socket, proof, '');
    else if (waiting === undefined) socket.destroy();
    else waiting.ready(socket, proof);
  }

  /** What the peer has proven; the code of what is wrong with its certificate when it may not come in. */
  private verdict(socket: TLSSocket): PeerProof | string {
    const { clientCertificates } = this.settings;
    const certificate: Partial<PeerCertificate> = socket.getPeerCertificate();
    const shown = Object.keys(certificate).length > 0;
    if (clientCertificates === 'none' || (clientCertificates === 'optional' && !shown)) return UNPROVEN;
    if (!shown) return NO_CERTIFICATE;
    return socket.authorized ? { verified: true, names: identitiesOf(certificate) } : String(socket.authorizationError);
  }

  private failed(error: HandshakeError, socket: TLSSocket): void {
    this.refuse(socket, error.code ?? '', error.message);
  }

  private refuse(socket: TLSSocket, code: string, message: string): void {
    // A peer that went away in the middle has no address any more; load balancers do that to see whether the port is open.
    if (socket.remoteAddress !== undefined) this.complaints.refused(socket.remoteAddress, explainFailure({ code, message }));
    socket.destroy();
  }
}
