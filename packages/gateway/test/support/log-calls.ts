import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';

/** One place in the sources that writes to the log. */
export interface LogCall {
  readonly where: string;
  readonly package: string;
  readonly events: readonly string[];
  readonly levels: readonly string[];
  readonly fields: readonly string[];
  /** What the house style forbids about it, if anything. */
  readonly wrong?: string;
}

const PACKAGES = join(__dirname, '../../..');
const LEVELS: ReadonlySet<string> = new Set(['fatal', 'error', 'warn', 'info', 'debug', 'trace']);
const EVENT = /^[a-z]+(_[a-z]+)+$/;

/** All calls of the log in packages/<name>/src. A name that is handed on as a parameter is looked for in its callers. */
export function logCallsIn(name: string): readonly LogCall[] {
  return sources(join(PACKAGES, name, 'src')).flatMap((file) => callsIn(name, file));
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

function callsIn(name: string, file: string): LogCall[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const calls = all(source, ts.isCallExpression).filter((call) => /(^|\.)log(\.\w+|\[.*\])?$/s.test(call.expression.getText()));
  return calls.map((call) => describe(name, source, call));
}

function describe(name: string, source: ts.SourceFile, call: ts.CallExpression): LogCall {
  const where = `${name}/${basename(source.fileName)}:${source.getLineAndCharacterOfPosition(call.getStart()).line + 1}`;
  const given = parts(call);
  const levels = literals(source, given.level).filter((level) => LEVELS.has(level));
  const handedOn = given.event !== undefined && ts.isIdentifier(given.event) && given.event.text === 'event';
  const events = handedOn ? callersOf(source, call) : literals(source, given.event).filter((event) => EVENT.test(event));
  const fields = fieldsOf(source, given.fields);
  const wrong = handedOn && levels.length === 0 ? undefined : mistake({ events, levels, fields, event: given.event });
  return { where, package: name, events, levels, fields: fields ?? [], ...(wrong !== undefined && { wrong }) };
}

/** `log.level(fields, event)` of pino, and `log(level, event, fields)` of sipd. */
function parts(call: ts.CallExpression): { readonly level: ts.Node; readonly event: ts.Node | undefined; readonly fields: ts.Node | undefined } {
  const callee = call.expression;
  const [first, second, third] = call.arguments;
  if (ts.isElementAccessExpression(callee)) return { level: callee.argumentExpression, fields: first, event: second };
  if (ts.isPropertyAccessExpression(callee) && callee.name.text !== 'log') return { level: callee.name, fields: first, event: second };
  return { level: first ?? call, event: second, fields: third };
}

interface Found {
  readonly events: readonly string[];
  readonly levels: readonly string[];
  readonly fields: readonly string[] | undefined;
  readonly event: ts.Node | undefined;
}

function mistake({ events, levels, fields, event }: Found): string | undefined {
  if (event === undefined || all(event, ts.isTemplateExpression).length > 0) return 'no constant event name';
  if (events.length === 0) return 'the event is not named noun_verb';
  if (levels.length === 0) return 'the level cannot be told';
  return fields === undefined ? 'the fields are no object' : undefined;
}

/** The texts that a node may stand for: itself, the branches of a condition, the value of a constant of the file. */
function literals(source: ts.SourceFile, node: ts.Node | undefined): string[] {
  if (node === undefined) return [];
  if (ts.isStringLiteral(node)) return [node.text];
  if (ts.isConditionalExpression(node)) return [...literals(source, node.whenTrue), ...literals(source, node.whenFalse)];
  if (!ts.isIdentifier(node)) return [];
  return LEVELS.has(node.text) ? [node.text] : literals(source, valueOf(source, node));
}

function fieldsOf(source: ts.SourceFile, node: ts.Node | undefined): string[] | undefined {
  if (node === undefined) return undefined;
  if (ts.isObjectLiteralExpression(node)) return node.properties.flatMap((each) => (each.name === undefined ? [] : [each.name.getText()]));
  return ts.isIdentifier(node) ? fieldsOf(source, valueOf(source, node)) : undefined;
}

function valueOf(source: ts.SourceFile, name: ts.Identifier): ts.Node | undefined {
  return all(source, ts.isVariableDeclaration).find((each) => each.name.getText() === name.text)?.initializer;
}

/** Event names that are the first argument of a call in the same file: of the function that hands them on. */
function callersOf(source: ts.SourceFile, log: ts.CallExpression): string[] {
  const names = all(source, ts.isCallExpression)
    .filter((call) => call !== log)
    .flatMap(({ arguments: [first] }) => (first !== undefined && ts.isStringLiteral(first) ? [first.text] : []));
  return names.filter((each) => EVENT.test(each));
}

function all<T extends ts.Node>(root: ts.Node, is: (node: ts.Node) => node is T): T[] {
  const found: T[] = [];
  const visit = (node: ts.Node): void => {
    if (is(node)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(root);
  return found;
}
