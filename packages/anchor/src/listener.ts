import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { AnchorOptionError, type AnchorTls, type Place } from './options';

/** How long a TLS handshake of a worker may take, milliseconds. */
const HANDSHAKE_MS = 10_000;

/** Where workers connect. */
export class Listener {
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  /**
   * @param accept is given each connection, TLS being done
   * @throws {AnchorOptionError} when the port or the certificate cannot be had
   */
  static async open(place: Place, tls: AnchorTls | undefined, maxConnections: number, accept: (socket: Socket) => void): Promise<Listener> {
    const server = tls === undefined ? createServer({ noDelay: true }) : tlsServer(tls);
    const listener = new Listener(server);
    server.maxConnections = maxConnections;
    server.on('connection', (socket: Socket) => {
      listener.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => listener.sockets.delete(socket));
    });
    server.on(tls === undefined ? 'connection' : 'secureConnection', accept);
    await new Promise<void>((resolve, reject) => {
      const failed = (error: Error): void => reject(new AnchorOptionError(`cannot listen on ${place.host}:${place.port}: ${error.message}`));
      server.once('error', failed);
      server.listen({ host: place.host, port: place.port }, () => {
        server.off('error', failed);
        resolve();
      });
    });
    return listener;
  }

  get place(): Place {
    const { address, port } = this.server.address() as AddressInfo;
    return { host: address, port };
  }

  onError(tell: (error: Error) => void): void {
    this.server.on('error', tell);
  }

  /** Reads certificate and key again, for connections from now on. @throws when they cannot be used */
  renew(tls: AnchorTls): void {
    (this.server as TlsServer).setSecureContext(filesOf(tls));
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

/** What Node throws for a certificate that it cannot use names neither the file nor what it is for. */
function tlsServer(tls: AnchorTls): TlsServer {
  const files = filesOf(tls);
  try {
    return createTlsServer({ ...files, minVersion: 'TLSv1.2', noDelay: true, handshakeTimeout: HANDSHAKE_MS });
  } catch (error) {
    throw new AnchorOptionError(`the certificate in ${tls.certificate} and the key in ${tls.key} cannot be used: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function filesOf({ certificate, key }: AnchorTls): { cert: Buffer; key: Buffer } {
  try {
    return { cert: readFileSync(certificate), key: readFileSync(key) };
  } catch (error) {
    throw new AnchorOptionError(`the certificate cannot be used: ${error instanceof Error ? error.message : String(error)}`);
  }
}
