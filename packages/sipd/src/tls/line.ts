import { isIP, type Socket } from 'node:net';
import { connect } from 'node:tls';
import type { Observer } from '../observer';
import type { Log } from '../options';
import type { Target } from '../transport/flow';
import type { Line, Opened, PeerProof } from '../transport/line';
import { Acceptor } from './acceptor';
import { Complaints } from './complaints';
import { CLOSED_AFTERWARDS, explainFailure, MISNAMED } from './failure';
import { comparable, identitiesOf, standsFor } from './identity';
import { CredentialKeeper } from './keeper';
import type { TlsSettings } from './options';

/** Names remembered for addresses at a time. */
const MAX_NAMES = 1024;

const UNPROVEN: PeerProof = { verified: false, names: [] };

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** SIP over TLS (RFC 3261 section 26.3.1): who a peer is, is proven by its certificate (RFC 5922). */
export class TlsLine implements Line {
  readonly protocol = 'tls';
  private readonly keeper: CredentialKeeper;
  private readonly acceptor: Acceptor;
  private readonly complaints: Complaints;
  /** By which name the peer at an address and port has proven itself: its Contact may hold no more than that address. */
  private readonly proven = new Map<string, string>();

  /** @throws {CredentialError} when the files cannot be used */
  constructor(
    private readonly settings: TlsSettings,
    log: Log,
    observer: Observer,
  ) {
    this.complaints = new Complaints(log, observer);
    this.keeper = new CredentialKeeper(settings, log);
    this.acceptor = new Acceptor(settings, this.keeper, this.complaints);
  }

  get name(): string | undefined {
    return this.settings.name;
  }

  get unready(): number {
    return this.acceptor.size;
  }

  accept(socket: Socket, ready: (socket: Socket, proof: PeerProof) => void): void {
    this.acceptor.accept(socket, ready);
  }

  /** A connection is used again only for the name that its peer has proven (RFC 5923 section 9, SEC-19). */
  keyOf(target: Target): string {
    return `${target.address} ${target.port} ${this.nameOf(target)}`;
  }

  /** Nothing leaves before the peer's certificate has been checked. */
  open(target: Target): Opened {
    const expected = this.nameOf(target);
    const { address, port } = target;
    const socket = connect({
      host: address,
      port,
      ...(isIP(expected) === 0 && { servername: expected }),
      secureContext: this.keeper.current.clientContext,
      checkServerIdentity: (_host, certificate) =>
        standsFor(certificate, expected)
          ? undefined
          : failure(MISNAMED, explainFailure({ code: MISNAMED, message: '', certificate, expected })),
    });
    socket.cork();
    let proof = UNPROVEN;
    let heard = false;
    const late = (): void => void socket.destroy(failure(socket.connecting ? 'ETIMEDOUT' : 'ERR_TLS_HANDSHAKE_TIMEOUT', 'no handshake in time'));
    const timer = setTimeout(late, this.settings.handshakeMs);
    socket.once('close', () => clearTimeout(timer));
    socket.once('data', () => (heard = true));
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      proof = { verified: true, names: identitiesOf(socket.getPeerCertificate()) };
      this.remember(target, expected);
      socket.uncork();
    });
    const explain = (error: Error | undefined): string | undefined => {
      const why = inWords(error, proof.verified, heard);
      if (why !== undefined) this.complaints.failed(`${address}:${port}`, expected, why);
      return why;
    };
    return { socket, proof: () => proof, explain };
  }

  reload(): void {
    this.keeper.reload();
  }

  close(): void {
    this.keeper.stop();
    this.acceptor.close();
  }

  /** The name that a target's certificate must show: its own; for an address the one proven there before; else the address. */
  private nameOf({ address, port, name }: Target): string {
    return comparable(name ?? this.proven.get(`${address} ${port}`) ?? address);
  }

  private remember({ address, port, name }: Target, expected: string): void {
    if (name === undefined || isIP(expected) !== 0) return;
    const place = `${address} ${port}`;
    this.proven.delete(place);
    const oldest = this.proven.keys().next();
    if (this.proven.size >= MAX_NAMES && oldest.done !== true) this.proven.delete(oldest.value);
    this.proven.set(place, expected);
  }
}

/**
 * @param secured whether the handshake was over: what comes then is the peer's verdict on our certificate, or an end like any other
 * @param heard whether the peer has said anything since
 */
function inWords(error: Error | undefined, secured: boolean, heard: boolean): string | undefined {
  const { code = '', message = '' } = (error ?? {}) as { readonly code?: string; readonly message?: string };
  if (code === MISNAMED) return message;
  if (!secured) return explainFailure({ code: code === '' ? 'ECONNRESET' : code, message });
  if (code.startsWith('ERR_SSL_')) return explainFailure({ code, message });
  return !heard && (error === undefined || code === 'ECONNRESET') ? explainFailure({ code: CLOSED_AFTERWARDS, message }) : undefined;
}

