import { parse } from 'ltx';
import { isCommand, readCommand, writeCommand, writeCommandError, type CommandError, type DataForm } from '../../src';

const NS = "xmlns='http://jabber.org/protocol/commands'";
const command = (attributes: string, children = '', type = 'set') =>
  parse(`<iq type='${type}' id='c1' from='ann@example.com/d' to='isthmus.example.com'><command ${NS} ${attributes}>${children}</command></iq>`);
const form = (fields: string, type = 'submit') => `<x xmlns='jabber:x:data' type='${type}'>${fields}</x>`;

describe('XEP-0050: what a client asks', () => {
  test('a command is an IQ of type set', () => {
    expect(isCommand(command("node='n'"))).toBe(true);
    expect(isCommand(command("node='n'", '', 'get'))).toBe(false);
    expect(isCommand(parse("<iq type='set'><command xmlns='other' node='n'/></iq>"))).toBe(false);
  });

  test.each([
    ["node='n'", { node: 'n', action: 'execute' }],
    ["node='n' action='execute' sessionid='s'", { node: 'n', action: 'execute', sessionId: 's' }],
    ["node='n' action='cancel' sessionid='s'", { node: 'n', action: 'cancel', sessionId: 's' }],
    ["node='n' action='prev' sessionid=''", { node: 'n', action: 'prev', sessionId: '' }],
    ['', { node: '', action: 'execute' }],
  ])('%s', (attributes, expected) => {
    expect(readCommand(command(attributes))).toEqual(expected);
  });

  test.each(["node='n' action='frob'", "node='n' action=''", "node='n' action='constructor'"])('%s is malformed', (attributes) => {
    expect(readCommand(command(attributes))).toBe('malformed-action');
  });

  test('no command at all is malformed', () => {
    expect(readCommand(parse("<iq type='set'><other/></iq>"))).toBe('malformed-action');
  });

  test('XEP-0004: the values of a submitted form, by field; of two of one name the first', () => {
    const fields = "<field var='a'><value>1</value><value/></field><field var='b'/><field><value>x</value></field><field var='a'><value>2</value></field><other/>";
    const request = readCommand(command("node='n'", form(fields)));
    expect(request).toMatchObject({ submission: new Map([['a', ['1', '']], ['b', []]]) });
  });

  test.each(['form', 'cancel', 'result', ''])('a form of type "%s" submits nothing', (type) => {
    expect(readCommand(command("node='n'", form("<field var='a'/>", type)))).toEqual({ node: 'n', action: 'execute' });
  });

  test('promise 6: fields and values beyond a bound are not looked at', () => {
    const request = readCommand(command("node='n'", form(Array.from({ length: 150 }, (_, at) => `<field var='f${at}'>${'<value>v</value>'.repeat(at === 0 ? 10_001 : 1)}</field>`).join(''))));
    const submission = typeof request === 'string' ? undefined : request.submission;
    expect([submission?.size, submission?.get('f0')?.length]).toEqual([100, 10_000]);
  });
});

describe('XEP-0050: what it is answered', () => {
  const FORM: DataForm = {
    type: 'form',
    title: 'A <title>',
    instructions: ['one', 'two'],
    fields: [
      { name: 'FORM_TYPE', type: 'hidden', values: ['urn:x'] },
      { name: 'l', type: 'list-single', label: 'Choose', required: true, values: ['a'], options: [{ label: 'The A', value: 'a' }] },
      { name: 't', type: 'text-multi', description: 'lines', values: ['1', '2'] },
      { name: 'u', type: 'jid-single' },
    ],
  };

  test('a stage with a form: actions, the usual one named, notes', () => {
    const reply = { node: 'n', sessionId: 's', status: 'executing', actions: ['complete'], form: FORM, notes: [{ type: 'error', text: 'a & b' }] } as const;
    expect(writeCommand(command("node='n'"), reply).toString()).toBe(
      '<iq type="result" id="c1" from="isthmus.example.com" to="ann@example.com/d">' +
        '<command xmlns="http://jabber.org/protocol/commands" node="n" sessionid="s" status="executing">' +
        '<actions execute="complete"><complete/></actions><note type="error">a &amp; b</note>' +
        '<x xmlns="jabber:x:data" type="form"><title>A &lt;title&gt;</title><instructions>one</instructions><instructions>two</instructions>' +
        '<field var="FORM_TYPE" type="hidden"><value>urn:x</value></field>' +
        '<field var="l" type="list-single" label="Choose"><required/><value>a</value><option label="The A"><value>a</value></option></field>' +
        '<field var="t" type="text-multi"><desc>lines</desc><value>1</value><value>2</value></field><field var="u" type="jid-single"/></x></command></iq>',
    );
  });

  test('an end without a form', () => {
    const answer = writeCommand(command("node='n'"), { node: 'n', sessionId: 's', status: 'canceled' });
    expect(answer.getChild('command')?.toString()).toBe('<command xmlns="http://jabber.org/protocol/commands" node="n" sessionid="s" status="canceled"/>');
  });

  test('a form without instructions, SEC-10: a character that XML forbids is dropped', () => {
    const form: DataForm = { type: 'result', title: 'x\u0001y', fields: [] };
    expect(String(writeCommand(command("node='n'"), { node: 'n', sessionId: 's', status: 'completed', form }))).toContain('<title>xy</title></x>');
  });

  test.each<[CommandError, string, string]>([
    ['malformed-action', 'modify', 'bad-request'],
    ['bad-action', 'modify', 'bad-request'],
    ['bad-payload', 'modify', 'bad-request'],
    ['bad-sessionid', 'modify', 'bad-request'],
    ['session-expired', 'cancel', 'not-allowed'],
  ])('section 4.4: %s goes with %s / %s', (name, type, condition) => {
    const error = writeCommandError(command("node='n'"), name)?.getChild('error');
    expect(error?.attrs).toEqual({ type });
    expect(error?.getChildElements().map((child) => [child.name, child.getNS()])).toEqual([
      [condition, 'urn:ietf:params:xml:ns:xmpp-stanzas'],
      [name, 'http://jabber.org/protocol/commands'],
    ]);
  });

  test('ERR-5: an error is not answered', () => {
    expect(writeCommandError(command('', '', 'error'), 'bad-action')).toBeUndefined();
  });
});
