/** Ad-hoc commands (XEP-0050): requests in, answers out. */

import type { Condition, ErrorType } from '@isthmus/model';
import { attributeOf, element, type Element } from '../xml/element';
import { readSubmission, writeDataForm, type DataForm, type Submission } from './data-form';
import { NS } from './namespaces';
import { writeError } from './write-error';

/** XEP-0050 section 3.3. */
const ACTIONS = ['execute', 'cancel', 'prev', 'next', 'complete'] as const;
export type CommandAction = (typeof ACTIONS)[number];

export interface CommandRequest {
  readonly node: string;
  readonly action: CommandAction;
  /** Absent: the command begins. */
  readonly sessionId?: string;
  readonly submission?: Submission;
}

export interface CommandNote {
  readonly type: 'info' | 'warn' | 'error';
  readonly text: string;
}

export interface CommandReply {
  readonly node: string;
  readonly sessionId: string;
  readonly status: 'executing' | 'completed' | 'canceled';
  /** What the one who executes may do next, the first one by default (XEP-0050 section 3.4). */
  readonly actions?: readonly ('next' | 'complete')[];
  readonly form?: DataForm;
  readonly notes?: readonly CommandNote[];
}

/** XEP-0050 section 4.4: the conditions that commands have of their own, and those they share. */
const ERRORS = {
  'malformed-action': ['modify', 'bad-request'],
  'bad-action': ['modify', 'bad-request'],
  'bad-payload': ['modify', 'bad-request'],
  'bad-sessionid': ['modify', 'bad-request'],
  'session-expired': ['cancel', 'not-allowed'],
} as const satisfies Record<string, readonly [ErrorType, Condition]>;
export type CommandError = keyof typeof ERRORS;

/** Is this IQ a command? Its type must be set (XEP-0050 section 3.1). */
export function isCommand(iq: Element): boolean {
  return attributeOf(iq, 'type') === 'set' && iq.getChild('command', NS.commands) !== undefined;
}

/** What a command asks for; or the error that says what is wrong with it. */
export function readCommand(iq: Element): CommandRequest | CommandError {
  const command = iq.getChild('command', NS.commands);
  const action = ACTIONS.find((each) => each === (command && (attributeOf(command, 'action') ?? 'execute')));
  if (command === undefined || action === undefined) return 'malformed-action';
  const sessionId = attributeOf(command, 'sessionid');
  const submission = readSubmission(command);
  return {
    node: attributeOf(command, 'node') ?? '',
    action,
    ...(sessionId !== undefined && { sessionId }),
    ...(submission !== undefined && { submission }),
  };
}

export function writeCommand(iq: Element, reply: CommandReply): Element {
  const { node, sessionId, status, actions = [], form, notes = [] } = reply;
  const [usual] = actions;
  return element(
    'iq',
    { type: 'result', id: attributeOf(iq, 'id'), from: attributeOf(iq, 'to'), to: attributeOf(iq, 'from') },
    element(
      'command',
      { xmlns: NS.commands, node, sessionid: sessionId, status },
      usual === undefined ? undefined : element('actions', { execute: usual }, ...actions.map((action) => element(action))),
      ...notes.map(({ type, text }) => element('note', { type }, text)),
      form === undefined ? undefined : writeDataForm(form),
    ),
  );
}

/** The error with the command's own condition beside the general one. */
export function writeCommandError(iq: Element, name: CommandError): Element | undefined {
  const [type, condition] = ERRORS[name];
  const answer = writeError(iq, { type, condition, sip: 400, blame: 'peer' });
  answer?.getChild('error')?.append(element(name, { xmlns: NS.commands }));
  return answer;
}
