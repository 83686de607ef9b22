import { readCommand, readJid, writeCommand, writeCommandError, writeError, type CommandError, type CommandItem, type CommandReply, type CommandRequest, type DataForm, type Element, type Submission } from '@isthmus/codec';
import { fault, FaultError, type BareJid, type Fault, type Jid } from '@isthmus/model';
import type { Accounts } from '../accounts';
import { askStore } from '../ask-store';
import { newId } from '../ids';
import type { Logger } from '../log';
import type { Metrics } from '../metrics';
import { domainOf } from '../routes';
import { again, valueOf, type CatalogueEntry, type Stage, type UserCommand } from './command';
import type { RateLimit } from '../limits/rate-limit';
import { beginSession, checkSession, readMemory, writeMemory, type Sessions } from './session';

export interface CommandsOptions {
  readonly catalogue: readonly CatalogueEntry[];
  readonly domains: readonly string[];
  /** Prepared bare JIDs. */
  readonly administrators: ReadonlySet<string>;
  readonly accounts: Pick<Accounts, 'isLocal'>;
  readonly rate: RateLimit;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
}

/** How long a form may lie open in a client. */
const SESSION_MS = 3_600_000;
const USER = 'user';

/** Ad-hoc commands (XEP-0050) of the gateway itself: who may execute which, and stage after stage of one. */
export class Commands {
  private readonly sessions: Sessions;

  constructor(private readonly options: CommandsOptions) {
    this.sessions = { newId, now: options.now, ttlMs: SESSION_MS };
  }

  /** What the asker may execute; for service discovery. */
  offeredTo(from: string): readonly CommandItem[] {
    const asker = this.askerOf(from);
    return asker === undefined ? [] : this.options.catalogue.filter((entry) => this.mayUse(entry, asker)).map(({ node, name }) => ({ node, name }));
  }

  /** Takes one stage of a command. Rejects with `FaultError` when it cannot be done now. */
  async answer(iq: Element, trace: string): Promise<Element | undefined> {
    const { from } = iq.attrs as { readonly from?: string };
    const asker = this.askerOf(from ?? '');
    const request = readCommand(iq);
    if (typeof request === 'string') return writeCommandError(iq, request);
    const entry = this.options.catalogue.find(({ node }) => node === request.node);
    const refusal = this.refusal(asker, entry);
    if (refusal !== undefined || asker === undefined || entry === undefined) return this.refuse(iq, request, refusal ?? fault('sender.foreign'), trace);
    return this.execute(iq, request, entry, asker, trace);
  }

  private askerOf(from: string): Jid | undefined {
    const jid = readJid(from);
    return jid.ok && jid.value.local !== '' && this.options.domains.includes(jid.value.domain) ? jid.value : undefined;
  }

  private mayUse({ scope }: CatalogueEntry, asker: Jid): boolean {
    return scope === 'own' || this.options.administrators.has(asker.bare);
  }

  private refusal(asker: Jid | undefined, entry: CatalogueEntry | undefined): Fault | undefined {
    if (asker === undefined) return fault('sender.foreign', 'Commands are for users of the served domains');
    if (!this.options.rate.allows(asker.bare)) return { ...fault('queue.full', 'Too many commands; try again in a minute') };
    if (entry === undefined) return fault('recipient.unknown', 'There is no such command');
    return this.mayUse(entry, asker) ? undefined : fault('sender.foreign', 'This command is for administrators');
  }

  private refuse(iq: Element, { node }: CommandRequest, why: Fault, trace: string): Element | undefined {
    this.options.metrics.commands.inc({ outcome: 'refused' });
    this.options.log.info({ trace, from: String(iq.attrs['from']), command: node.slice(0, 100), condition: why.condition }, 'command_refused');
    return writeError(iq, why);
  }

