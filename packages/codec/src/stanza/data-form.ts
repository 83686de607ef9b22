/** Data forms (XEP-0004), as far as commands need them: a form out, its submission in, a result out. */

import { attributeOf, element, type Element } from '../xml/element';
import { NS } from './namespaces';

/** XEP-0004 section 3.3, those that are used. */
export type FieldType = 'hidden' | 'jid-single' | 'list-multi' | 'list-single' | 'text-multi' | 'text-single';

export interface FormField {
  /** The `var`. */
  readonly name: string;
  readonly type: FieldType;
  /** What the client shows beside the field. */
  readonly label?: string;
  /** More about it, one line. */
  readonly description?: string;
  readonly required?: true;
  readonly values?: readonly string[];
  /** For the lists: what may be chosen. */
  readonly options?: readonly FormOption[];
}

export interface FormOption {
  readonly label: string;
  readonly value: string;
}

export interface DataForm {
  /** `form`: to be filled in. `result`: to be read. */
  readonly type: 'form' | 'result';
  readonly title: string;
  readonly instructions?: readonly string[];
  readonly fields: readonly FormField[];
}

/** What a form came back with: the values by the field's name. */
export type Submission = ReadonlyMap<string, readonly string[]>;

/** Fields of a submission that are looked at, and values of each: more than any form of ours has use for. */
const MAX_FIELDS = 100;
const MAX_VALUES = 10_000;

export function writeDataForm(form: DataForm): Element {
  return element(
    'x',
    { xmlns: NS.dataForms, type: form.type },
    element('title', {}, form.title),
    ...(form.instructions ?? []).map((line) => element('instructions', {}, line)),
    ...form.fields.map(writeField),
  );
}

/** An XEP-0004 line of text is one `value`; an empty field has none. */
function writeField({ name, type, label, description, required, values = [], options = [] }: FormField): Element {
  return element(
    'field',
    { var: name, type, label },
    description === undefined ? undefined : element('desc', {}, description),
    required === undefined ? undefined : element('required'),
    ...values.map((value) => element('value', {}, value)),
    ...options.map((option) => element('option', { label: option.label }, element('value', {}, option.value))),
  );
}

/** The values of a form of type submit; undefined where the element has none. Of two fields of one name the first counts. */
export function readSubmission(parent: Element): Submission | undefined {
  const form = parent.getChild('x', NS.dataForms);
  if (form === undefined || attributeOf(form, 'type') !== 'submit') return undefined;
  const values = new Map<string, readonly string[]>();
  for (const field of form.getChildren('field', NS.dataForms).slice(0, MAX_FIELDS)) {
    const name = attributeOf(field, 'var');
    const texts = field.getChildren('value', NS.dataForms).slice(0, MAX_VALUES).map((value) => value.getText());
    if (name !== undefined && !values.has(name)) values.set(name, texts);
  }
  return values;
}
