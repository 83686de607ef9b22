import type { Fault } from '@isthmus/model';
import { createXmppLink } from '@isthmus/xmpp';
import type { XmppLink, XmppLinkChange, XmppLinkOptions } from '@isthmus/xmpp';
import xml from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

import { Mailbox } from '../../../../scenarios/support/mailbox';
import { stanzaError } from './component-server';

export const DOMAIN = 'gw.example.com';
export const USER_DOMAIN = 'example.com';
export const SECRET = 'välkommen';

interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A link and everything it tells: log lines, changes, stanzas. */
export class LinkUnderTest {
  readonly log = new Mailbox<LogLine>('the log', (line) => `${line.level} ${line.event} ${JSON.stringify(line.fields)}`);
  readonly changes = new Mailbox<XmppLinkChange>('the link', (change) => JSON.stringify(change));
  readonly stanzas = new Mailbox<Element>('the handler', (stanza) => stanza.toString());
  readonly link: XmppLink;

  constructor(options: Partial<XmppLinkOptions> & { readonly port: number }) {
    const write = (level: string) => (fields: LogLine['fields'], event: string) => this.log.put({ level, event, fields });
    this.link = createXmppLink({
      host: '127.0.0.1',
      domain: DOMAIN,
      secret: SECRET,
      userDomain: USER_DOMAIN,
      workerName: 'w1',
      mode: 'partitioned',
      reconnect: { minMs: 10, maxMs: 100 },
      log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
      writeError,
      ...options,
    });
    this.link.onChange((change) => this.changes.put(change));
    this.link.onStanza((stanza) => this.stanzas.put(stanza));
  }

  change(is: XmppLinkChange['is']): Promise<XmppLinkChange> {
    return this.changes.take({ what: `change to ${is}`, wanted: (change) => change.is === is });
  }

  line(event: string, level?: string): Promise<LogLine> {
    const wanted = (line: LogLine): boolean => line.event === event && (level === undefined || line.level === level);
    return this.log.take({ what: `log line ${event}`, wanted });
  }

  stanza(name: string): Promise<Element> {
    return this.stanzas.take({ what: name, wanted: (stanza) => stanza.name === name });
  }

  lines(event: string, level: string): readonly LogLine[] {
    return this.log.unclaimed.filter((line) => line.event === event && line.level === level);
  }
}

/** What the codec does for the real program: the error answer, none to errors and results. */
export function writeError(stanza: Element, fault: Fault): Element | undefined {
  const { type, id, from, to } = stanza.attrs;
  if (type === 'error' || type === 'result') return undefined;
  return xml(stanza.name, { type: 'error', id, from: to, to: from }, stanzaError(fault.type, fault.condition));
}

export const chat = (from: string, to: string, body: string): Element => xml('message', { type: 'chat', from, to }, xml('body', {}, body));
