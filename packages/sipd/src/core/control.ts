/** The control protocol's messages (drachtio.md section 2.2). */
import type { Client } from '../control/client';
import { isSecret } from '../control/secret';
import { type ClientFrame, readFrame } from '../control/sip-text';
import type { Outbound } from './outbound';
import type { Responses } from './responses';
import type { Core } from './state';

/** drachtio-srf compares it to decide about pings. */
export const VERSION = 'v0.9.10';

/** Acts on the frames of clients. */
export class Control {
  constructor(
    private readonly core: Core,
    private readonly outbound: Outbound,
    private readonly responses: Responses,
  ) {}

  frame(client: Client, payload: Buffer): void {
    const frame = readFrame(payload);
    const [id = '', type = ''] = frame.fields;
    if (frame.fields.length < 2 || id === '') {
      client.refuse(id, 'Invalid message format');
    } else if (type === 'authenticate') {
      this.authenticate(client, id, frame.fields[2] ?? '');
    } else if (this.core.state.settings.strict && !client.authenticated) {
      client.refuse(id, 'not authenticated');
    } else {
      this.act(client, id, type, frame);
    }
  }

  private act(client: Client, id: string, type: string, frame: ClientFrame): void {
    const { distribution } = this.core.state;
    switch (type) {
      case 'route':
        if (distribution.register(client, frame.fields[2] ?? '')) client.reply(id, 'OK');
        else client.reply(id, 'NOK', 'too many routes');
        break;
      case 'remove_route':
        distribution.unregister(client);
        client.reply(id, 'OK');
        break;
      case 'ping':
        client.reply(id, 'OK', 'pong');
        break;
      case 'sip':
        this.sip(client, id, frame);
        break;
      case 'proxy':
        client.reply(id, 'NOK', 'proxy is not supported by this server');
        break;
      default:
        client.refuse(id, 'Unknown message type');
    }
  }

  private authenticate(client: Client, id: string, secret: string): void {
    const { settings } = this.core.state;
    if (!isSecret(secret, settings.secret)) {
      settings.log('warn', 'client_refused', { client: client.address, reason: 'incorrect secret' });
      client.refuse(id, 'incorrect secret');
      return;
    }
    client.authenticated = true;
    const { hostports } = this.core.transports;
    client.reply(id, 'OK', hostports, VERSION, hostports);
  }

  private sip(client: Client, id: string, { fields, sip }: ClientFrame): void {
    const [, , transactionId = '', dialogId = '', route] = fields;
    if (fields.length < 4 || sip === undefined) {
      client.refuse(id, 'Invalid message format');
    } else if (sip.startLine.startsWith('SIP/')) {
      if (transactionId === '') client.refuse(id, 'transaction id missing');
      else this.responses.send(client, id, transactionId, sip);
    } else if (sip.bad !== undefined) {
      client.reply(id, 'NOK', 'invalid header line: every line must be "Name: value"');
    } else if (dialogId !== '') {
      this.outbound.inDialog(client, id, dialogId, sip);
    } else if (transactionId !== '') {
      if (sip.startLine.startsWith('CANCEL ')) this.outbound.cancel(client, id, transactionId);
      else client.refuse(id, 'Invalid message format');
    } else {
      this.outbound.outOfDialog(client, id, sip, route === '' ? undefined : route);
    }
  }
}