  private async execute(iq: Element, request: CommandRequest, entry: CatalogueEntry, asker: Jid, trace: string): Promise<Element | undefined> {
    const { node, action, sessionId, submission } = request;
    const wrong = this.mistake(request, entry);
    if (wrong !== undefined) return writeCommandError(iq, wrong);
    const session = sessionId ?? beginSession(node, this.sessions);
    if (action === 'cancel') return writeCommand(iq, { node, sessionId: session, status: 'canceled' });
    const { stage, user } = await askStore(() => this.stage(entry, asker, sessionId === undefined ? undefined : submission, trace));
    const reply = replyOf({ node, sessionId: session }, stage, user);
    this.options.metrics.commands.inc({ outcome: reply.status });
    this.options.log.info({ trace, from: asker.bare, jid: user, command: node, state: reply.status }, 'command_executed');
    return writeCommand(iq, reply);
  }

  private mistake({ node, action, sessionId, submission }: CommandRequest, { scope }: CatalogueEntry): CommandError | undefined {
    if (action === 'prev') return 'bad-action';
    if (sessionId === undefined) return action === 'execute' ? undefined : 'bad-sessionid';
    const wrong = checkSession(sessionId, node, this.sessions);
    if (wrong !== undefined || action === 'cancel') return wrong;
    if (submission === undefined) return 'bad-payload';
    const offered = offeredAt(scope === 'any' ? readMemory(submission).user : 'known');
    return action === 'execute' || action === offered ? undefined : 'bad-action';
  }

  /** `user`: whom it is about, once that is known. What is a user's own is about nobody else, whatever the form says. */
  private async stage(
    { scope, command }: CatalogueEntry,
    asker: Jid,
    submission: Submission | undefined,
    trace: string,
  ): Promise<{ readonly stage: Stage; readonly user?: BareJid }> {
    const memory = submission === undefined ? {} : readMemory(submission);
    const user = scope === 'any' ? memory.user : asker.bare;
    if (user === undefined) return this.chosen(command, submission);
    if (submission === undefined) return { stage: await command.show(user), user };
    if (!(await this.isOurs(user))) return { stage: again(WHOSE, 'There is no such user.') };
    return { stage: await command.take(user, submission, memory.version ?? 0, trace), user };
  }

  /** An administrator says first whom it is about. */
  private async chosen(command: UserCommand, submission: Submission | undefined): Promise<{ readonly stage: Stage; readonly user?: BareJid }> {
    if (submission === undefined) return { stage: WHOSE };
    const jid = readJid(valueOf(submission, USER)?.trim() ?? '');
    if (!jid.ok || !(await this.isOurs(jid.value.bare))) return { stage: again(WHOSE, 'There is no such user.') };
    return { stage: await command.show(jid.value.bare), user: jid.value.bare };
  }

  private async isOurs(user: BareJid): Promise<boolean> {
    const { accounts, domains } = this.options;
    if (!domains.includes(domainOf(user))) return false;
    try {
      return await accounts.isLocal(user);
    } catch (cause) {
      throw new FaultError(fault('server.unavailable', 'The XMPP server cannot be asked; try again'), { cause });
    }
  }
}

function replyOf(place: Pick<CommandReply, 'node' | 'sessionId'>, stage: Stage, user: BareJid | undefined): CommandReply {
  const { notes = [] } = stage;
  if (stage.is === 'done') return { ...place, notes, status: 'completed', ...(stage.form !== undefined && { form: stage.form }) };
  const form = { ...stage.form, fields: [...stage.form.fields, ...writeMemory({ user, version: stage.version })] };
  return { ...place, notes, status: 'executing', form, actions: [offeredAt(user)] };
}

/** How a stage is gone on from: the first one of an administrator's command says only whom it is about. */
function offeredAt(user: string | undefined): 'next' | 'complete' {
  return user === undefined ? 'next' : 'complete';
}

const WHOSE_FORM: DataForm = {
  type: 'form',
  title: 'User',
  fields: [{ name: USER, type: 'jid-single', label: 'Address of the user', required: true }],
};
/** The first stage of what administrators do for a user. */
const WHOSE: Stage = { is: 'form', form: WHOSE_FORM };
