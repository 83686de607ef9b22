import { readJid, type DataForm, type Submission } from '@isthmus/codec';
import type { BareJid, PolicyLists } from '@isthmus/model';
import type { PairStore } from '@isthmus/store';
import type { StoredPair } from '../pairs/stored';
import { withContact, type Decision, type Policies } from '../policy/policies';
import { again, done, valueOf, type Stage, type UserCommand } from './command';
import { name } from './policy-command';
import { lookAt } from './records';
import { describeWatcher, type Watcher } from './watcher';

const FIELD = { form: 'FORM_TYPE', watchers: 'watchers', action: 'action' } as const;
const FORM_TYPE = 'urn:isthmus:watchers';

/** What can be done about a watcher: where he is put on the lists, and what the user has decided with it. */
const ACTIONS: Readonly<Record<string, { readonly label: string; readonly place: 'allow' | 'block' | 'none'; readonly decision?: Decision }>> = {
  // The decision is for those who stand on the list already and were refused since: for them the lists tell nothing new.
  allow: { label: 'Let them see me', place: 'allow', decision: 'granted' },
  block: { label: 'Block: they see me as offline', place: 'block' },
  revoke: { label: 'Take my permission back: they see me as offline', place: 'none', decision: 'revoked' },
  ask: { label: 'Ask me again', place: 'none', decision: 'forgotten' },
};

export interface WatchersOptions {
  readonly policies: Policies;
  readonly pairs: PairStore<StoredPair>;
  /** Watchers that are listed; the others are counted. */
  readonly maxListed: number;
}

/** Lists who watches a user, and decides about them. */
export class WatchersCommand implements UserCommand {
  constructor(private readonly options: WatchersOptions) {}

  async show(user: BareJid): Promise<Stage> {
    const { watchers, more, damaged } = await this.watchersOf(user);
    return watchers.length + damaged === 0 ? done(`No SIP user watches ${user}.`) : { is: 'form', form: form(user, watchers, [told(more, 'not listed'), told(damaged, 'damaged in the store')]) };
  }

  async take(user: BareJid, submission: Submission, _version: number, trace: string): Promise<Stage> {
    const chosen = valueOf(submission, FIELD.action) ?? '';
    const action = Object.hasOwn(ACTIONS, chosen) ? ACTIONS[chosen] : undefined;
    const { contacts, wrong } = readContacts(submission.get(FIELD.watchers) ?? []);
    if (contacts.length > this.options.maxListed) return again(await this.show(user), 'Nothing was changed. These are too many at once.');
    if (wrong.length > 0) return again(await this.show(user), `Nothing was changed. Not an address: ${name(wrong)}`);
    if (action === undefined || contacts.length === 0) return again(await this.show(user), 'Choose at least one watcher, and what is to be done.');
    const edit = (lists: PolicyLists) => contacts.reduce((each, contact) => withContact(each, contact, action.place), lists);
    const changed = await this.options.policies.change(user, edit, trace);
    if (changed === 'full') return again(await this.show(user), 'Nothing was changed. The list is full.');
    if (changed === 'conflict') return again(await this.show(user), 'Nothing was changed: too much happens at once. Try again.');
    const { decision } = action;
    if (decision !== undefined) await Promise.all(contacts.map((contact) => this.options.policies.decide({ user, contact }, decision, trace)));
    const blocked = action.place === 'allow' ? await this.options.policies.blockedOf(user, contacts) : [];
    return done(`Done for ${name(contacts)}.`, blocked.length === 0 ? undefined : `Blocked all the same, by an entry for many or for everybody: ${name(blocked)}`);
  }

  private async watchersOf(user: BareJid): Promise<{ readonly watchers: readonly Watcher[]; readonly more: number; readonly damaged: number }> {
    const { policies, pairs, maxListed } = this.options;
    const keys = new Set<string>();
    for await (const key of policies.keysOf(user)) keys.add(key);
    const watchers: Watcher[] = [];
    let more = 0;
    const damaged = await lookAt(pairs, [...keys].sort(), ({ contact }, { inward }) => {
      if (inward.is === 'none') return;
      if (watchers.length < maxListed) watchers.push({ contact, inward });
      else more += 1;
    });
    return { watchers, more, damaged };
  }
}

function told(count: number, what: string): readonly string[] {
  return count === 0 ? [] : [`${count} more are ${what}.`];
}

function form(user: BareJid, watchers: readonly Watcher[], rest: readonly (readonly string[])[]): DataForm {
  return {
    type: 'form',
    title: 'Who watches',
    instructions: [`SIP users who watch ${user}, or about whom a decision was taken.`, ...rest.flat()],
    fields: [
      { name: FIELD.form, type: 'hidden', values: [FORM_TYPE] },
      {
        name: FIELD.watchers,
        type: 'list-multi',
        label: 'Watchers',
        options: watchers.map((watcher) => ({ label: describeWatcher(watcher), value: watcher.contact })),
      },
      {
        name: FIELD.action,
        type: 'list-single',
        label: 'What is to be done',
        values: ['allow'],
        options: Object.entries(ACTIONS).map(([value, { label }]) => ({ label, value })),
      },
    ],
  };
}

function readContacts(values: readonly string[]): { readonly contacts: readonly BareJid[]; readonly wrong: readonly string[] } {
  const contacts = new Set<BareJid>();
  const wrong: string[] = [];
  for (const value of values) {
    const jid = readJid(value);
    if (jid.ok && jid.value.local !== '') contacts.add(jid.value.bare);
    else wrong.push(value);
  }
  return { contacts: [...contacts], wrong };
}
