import type { CommandNote, DataForm, Submission } from '@isthmus/codec';
import type { BareJid } from '@isthmus/model';

/** What one stage of a command leads to. */
export type Stage =
  /** A form to be filled in. `version`: that of what it shows. */
  | { readonly is: 'form'; readonly form: DataForm; readonly version?: number; readonly notes?: readonly CommandNote[] }
  | { readonly is: 'done'; readonly form?: DataForm; readonly notes?: readonly CommandNote[] };

/** What is done for one user, whoever asks for it. */
export interface UserCommand {
  /** The form, or what there is to say instead of one. */
  show(user: BareJid): Promise<Stage>;
  /** `version`: that of what the form showed. */
  take(user: BareJid, submission: Submission, version: number, trace: string): Promise<Stage>;
}

export interface CatalogueEntry {
  readonly node: string;
  readonly name: string;
  /** `own`: each user for himself. `any`: an administrator for any user. `system`: an administrator; about no user. */
  readonly scope: 'own' | 'any' | 'system';
  readonly command: UserCommand;
}

export function done(text: string, warning?: string): Stage {
  return { is: 'done', notes: [{ type: 'info', text }, ...(warning === undefined ? [] : [{ type: 'warn', text: warning } as const])] };
}

/** The form once more with what is wrong: in a note, and above the fields, since not every client shows notes of forms. */
export function again(stage: Stage, wrong: string): Stage {
  if (stage.is === 'done') return stage;
  const form = { ...stage.form, instructions: [wrong, ...(stage.form.instructions ?? [])] };
  return { ...stage, form, notes: [{ type: 'error', text: wrong }] };
}

/** The value of a field that has one. */
export function valueOf(submission: Submission, name: string): string | undefined {
  return submission.get(name)?.[0];
}
