import type { SipRequestIn, SipRequestOut } from '@isthmus/codec';
import { createSipLinks } from '@isthmus/sip';
import type { SipLinkChange, SipLinks, SipLinksOptions } from '@isthmus/sip';
import { createSipd } from '@isthmus/sipd';
import type { Sipd, SipdOptions } from '@isthmus/sipd';

import { Mailbox } from '../../../../scenarios/support/mailbox';

export const SECRET = 'keep-this-quiet';

interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Links and everything they tell: log lines, changes, requests. */
export class LinksUnderTest {
  readonly log = new Mailbox<LogLine>('the log', (line) => `${line.level} ${line.event} ${JSON.stringify(line.fields)}`);
  readonly changes = new Mailbox<SipLinkChange>('the links', (change) => JSON.stringify(change));
  readonly requests = new Mailbox<SipRequestIn>('the handler', (request) => `${request.method} ${request.headers['call-id']}`);
  readonly links: SipLinks;

  constructor(servers: SipLinksOptions['servers'], options: Partial<SipLinksOptions> = {}) {
    const write = (level: string) => (fields: LogLine['fields'], event: string) => this.log.put({ level, event, fields });
    this.links = createSipLinks({
      servers,
      workerName: 'w1',
      reconnect: { minMs: 10, maxMs: 100 },
      log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
      ...options,
    });
    this.links.onChange((change) => this.changes.put(change));
    this.links.onRequest((request) => this.requests.put(request));
  }

  change(is: SipLinkChange['is']): Promise<SipLinkChange> {
    return this.changes.take({ what: `change to ${is}`, wanted: (change) => change.is === is });
  }

  line(event: string, level?: string): Promise<LogLine> {
    const wanted = (line: LogLine): boolean => line.event === event && (level === undefined || line.level === level);
    return this.log.take({ what: `log line ${event}`, wanted });
  }

  lines(event: string, level: string): readonly LogLine[] {
    return this.log.unclaimed.filter((line) => line.event === event && line.level === level);
  }

  request(method: string): Promise<SipRequestIn> {
    return this.requests.take({ what: `${method} request`, wanted: (request) => request.method === method });
  }

  /** Answers a request with a status and nothing else, or with the headers given. */
  answer(request: SipRequestIn, status: number, headers: Record<string, string> = {}, body?: string): ReturnType<SipLinks['answer']> {
    return this.links.answer({ transaction: request.transaction, status, headers, ...(body === undefined ? {} : { body }) });
  }

  async up(): Promise<SipLinkChange> {
    this.links.start();
    return this.change('up');
  }
}

export function startSipd(options: Partial<SipdOptions> = {}): Promise<Sipd> {
  const host = '127.0.0.1';
  return createSipd({
    admin: { host, port: 0 },
    secret: SECRET,
    sip: [
      { protocol: 'udp', host, port: 0 },
      { protocol: 'tcp', host, port: 0 },
    ],
    ...options,
  });
}

export const serverOf = (sipd: Sipd, name = 'd1'): SipLinksOptions['servers'][number] => ({
  name,
  host: sipd.admin.address,
  port: sipd.admin.port,
  secret: SECRET,
});

/** A request of ours out of dialog to a peer's address. */
export function outOfDialog(method: string, peerAddress: string, more: Partial<SipRequestOut> = {}): SipRequestOut {
  const { headers, ...rest } = more;
  return {
    method,
    uri: 'sip:bob@example.com',
    proxy: `sip:${peerAddress};transport=tcp`,
    headers: { from: '<sip:ann@example.com>;tag=ours', to: '<sip:bob@example.com>', ...headers },
    timeoutMs: 20_000,
    ...rest,
  };
}

/** In a dialog by id. */
export function byId(method: string, stackId: string | undefined, more: Partial<SipRequestOut> = {}): SipRequestOut {
  if (stackId === undefined) throw new Error('no dialog id');
  return { method, uri: 'sip:placeholder', headers: {}, stackId, timeoutMs: 20_000, ...more };
}
