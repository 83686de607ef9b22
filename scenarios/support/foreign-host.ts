import { connect, Socket } from 'node:net';
import type { NetConnectOpts } from 'node:net';

import { DEFAULT_DEADLINE_MS } from './mailbox';
import { token } from './raw-sip';
import { SipMessage } from './sip-message';

/** A second loopback address: for the SIP side a host that no list names. */
const FOREIGN_ADDRESS = '127.0.0.2';
const END_OF_HEADERS = '\r\n\r\n';

/** Sends one request from another host, by TCP, and gives the final answer. */
export function askFromElsewhere(port: number, method: string, from: string, to: string, extra: Readonly<Record<string, string>> = {}): Promise<SipMessage> {
  const headers = {
    Via: `SIP/2.0/TCP ${FOREIGN_ADDRESS}:5060;branch=z9hG4bK${token()}`,
    'Max-Forwards': '70',
    From: `<${from}>;tag=${token()}`,
    To: `<${to}>`,
    'Call-ID': token(),
    CSeq: `1 ${method}`,
    Contact: `<sip:${FOREIGN_ADDRESS}:5060;transport=tcp>`,
    ...extra,
  };
  return exchange({ port, host: '127.0.0.1', localAddress: FOREIGN_ADDRESS }, new SipMessage(`${method} ${to} SIP/2.0`, Object.entries(headers)));
}

/** Sends one request by a connection of its own, and gives the final answer. */
export function exchange(by: NetConnectOpts | Socket, request: SipMessage): Promise<SipMessage> {
  return new Promise((resolve, reject) => {
    const socket = by instanceof Socket ? by : connect(by);
    let heard = '';
    const end = (outcome: SipMessage | Error): void => {
      clearTimeout(deadline);
      socket.destroy();
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    };
    const deadline = setTimeout(() => end(new Error(`no answer to ${request.startLine}`)), DEFAULT_DEADLINE_MS);
    socket.on('connect', () => socket.write(request.encode()));
    socket.on('error', end);
    socket.on('data', (chunk) => {
      heard += chunk.toString('utf8');
      const answers = heard.split(/(?=SIP\/2\.0 \d{3} )/).filter((answer) => answer.includes(END_OF_HEADERS)).map((answer) => SipMessage.parse(Buffer.from(answer)));
      const final = answers.find(({ status }) => status >= 200);
      if (final !== undefined) end(final);
    });
  });
}
