/** The part of @xmpp/client 0.13 that the tests use; the package brings no types for this version. */
declare module '@xmpp/client' {
  import type { EventEmitter } from 'node:events';
  import type { Element } from '@xmpp/xml';
  import xml = require('@xmpp/xml');

  export interface ClientOptions {
    readonly service: string;
    readonly domain: string;
    readonly resource?: string;
    readonly username: string;
    readonly password: string;
  }

  export interface Client extends EventEmitter {
    readonly status: string;
    readonly reconnect: { stop(): void };
    readonly iqCaller: { request(stanza: Element, timeoutMs?: number): Promise<Element> };
    readonly socket: { setEncoding(encoding: 'utf8'): void } | null;
    start(): Promise<{ toString(): string }>;
    stop(): Promise<unknown>;
    send(element: Element): Promise<void>;
  }

  export function client(options: ClientOptions): Client;
  export { xml };
}
