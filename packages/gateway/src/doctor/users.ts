import { StartError } from '../build';
import { runUsersCommand } from '../users/users-command';
import { ok, problem, warning, type Finding } from './finding';
import type { Patient } from './parts';

/** In mode advanced: the list of SIP users can be read, and somebody is on it. */
export async function examineUsers({ config, file }: Patient): Promise<readonly Finding[]> {
  if (config.routing.sipUsers === undefined) return [];
  try {
    const count = Number(await runUsersCommand('count', [], config, file));
    if (count > 0) return [ok('sip users', `${count} on the list`)];
    return [warning('sip users', 'the list is empty: nobody on the SIP side can be reached', 'fill it: isthmus users import FILE, or add ADDRESS')];
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return [problem('sip users', error.message, 'correct the list, or routing.sipUsers')];
  }
}
