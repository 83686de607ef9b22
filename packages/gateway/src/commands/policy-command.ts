import { readPolicyEntry, type DataForm, type FormField, type Submission } from '@isthmus/codec';
import type { BareJid, PolicyLists } from '@isthmus/model';
import type { Policies } from '../policy/policies';
import { again, done, valueOf, type Stage, type UserCommand } from './command';

const FIELD = { form: 'FORM_TYPE', autoAuthorize: 'auto-authorize', allow: 'allow', block: 'block' } as const;
const FORM_TYPE = 'urn:isthmus:policy';
/** So many wrong addresses are named, each cut to so many characters. */
const NAMED = 5;
const NAMED_CHARACTERS = 60;

/** Shows and changes who may see a user without being asked for, and who never. */
export class PolicyCommand implements UserCommand {
  constructor(private readonly policies: Policies) {}

  async show(user: BareJid): Promise<Stage> {
    const { record, version } = await this.policies.read(user);
    return { is: 'form', version, form: this.form(user, record) };
  }

  async take(user: BareJid, submission: Submission, version: number, trace: string): Promise<Stage> {
    const { lists, wrong } = readLists(submission);
    const stay = (why: string): Stage => again({ is: 'form', version, form: this.form(user, lists, submission) }, why);
    if (wrong.length > 0) return stay(`Nothing was changed. Not an address: ${name(wrong)}`);
    const changed = await this.policies.replace(user, lists, version, trace);
    if (changed === 'done') return done('The availability policy is saved. Who watches now is told at once.');
    if (changed === 'full') return stay('Nothing was changed. A list is too long.');
    return again(await this.show(user), 'Nothing was changed: the policy was changed elsewhere meanwhile. This is how it is now.');
  }

  /** `typed`: what the user has entered, right or wrong, in the place of what is stored. */
  private form(user: BareJid, lists: PolicyLists, typed?: Submission): DataForm {
    const values = (field: string, stored: readonly string[]) => typed?.get(field) ?? stored;
    const usual = this.policies.everyone.autoAuthorize === true ? 'yes' : 'no';
    const fields: FormField[] = [
      { name: FIELD.form, type: 'hidden', values: [FORM_TYPE] },
      {
        name: FIELD.autoAuthorize,
        type: 'list-single',
        label: 'Let contacts see me without asking me',
        values: [lists.autoAuthorize === undefined ? 'default' : lists.autoAuthorize ? 'on' : 'off'],
        options: [
          { label: `As everybody here (${usual})`, value: 'default' },
          { label: 'Yes', value: 'on' },
          { label: 'No, ask me', value: 'off' },
        ],
      },
      {
        name: FIELD.allow,
        type: 'text-multi',
        label: 'Always let these see me',
        description: 'One address a line; *@example.com is everybody of a domain, * everybody',
        values: values(FIELD.allow, lists.allow),
      },
      {
        name: FIELD.block,
        type: 'text-multi',
        label: 'Never let these see me',
        description: 'They see you as offline. This list counts more than the other one',
        values: values(FIELD.block, lists.block),
      },
    ];
    return { type: 'form', title: 'Availability policy', instructions: [`Who of the SIP users may see ${user}.`], fields };
  }
}

function readLists(submission: Submission): { readonly lists: PolicyLists; readonly wrong: readonly string[] } {
  const allow = readEntries(submission, FIELD.allow);
  const block = readEntries(submission, FIELD.block);
  const choice = valueOf(submission, FIELD.autoAuthorize);
  const auto = choice === 'on' ? true : choice === 'off' ? false : undefined;
  const lists = { ...(auto !== undefined && { autoAuthorize: auto }), allow: allow.entries, block: block.entries };
  return { lists, wrong: [...allow.wrong, ...block.wrong] };
}

/** One entry a line, however the client cuts lines into values. */
function readEntries(submission: Submission, field: string): { readonly entries: readonly string[]; readonly wrong: readonly string[] } {
  const lines = (submission.get(field) ?? []).flatMap((value) => value.split(/[\r\n]+/)).map((line) => line.trim());
  const entries = new Set<string>();
  const wrong: string[] = [];
  for (const line of lines.filter((each) => each !== '')) {
    const entry = readPolicyEntry(line);
    if (entry.ok) entries.add(entry.value);
    else wrong.push(line);
  }
  return { entries: [...entries], wrong };
}

/** Names what is wrong, with an end to it. */
export function name(wrong: readonly string[]): string {
  const named = wrong.slice(0, NAMED).map((each) => `"${each.slice(0, NAMED_CHARACTERS)}"`);
  const more = wrong.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
