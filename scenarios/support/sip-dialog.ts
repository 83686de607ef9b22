import type { Exchange, Incoming, SipPeer } from './raw-sip';
import type { Content } from './sip-compose';
import { tagOf, uriOf } from './sip-message';
import type { Header, SipMessage } from './sip-message';
import type { Hop } from './sip-sockets';

interface DialogState {
  readonly callId: string;
  readonly local: string;
  readonly remote: string;
  readonly target: string;
  readonly routes: readonly string[];
  readonly hop: Hop;
  readonly cseq: number;
}

/** A dialog as the scripted peer sees it (RFC 3261 section 12): enough to send requests in it. */
export class SipDialog {
  /** CSeq number of the request that went last in this direction. */
  cseq: number;

  private constructor(
    private readonly peer: SipPeer,
    readonly state: DialogState,
  ) {
    this.cseq = state.cseq;
  }

  /** The dialog of a request that came and that `response` accepted. */
  static asServer(peer: SipPeer, { message, flow }: Incoming, response: SipMessage): SipDialog {
    const routes = routeSet(message);
    const target = uriOf(message.header('Contact'));
    return new SipDialog(peer, {
      callId: message.callId,
      local: response.header('To'),
      remote: message.header('From'),
      target,
      routes,
      hop: firstHop(routes, target) ?? flow,
      cseq: 0,
    });
  }

  /** The dialog of a request that this peer sent and that was accepted. */
  static asClient(peer: SipPeer, { request, response }: Exchange, hop: Hop): SipDialog {
    const routes = routeSet(response).reverse();
    const target = uriOf(response.header('Contact'));
    return new SipDialog(peer, {
      callId: request.callId,
      local: request.header('From'),
      remote: response.header('To'),
      target,
      routes,
      hop: firstHop(routes, target) ?? hop,
      cseq: request.cseq.number,
    });
  }

  get callId(): string {
    return this.state.callId;
  }

  get localTag(): string {
    return tagOf(this.state.local) ?? '';
  }

  get remoteTag(): string {
    return tagOf(this.state.remote) ?? '';
  }

  /** Sends a request in the dialog and waits for the final answer. */
  async request(method: string, content: Content & { readonly deadlineMs?: number } = {}): Promise<SipMessage> {
    this.cseq += 1;
    const exchange = await this.peer.exchange(this.startLine(method), this.headers(method), { ...content, hop: this.state.hop });
    return exchange.response;
  }

  /** Acknowledges the 2xx of the INVITE that opened the dialog. */
  ack(content: Content = {}): Promise<void> {
    return this.peer.send(this.startLine('ACK'), this.headers('ACK'), this.state.hop, content);
  }

  private startLine(method: string): string {
    return `${method} ${this.state.target} SIP/2.0`;
  }

  private headers(method: string): Header[] {
    const { local, remote, callId, routes } = this.state;
    const route = routes.map((value): Header => ['Route', value]);
    return [...route, ['From', local], ['To', remote], ['Call-ID', callId], ['CSeq', `${this.cseq} ${method}`]];
  }
}

const routeSet = (message: SipMessage): string[] =>
  message
    .all('Record-Route')
    .flatMap((value) => value.split(/,(?=\s*<)/))
    .map((value) => value.trim());

/** Where requests in a dialog go: the top route, else the remote target (RFC 3261 section 12.2.1.1; loose routers assumed). */
const firstHop = ([top]: readonly string[], target: string): Hop | undefined => hopOf(top === undefined ? target : uriOf(top));

/** Next hop of a URI with an address; names have no place in these tests and go to the usual hop. */
function hopOf(uri: string): Hop | undefined {
  const [, host, port] = /^sips?:(?:[^@]*@)?((?:127|10)\.\d+\.\d+\.\d+):(\d+)/i.exec(uri) ?? [];
  if (host === undefined) return undefined;
  return { host, port: Number(port), transport: /;transport=tcp/i.test(uri) ? 'tcp' : 'udp' };
}
