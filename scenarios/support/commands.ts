import xml from '@xmpp/xml';
import type { Element } from '@xmpp/xml';

import { COMPONENT } from './world';
import type { XmppUser } from './xmpp-user';

/** Ad-hoc commands (XEP-0050) as a client executes them. */

const COMMANDS = 'http://jabber.org/protocol/commands';
const FORMS = 'jabber:x:data';

export type Filled = Readonly<Record<string, readonly string[]>>;

/** What a stage shows. */
export interface Stage {
  readonly node: string;
  readonly sessionId: string;
  /** executing, completed or canceled. */
  readonly status: string;
  readonly notes: readonly string[];
  /** Values by field, hidden ones too. */
  readonly values: Filled;
  /** By field what may be chosen, as it is shown. */
  readonly options: Filled;
}

/** Opens a command of the gateway by the last word of its node. */
export function opens(user: XmppUser, name: string): Promise<Stage> {
  return send(user, { node: `urn:isthmus:commands:${name}`, action: 'execute' });
}

/** Sends the form back with what was filled in. */
export function fills(user: XmppUser, { node, sessionId, values }: Stage, filled: Filled): Promise<Stage> {
  const fields = Object.entries({ ...values, ...filled });
  const form = xml('x', { xmlns: FORMS, type: 'submit' }, ...fields.map(([name, texts]) => field(name, texts)));
  return send(user, { node, sessionid: sessionId, action: 'execute' }, form);
}

/** Changes the user's own policy. */
export async function setsPolicy(user: XmppUser, filled: Filled): Promise<void> {
  const { status, notes } = await fills(user, await opens(user, 'policy'), filled);
  if (status !== 'completed') throw new Error(`the policy was not taken: ${notes.join()}`);
}

/** Decides about watchers: allow, block, revoke or ask. */
export async function decides(user: XmppUser, action: string, ...watchers: readonly string[]): Promise<void> {
  const { status, notes } = await fills(user, await opens(user, 'watchers'), { watchers, action: [action] });
  if (status !== 'completed') throw new Error(`the decision was not taken: ${notes.join()}`);
}

async function send(user: XmppUser, attributes: Readonly<Record<string, string>>, form?: Element): Promise<Stage> {
  const command = xml('command', { xmlns: COMMANDS, ...attributes }, ...(form === undefined ? [] : [form]));
  const answer = await user.request(xml('iq', { type: 'set', to: COMPONENT }, command));
  return read(answer.getChild('command', COMMANDS) ?? xml('command'));
}

function read(command: Element): Stage {
  const fields = command.getChild('x', FORMS)?.getChildren('field') ?? [];
  const byName = (of: (each: Element) => readonly string[]): Filled => Object.fromEntries(fields.map((each) => [String(each.attrs['var']), of(each)]));
  return {
    node: String(command.attrs['node']),
    sessionId: String(command.attrs['sessionid']),
    status: String(command.attrs['status']),
    notes: command.getChildren('note').map((note) => note.getText()),
    values: byName((each) => each.getChildren('value').map((value) => value.getText())),
    options: byName((each) => each.getChildren('option').map((option) => String(option.attrs['label']))),
  };
}

function field(name: string, texts: readonly string[]): Element {
  return xml('field', { var: name }, ...texts.map((text) => xml('value', {}, text)));
}
