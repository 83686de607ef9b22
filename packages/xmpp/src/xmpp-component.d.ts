/** What the link uses of `@xmpp/component-core` 0.13.1, which comes without types. */
declare module '@xmpp/component-core' {
  import type { EventEmitter } from 'node:events';
  import type { Socket } from 'node:net';
  import type { Element } from '@xmpp/xml';

  interface StreamParser {
    /** The open `<stream:stream>`; null before it has come. */
    root: Element | null;
  }

  export class Component extends EventEmitter {
    constructor(options: { readonly service: string; readonly domain: string });
    /** Milliseconds that `open` and `authenticate` wait for the server. */
    timeout: number;
    socket: Socket | null;
    /** Null before the stream is opened, after it has ended, and after broken XML. */
    parser: StreamParser | null;
    connect(service: string): Promise<unknown>;
    /** Opens the stream; the value is the server's stream header. */
    open(options: { readonly domain: string }): Promise<Element>;
    authenticate(streamId: string, secret: string): Promise<void>;
    write(text: string): Promise<void>;
    /** Ends stream and socket; waits at most twice `timeout`. */
    stop(): Promise<unknown>;
    protected _onData(data: Buffer | string): void;
    protected _attachSocket(socket: Socket): void;
    protected _onElement(element: Element): void;
  }
}
