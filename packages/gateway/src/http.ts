import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

/** One thing that the worker needs; `why` says what is wrong while it is not ready. */
export interface Readiness {
  readonly name: string;
  readonly ready: boolean;
  readonly why?: string;
}

export interface HttpOptions {
  readonly host: string;
  readonly port: number;
  readonly registry: Registry;
  readonly readiness: () => readonly Readiness[];
  /** The server cannot accept a connection, e.g. for want of file descriptors; it goes on. */
  readonly onError?: (error: Error) => void;
}

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Health and metrics: `/healthz` answers 200 while the process works, `/readyz` 200 when XMPP link, SIP link and store
 * are all there and 503 with the reasons otherwise, `/metrics` in Prometheus' text format. Reads only.
 * Rejects when the port cannot be bound.
 */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    if (path === '/healthz') return void response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok\n');
    if (path === '/readyz') {
      const parts = options.readiness();
      const ready = parts.every((part) => part.ready);
      const body = JSON.stringify({ ready, parts });
      return void response.writeHead(ready ? 200 : 503, { 'Content-Type': 'application/json' }).end(`${body}\n`);
    }
    if (path === '/metrics') {
      return void options.registry.metrics().then(
        (text) => response.writeHead(200, { 'Content-Type': options.registry.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    }
    return void response.writeHead(404, { 'Content-Type': 'text/plain' }).end('no such page\n');
  });
  server.requestTimeout = 5_000;
  server.maxConnections = 64;
  await listen(server, options.host, options.port);
  server.on('error', (error) => options.onError?.(error));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
