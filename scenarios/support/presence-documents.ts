import { Parser } from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

/** Presence documents as the far side writes them, and what ours say. Texts are put in as they are: a test may say anything. */

const NS = {
  pidf: 'urn:ietf:params:xml:ns:pidf',
  draft: 'urn:ietf:params:xml:ns:pidf:status:rpid-status',
  dataModel: 'urn:ietf:params:xml:ns:pidf:data-model',
  rpid: 'urn:ietf:params:xml:ns:pidf:rpid',
  client: 'jabber:client',
  msrtc: 'http://schemas.microsoft.com/2002/09/sip/presence',
  state: 'http://schemas.microsoft.com/2006/09/sip/state',
  note: 'http://schemas.microsoft.com/2006/09/sip/note',
} as const;

export interface PresenceDocument {
  readonly contentType: string;
  readonly body: string;
}

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';
const tag = (name: string, text: string | undefined): string => (text === undefined ? '' : `<${name}>${text}</${name}>`);
const pidf = (body: string): PresenceDocument => ({ contentType: 'application/pidf+xml', body: DECLARATION + body });

export interface DraftPidf {
  readonly basic: 'open' | 'closed';
  readonly activity?: string;
  readonly note?: string;
}

/** PIDF in the form that Microsoft servers write: the activity as text inside the status (microsoft-dialect 1.4). */
export function draftPidf(uri: string, { basic, activity, note }: DraftPidf): PresenceDocument {
  const activities = activity === undefined ? '' : `<ep:activities>${tag('ep:activity', activity)}</ep:activities>`;
  const status = `<status>${tag('basic', basic)}${activities}</status>`;
  return pidf(`<presence xmlns="${NS.pidf}" xmlns:ep="${NS.draft}" entity="${uri}"><tuple id="0">${status}${tag('note', note)}</tuple></presence>`);
}

export interface RpidPidf {
  readonly basic: 'open' | 'closed';
  readonly activity?: string;
  readonly note?: string;
  /** RFC 8048 Table 1: the XMPP show, copied. */
  readonly show?: string;
}

/** PIDF of the RFCs: RFC 3863 with the person of RFC 4479 and the activities of RFC 4480. */
export function rpidPidf(uri: string, { basic, activity, note, show }: RpidPidf): PresenceDocument {
  const copied = show === undefined ? '' : `<show xmlns="${NS.client}">${show}</show>`;
  const person = activity === undefined ? '' : `<dm:person id="p1"><r:activities><r:${activity}/></r:activities></dm:person>`;
  const tuple = `<tuple id="t1"><status>${tag('basic', basic)}${copied}</status><contact>${uri}</contact>${tag('note', note)}</tuple>`;
  return pidf(`<presence xmlns="${NS.pidf}" xmlns:dm="${NS.dataModel}" xmlns:r="${NS.rpid}" entity="${uri}">${tuple}${person}</presence>`);
}

export interface MsrtcPidf {
  readonly availability: number;
  readonly activity: number;
  /** The user's own state, one of Microsoft's state numbers. */
  readonly state?: number;
  readonly note?: string;
}

/** Microsoft's own document ([MS-SIP] 4.4). */
export function msrtcPidf(uri: string, { availability, activity, state, note }: MsrtcPidf): PresenceDocument {
  const states = state === undefined ? '' : `<states><state avail="${state}"/></states>`;
  const aggregates = `<availability aggregate="${availability}" description=""/><activity aggregate="${activity}" description=""/>`;
  const body = `<presentity xmlns="${NS.msrtc}" uri="${uri.replace('sip:', '')}">${aggregates}<userInfo>${states}${tag('note', note)}</userInfo></presentity>`;
  return { contentType: 'text/xml+msrtc.pidf', body: DECLARATION + body };
}

/** What a document of ours says, by the form it is written in; what it does not say is left out. */
export type Said = Readonly<Record<string, string>>;

export function readDocument({ contentType, body }: PresenceDocument): Said {
  const root = parse(body);
  if (contentType === 'text/xml+msrtc.pidf') return present(msrtcOf(root));
  if (contentType === 'application/msrtc-event-categories+xml') return present(categoriesOf(root));
  // Of several tuples the first is the one that she prefers.
  const tuple = find(root, NS.pidf, 'tuple') ?? root;
  const basic = textOf(tuple, NS.pidf, 'basic');
  const draft = textOf(root, NS.draft, 'activity');
  const rpid = find(root, NS.rpid, 'activities')?.getChildElements()[0]?.getName();
  return present({ basic, draft, rpid, show: textOf(tuple, NS.client, 'show'), note: textOf(root, NS.pidf, 'note') });
}

function msrtcOf(root: Element): Record<string, string | undefined> {
  const aggregate = (name: string): string | undefined => find(root, NS.msrtc, name)?.attrs['aggregate'];
  const state = find(root, NS.msrtc, 'state')?.attrs['avail'];
  return { availability: aggregate('availability'), activity: aggregate('activity'), state, note: textOf(root, NS.msrtc, 'note') };
}

function categoriesOf(root: Element): Record<string, string | undefined> {
  const token = find(root, NS.state, 'activity')?.attrs['token'];
  return { availability: textOf(root, NS.state, 'availability'), token, note: textOf(root, NS.note, 'body') };
}

const present = (all: Record<string, string | undefined>): Said =>
  Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));

const textOf = (root: Element, namespace: string, name: string): string | undefined => find(root, namespace, name)?.getText();

function find(element: Element, namespace: string, name: string): Element | undefined {
  if (element.getName() === name && element.getNS() === namespace) return element;
  for (const child of element.getChildElements()) {
    const found = find(child, namespace, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function parse(text: string): Element {
  const parser = new Parser();
  let root: Element | undefined;
  parser.on('start', (element: Element) => (root = element));
  parser.on('element', (element: Element) => root?.append(element));
  parser.write(text);
  if (root === undefined) throw new Error(`no XML document: ${text}`);
  return root;
}
